"""Jobs that start from a process which has imported torch already, instead of importing it each for itself."""
