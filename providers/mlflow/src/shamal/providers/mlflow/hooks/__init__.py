"""The hook of an MLflow server."""
