"""Feast online stores."""
