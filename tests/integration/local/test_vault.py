import pytest

from local.vault import MissingEntryError, Vault, initialize

pytestmark = pytest.mark.integration


def test_each_role_reads_its_own_prefix_and_no_other(stack):
    import hvac.exceptions

    airflow, servers = Vault(stack.settings, "airflow"), Vault(stack.settings, "servers")
    assert airflow.read("airflow/connections/no_such_connection") is None
    for vault, path in ((airflow, "servers/mlflow"), (servers, "airflow/connections/mlflow_default")):
        with pytest.raises(hvac.exceptions.Forbidden):
            vault.read(path)
    with pytest.raises(hvac.exceptions.Forbidden):
        airflow.client.secrets.transit.sign_data("release", "aGVsbG8=")
    release = Vault(stack.settings, "release")
    signature = release.client.secrets.transit.sign_data("release", "aGVsbG8=")["data"]["signature"]
    verified = release.client.secrets.transit.verify_signed_data("release", "aGVsbG8=", signature=signature)
    assert verified["data"]["valid"]


def test_a_missing_entry_says_how_it_is_made(stack):
    with pytest.raises(MissingEntryError, match=r"airflow/variables/nothing.*local up"):
        Vault(stack.settings, "airflow").require("airflow/variables/nothing")


def test_generated_values_never_change_and_new_ones_are_added(stack):
    vault = Vault(stack.settings, "seed")
    first = vault.write_once("servers/test", {"password": "first"})
    assert vault.write_once("servers/test", {"password": "second", "key": "new"}) == first | {"key": "new"}


def test_initialising_again_changes_nothing(stack):
    before = Vault(stack.settings, "servers").read("servers/mlflow")
    initialize(stack.settings)
    assert Vault(stack.settings, "servers").read("servers/mlflow") == before
