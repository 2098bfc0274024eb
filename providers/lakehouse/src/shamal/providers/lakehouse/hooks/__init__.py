"""Hooks of the lakehouse provider."""
