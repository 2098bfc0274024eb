"""Airflow operators for Feast."""
