"""Scores models under shifts and yields records."""
