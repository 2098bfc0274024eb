"""Example DAGs of the Great Expectations provider."""
