"""Signs a manifest and verifies it; the private key never leaves the server."""

from datetime import timedelta

from airflow.sdk import dag, task

from shamal.providers.vault.hooks.vault import VaultHook

MANIFEST = b'{"model": "churn", "version": 3}'


@dag(
    schedule=None,
    tags=["example"],
    default_args={"owner": "example", "retries": 1, "execution_timeout": timedelta(minutes=1)},
)
def example_vault() -> None:
    """Sign with the transit key `release`, then verify."""

    @task
    def sign() -> str:
        return VaultHook("vault_default").sign("release", MANIFEST)

    @task
    def verify(signature: str) -> None:
        if not VaultHook("vault_default").verify("release", MANIFEST, signature):
            raise ValueError(f"signature {signature} is not of this manifest")

    verify(sign())  # type: ignore[arg-type]


example_vault()
