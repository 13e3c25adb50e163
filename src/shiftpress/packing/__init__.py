"""Cards in one small file: masks entropy-coded, weights as wide as asked, and what that costs in bytes and time."""
