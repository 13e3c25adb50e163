"""Distribution shifts: what happens to an image between training and use. One file per kind."""
