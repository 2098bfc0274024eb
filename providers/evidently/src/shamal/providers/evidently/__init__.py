"""Nightly drift and quality reports of a served model, made with Evidently."""

__version__ = "0.1.0"
