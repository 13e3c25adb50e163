"""The pipeline as jobs of a batch system: their needs, the site they run at, what is said of failures."""
