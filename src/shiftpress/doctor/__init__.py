"""What a machine needs for the pipeline, looked at before anything runs on it."""
