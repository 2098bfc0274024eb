"""Breaks releases on purpose, on the real servers, and measures what becomes of it."""
