"""Feast offline stores."""
