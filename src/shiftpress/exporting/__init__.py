"""A run as others take it: tidy tables with a dictionary, inside a crate that says where they came from."""
