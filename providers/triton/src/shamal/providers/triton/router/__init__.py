"""The router model: what Triton runs for a model's name. Standard library, numpy and onnxruntime only."""
