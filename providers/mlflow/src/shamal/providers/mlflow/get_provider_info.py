"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {   'package-name': 'shamal-provider-mlflow',
        'name': 'Shamal MLflow',
        'description': 'Evaluates, registers, fetches and promotes ONNX models on an MLflow server.',
        'integrations': [   {   'integration-name': 'MLflow',
                                'external-doc-url': 'https://mlflow.org/docs/latest/',
                                'tags': ['software']}],
        'operators': [   {   'integration-name': 'MLflow',
                             'python-modules': [   'shamal.providers.mlflow.operators.evaluate',
                                                   'shamal.providers.mlflow.operators.registry']}],
        'hooks': [   {   'integration-name': 'MLflow',
                         'python-modules': ['shamal.providers.mlflow.hooks.mlflow']}],
        'connection-types': [   {   'connection-type': 'shamal_mlflow',
                                    'hook-class-name': 'shamal.providers.mlflow.hooks.mlflow.MlflowHook',
                                    'hook-name': 'MLflow (Shamal)',
                                    'ui-field-behaviour': {   'hidden-fields': ['schema', 'extra'],
                                                              'relabeling': {   'host': 'Address with '
                                                                                        'scheme',
                                                                                'login': 'User name'},
                                                              'placeholders': {   'host': 'https://mlflow.example.com',
                                                                                  'port': '5000'}}}]}
