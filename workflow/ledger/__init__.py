"""What Snakemake knows of a study, for verbs of `shiftpress` that run nothing."""
