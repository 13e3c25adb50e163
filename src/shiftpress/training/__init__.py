"""Training loops. They take built parts and return state; they write nothing."""
