"""The serving of a model on a cluster, as manifests rendered from its spec."""
