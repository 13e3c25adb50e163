"""Image sources. One file per kind; its name is the kind."""
