"""Criteria that rank the filters of a classifier, so that the least ones can be taken out of it."""
