"""Ways to calibrate a quantised classifier. One file per kind."""
