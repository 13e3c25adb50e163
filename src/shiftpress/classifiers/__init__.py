"""Network architectures for classification. One file per kind."""
