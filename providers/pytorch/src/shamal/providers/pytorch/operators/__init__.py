"""Operators of the PyTorch provider."""
