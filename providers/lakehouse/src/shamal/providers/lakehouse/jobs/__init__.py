"""Spark applications that this provider submits."""
