"""Airflow provider for governance: tags on every task log line, and cluster policies for models."""

__version__ = "0.1.0"
