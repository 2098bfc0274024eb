"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {   'package-name': 'shamal-provider-pytorch',
        'name': 'PyTorch',
        'description': 'Train PyTorch models in pods and export them as ONNX.',
        'integrations': [   {   'integration-name': 'PyTorch',
                                'external-doc-url': 'https://pytorch.org/docs/stable/',
                                'tags': ['software']}],
        'operators': [   {   'integration-name': 'PyTorch',
                             'python-modules': [   'shamal.providers.pytorch.operators.train',
                                                   'shamal.providers.pytorch.operators.reap']}]}
