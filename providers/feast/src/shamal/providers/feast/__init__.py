"""Feast for Airflow: apply definitions, materialise features, build point-in-time training sets."""

__version__ = "0.1.0"
