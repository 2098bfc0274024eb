"""Airflow provider for NVIDIA Triton: deploy versions, route traffic, roll back, benchmark."""

__version__ = "0.1.0"
