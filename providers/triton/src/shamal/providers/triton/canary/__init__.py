"""Tries a version on a share of the traffic and decides whether it may have all of it."""
