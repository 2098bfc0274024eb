"""Operators of the lakehouse provider."""
