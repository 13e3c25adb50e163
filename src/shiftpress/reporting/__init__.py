"""Turns records into tables, figures and a page. Never imports a model."""
