"""Evaluates, registers, fetches and promotes ONNX models on an MLflow server."""

__version__ = "0.1.0"
