"""Codes of learned and classical codecs as bytes: model files, streams, and what they weigh."""
