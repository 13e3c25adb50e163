"""What a codec minimises. One file per kind."""
