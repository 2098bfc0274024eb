"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {   'package-name': 'shamal-provider-great-expectations',
        'name': 'Shamal Great Expectations',
        'description': 'Checks the staged rows of an Iceberg table against a contract and quarantines '
                       'the rows that break it.',
        'integrations': [   {   'integration-name': 'Great Expectations',
                                'external-doc-url': 'https://docs.greatexpectations.io/',
                                'tags': ['software']}],
        'operators': [   {   'integration-name': 'Great Expectations',
                             'python-modules': [   'shamal.providers.great_expectations.operators.validate']}],
        'hooks': [   {   'integration-name': 'Great Expectations',
                         'python-modules': ['shamal.providers.great_expectations.hooks.staged_table']}]}
