"""Ways to vary training images. One file per kind."""
