"""Hooks of the Great Expectations provider."""
