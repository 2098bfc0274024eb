"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {   'package-name': 'shamal-provider-evidently',
        'name': 'Shamal Evidently',
        'description': 'Nightly drift and quality reports of a served model, made with Evidently.',
        'integrations': [   {   'integration-name': 'Evidently',
                                'external-doc-url': 'https://docs.evidentlyai.com/',
                                'tags': ['software']}],
        'operators': [   {   'integration-name': 'Evidently',
                             'python-modules': ['shamal.providers.evidently.operators.drift']}]}
