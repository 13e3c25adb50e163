"""Ways to weigh the cards of a deck. One file per kind."""
