"""Compression under distribution shift: learned codecs and compact classifiers, four papers, one pipeline."""

__version__ = "0.1.0"
