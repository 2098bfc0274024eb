"""Airflow hooks for Feast."""
