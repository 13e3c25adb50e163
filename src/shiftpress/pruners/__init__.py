"""Ways to prune a classifier. One file per kind."""
