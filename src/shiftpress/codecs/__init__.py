"""Learned image codecs. One file per kind."""
