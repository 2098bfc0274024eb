"""Example DAGs of the PyTorch provider."""
