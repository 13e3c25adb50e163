"""Ways to look for changes of an image that make a classifier err. One file per kind."""
