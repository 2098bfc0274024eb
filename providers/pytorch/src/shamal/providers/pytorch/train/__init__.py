"""The program that runs inside the training pod: `python -m shamal.providers.pytorch.train`.

Nothing in this package imports Airflow, so the pod's image needs this provider and torch, onnx, onnxscript,
onnxruntime, pyarrow and safetensors only.
"""

from shamal.providers.pytorch.train.columns import Columns

__all__ = ["Columns"]
