"""Contract validation of Iceberg tables with Great Expectations, for Airflow."""

__version__ = "0.1.0"
