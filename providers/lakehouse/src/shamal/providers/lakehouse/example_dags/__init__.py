"""Example DAGs of the lakehouse provider."""
