"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {   'package-name': 'shamal-provider-vault',
        'name': 'Shamal Vault',
        'description': 'A secrets backend that never falls through to a weaker store, transit '
                       'signatures and wrapped secrets, for OpenBao and HashiCorp Vault.',
        'integrations': [   {   'integration-name': 'OpenBao',
                                'external-doc-url': 'https://openbao.org/docs/',
                                'tags': ['service']}],
        'secrets-backends': ['shamal.providers.vault.secrets.vault.StrictVaultBackend'],
        'hooks': [   {   'integration-name': 'OpenBao',
                         'python-modules': ['shamal.providers.vault.hooks.vault']}],
        'connection-types': [   {   'connection-type': 'shamal_vault',
                                    'hook-class-name': 'shamal.providers.vault.hooks.vault.VaultHook',
                                    'hook-name': 'Shamal Vault',
                                    'ui-field-behaviour': {   'hidden-fields': [   'schema',
                                                                                   'login',
                                                                                   'password',
                                                                                   'port',
                                                                                   'extra'],
                                                              'relabeling': {'host': 'URL'},
                                                              'placeholders': {   'host': 'http://127.0.0.1:8200'}},
                                    'conn-fields': {   'approle_path': {   'label': 'AppRole file',
                                                                           'description': 'JSON file '
                                                                                          'with '
                                                                                          'role_id and '
                                                                                          'secret_id, '
                                                                                          'readable by '
                                                                                          'its owner '
                                                                                          'only',
                                                                           'schema': {   'type': 'string'}}}}]}
