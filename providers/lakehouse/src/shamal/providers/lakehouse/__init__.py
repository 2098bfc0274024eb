"""Spark jobs and Iceberg tables for Airflow: stage on a branch, publish, roll back."""

__version__ = "0.1.0"
