"""The operator that reports drift."""
