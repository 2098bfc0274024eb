"""Train PyTorch models in pods and export them as ONNX."""

__version__ = "0.1.0"
