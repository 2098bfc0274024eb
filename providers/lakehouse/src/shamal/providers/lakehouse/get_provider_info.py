"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {   'package-name': 'shamal-provider-lakehouse',
        'name': 'Shamal Lakehouse',
        'description': 'Spark jobs and Iceberg tables. Stage rows on a branch, publish them in one '
                       'metadata swap, roll back.',
        'integrations': [   {   'integration-name': 'Iceberg lakehouse',
                                'external-doc-url': 'https://py.iceberg.apache.org/',
                                'tags': ['service']}],
        'operators': [   {   'integration-name': 'Iceberg lakehouse',
                             'python-modules': [   'shamal.providers.lakehouse.operators.stage',
                                                   'shamal.providers.lakehouse.operators.publish',
                                                   'shamal.providers.lakehouse.operators.rollback',
                                                   'shamal.providers.lakehouse.operators.load_files']}],
        'hooks': [   {   'integration-name': 'Iceberg lakehouse',
                         'python-modules': ['shamal.providers.lakehouse.hooks.lakehouse']}],
        'connection-types': [   {   'connection-type': 'shamal_lakehouse',
                                    'hook-class-name': 'shamal.providers.lakehouse.hooks.lakehouse.LakehouseHook',
                                    'hook-name': 'Shamal Lakehouse',
                                    'ui-field-behaviour': {   'hidden-fields': [   'host',
                                                                                   'schema',
                                                                                   'port'],
                                                              'relabeling': {   'login': 'Client id '
                                                                                         '(REST '
                                                                                         'catalog)',
                                                                                'password': 'Client '
                                                                                            'secret or '
                                                                                            'token '
                                                                                            '(REST '
                                                                                            'catalog)'}},
                                    'conn-fields': {   'catalog_type': {   'label': 'Catalog type',
                                                                           'schema': {   'type': 'string',
                                                                                         'enum': [   'sql',
                                                                                                     'rest'],
                                                                                         'default': 'sql'}},
                                                       'catalog_uri': {   'label': 'Catalog URI',
                                                                          'description': 'An '
                                                                                         'SQLAlchemy '
                                                                                         'URL (sql) or '
                                                                                         'the base '
                                                                                         'address of '
                                                                                         'an Iceberg '
                                                                                         'REST catalog '
                                                                                         '(rest)',
                                                                          'schema': {   'type': [   'string',
                                                                                                    'null']}},
                                                       'warehouse': {   'label': 'Warehouse',
                                                                        'description': 'Where tables '
                                                                                       'live, for '
                                                                                       'example '
                                                                                       'file:///lake/warehouse',
                                                                        'schema': {   'type': [   'string',
                                                                                                  'null']}},
                                                       'staging': {   'label': 'Staging folder',
                                                                      'description': 'A folder that '
                                                                                     'Airflow workers '
                                                                                     'and Spark both '
                                                                                     'reach; emptied '
                                                                                     'after each job',
                                                                      'schema': {   'type': [   'string',
                                                                                                'null']}}}}]}
