"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {   'package-name': 'shamal-provider-triton',
        'name': 'Triton',
        'description': 'Deploys model versions to NVIDIA Triton, routes traffic without losing a '
                       'request, rolls back, benchmarks.',
        'integrations': [   {   'integration-name': 'NVIDIA Triton Inference Server',
                                'external-doc-url': 'https://docs.nvidia.com/deeplearning/triton-inference-server/',
                                'tags': ['service']}],
        'hooks': [   {   'integration-name': 'NVIDIA Triton Inference Server',
                         'python-modules': ['shamal.providers.triton.hooks.triton']}],
        'operators': [   {   'integration-name': 'NVIDIA Triton Inference Server',
                             'python-modules': [   'shamal.providers.triton.operators.deploy',
                                                   'shamal.providers.triton.operators.route',
                                                   'shamal.providers.triton.operators.benchmark',
                                                   'shamal.providers.triton.operators.canary']}],
        'triggers': [   {   'integration-name': 'NVIDIA Triton Inference Server',
                            'python-modules': ['shamal.providers.triton.triggers.canary']}],
        'connection-types': [   {   'connection-type': 'shamal_triton',
                                    'hook-class-name': 'shamal.providers.triton.hooks.triton.TritonHook',
                                    'hook-name': 'Triton Inference Server',
                                    'ui-field-behaviour': {   'hidden-fields': [   'schema',
                                                                                   'login',
                                                                                   'password'],
                                                              'relabeling': {'port': 'REST port'},
                                                              'placeholders': {   'host': '127.0.0.1',
                                                                                  'port': '8000'}},
                                    'conn-fields': {   'grpc_port': {   'label': 'gRPC port',
                                                                        'schema': {   'type': [   'integer',
                                                                                                  'null'],
                                                                                      'default': 8001}},
                                                       'model_repository': {   'label': 'Model '
                                                                                        'repository',
                                                                               'description': 'The '
                                                                                              'folder '
                                                                                              'given '
                                                                                              'to '
                                                                                              'tritonserver '
                                                                                              '--model-repository, '
                                                                                              'as a '
                                                                                              'task '
                                                                                              'sees '
                                                                                              'it.',
                                                                               'schema': {   'type': [   'string',
                                                                                                         'null']}},
                                                       'prediction_log': {   'label': 'Prediction log',
                                                                             'description': 'The '
                                                                                            'folder '
                                                                                            'where '
                                                                                            'routers '
                                                                                            'write '
                                                                                            'their '
                                                                                            'predictions, '
                                                                                            'as the '
                                                                                            'server '
                                                                                            'sees it.',
                                                                             'schema': {   'type': [   'string',
                                                                                                       'null']}},
                                                       'prediction_log_seconds': {   'label': 'Prediction '
                                                                                              'log '
                                                                                              'interval',
                                                                                     'description': 'Seconds '
                                                                                                    'after '
                                                                                                    'which '
                                                                                                    'a '
                                                                                                    'file '
                                                                                                    'of '
                                                                                                    'the '
                                                                                                    'prediction '
                                                                                                    'log '
                                                                                                    'is '
                                                                                                    'closed '
                                                                                                    '(default '
                                                                                                    '2; '
                                                                                                    '60 '
                                                                                                    'for '
                                                                                                    'steady '
                                                                                                    'traffic).',
                                                                                     'schema': {   'type': [   'number',
                                                                                                               'null']}},
                                                       'log': {   'label': 'Server log',
                                                                  'description': 'Where to find '
                                                                                 "tritonserver's log; "
                                                                                 'named in errors.',
                                                                  'schema': {   'type': [   'string',
                                                                                            'null']}}}}]}
