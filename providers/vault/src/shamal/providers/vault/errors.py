"""Errors of the Vault provider; each names the server, the path and the next step, never a value."""

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSecretsBackendAccessDenied
from starlette.exceptions import HTTPException


class AppRoleFileRefused(AirflowFailException):
    """The AppRole file is missing, malformed, or readable by others."""


class SecretAccessDenied(AirflowSecretsBackendAccessDenied, HTTPException):
    """The store was asked and gave no answer that Airflow may look past.

    Airflow goes on to the next secrets store after any other exception. It is an `HTTPException` too, so that the
    Execution API answers 403 ("denied") to a task; any other exception becomes a 500, which the task reads as "not
    defined".

    :param message: what was asked of which server, and the next step
    """

    def __init__(self, message: str) -> None:
        AirflowSecretsBackendAccessDenied.__init__(self, message)
        HTTPException.__init__(self, 403, detail=message)

    def __str__(self) -> str:
        return self.detail


class SecretStoreUnavailable(SecretAccessDenied):
    """The store is sealed, not initialised, or cannot be reached."""


class SecretMalformed(SecretAccessDenied):
    """The secret exists and is not what its path says it should be."""


class VaultDenied(AirflowFailException):
    """The server refuses this role the request; its policy must change first."""


class VaultRequestRefused(AirflowFailException):
    """The server knows the request and cannot serve it: a missing path or key, a used wrapping token."""


class VaultUnavailable(AirflowException):
    """The server is sealed or cannot be reached; a retry may find it well."""
