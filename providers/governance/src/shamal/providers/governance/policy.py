"""Cluster policies."""
