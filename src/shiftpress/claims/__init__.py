"""Claims of the papers, judged on the records."""
