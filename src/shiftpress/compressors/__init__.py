"""Ways to compress a classifier while it is trained against attacks."""
