"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {   'package-name': 'shamal-provider-feast',
        'name': 'Feast',
        'description': 'Feast feature store: apply definitions, materialise features, point-in-time '
                       'training sets.',
        'integrations': [   {   'integration-name': 'Feast',
                                'external-doc-url': 'https://docs.feast.dev/',
                                'tags': ['software']}],
        'operators': [   {   'integration-name': 'Feast',
                             'python-modules': ['shamal.providers.feast.operators.feast']}],
        'hooks': [   {   'integration-name': 'Feast',
                         'python-modules': ['shamal.providers.feast.hooks.feast']}],
        'connection-types': [   {   'connection-type': 'shamal_feast',
                                    'hook-name': 'Feast',
                                    'hook-class-name': 'shamal.providers.feast.hooks.feast.FeastHook',
                                    'ui-field-behaviour': {   'hidden-fields': [   'host',
                                                                                   'port',
                                                                                   'login',
                                                                                   'password',
                                                                                   'schema']},
                                    'conn-fields': {   'registry': {   'label': 'Registry',
                                                                       'description': 'Path of the '
                                                                                      'registry file, '
                                                                                      'or a SQLAlchemy '
                                                                                      'URL',
                                                                       'schema': {'type': 'string'}},
                                                       'online_store': {   'label': 'Online store',
                                                                           'description': 'Path of the '
                                                                                          'SQLite file',
                                                                           'schema': {   'type': 'string'}},
                                                       'catalog_type': {   'label': 'Iceberg catalog '
                                                                                    'type',
                                                                           'description': 'sql, rest, '
                                                                                          'hive or '
                                                                                          'glue',
                                                                           'schema': {   'type': 'string',
                                                                                         'default': 'sql'}},
                                                       'catalog_uri': {   'label': 'Iceberg catalog '
                                                                                   'URI',
                                                                          'schema': {'type': 'string'}},
                                                       'warehouse': {   'label': 'Iceberg warehouse',
                                                                        'schema': {   'type': 'string'}}}}]}
