"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {   'package-name': 'shamal-provider-governance',
        'name': 'Shamal Governance',
        'description': 'Tags on every task log line, and cluster policies for the DAGs of models.',
        'config': {   'governance': {   'description': 'Rules for the DAGs of models.',
                                        'options': {   'residency_file': {   'description': 'YAML file '
                                                                                            'with the '
                                                                                            'regions '
                                                                                            'in which '
                                                                                            'data may '
                                                                                            'live; '
                                                                                            'without '
                                                                                            'it every '
                                                                                            'DAG of a '
                                                                                            'model is '
                                                                                            'refused.',
                                                                             'version_added': '0.1.0',
                                                                             'type': 'string',
                                                                             'example': '/opt/airflow/config/residency.yaml',
                                                                             'default': ''}}}}}
