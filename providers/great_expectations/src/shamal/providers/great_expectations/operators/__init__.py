"""Operators of the Great Expectations provider."""
