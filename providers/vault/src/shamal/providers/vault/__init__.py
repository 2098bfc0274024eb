"""Airflow provider for OpenBao and HashiCorp Vault: strict secrets, signatures, wrapped secrets."""

__version__ = "0.1.0"
