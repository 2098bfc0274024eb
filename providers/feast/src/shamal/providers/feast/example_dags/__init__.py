"""Example DAGs of the Feast provider."""
