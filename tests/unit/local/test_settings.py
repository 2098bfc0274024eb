from pathlib import Path

import pytest

from local import settings


def test_every_setting_has_a_value_and_no_reference_is_left():
    for environment in ("", "test"):
        for name, value in settings.load(environment).items():
            assert value, name
            assert "${" not in value, name


def test_derived_values_follow_the_overlay():
    base, test = settings.load(""), settings.load("test")
    assert test["SHAMAL_STATE"] == f"{base['SHAMAL_HOME']}/.shamal/test"
    assert test["AIRFLOW__API__BASE_URL"] == f"http://127.0.0.1:{test['SHAMAL_AIRFLOW_PORT']}"
    assert test["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith(f"sqlite:///{test['SHAMAL_STATE']}/")
    assert f'"url": "{test["SHAMAL_OPENBAO_URL"]}"' in test["AIRFLOW__SECRETS__BACKEND_KWARGS"]


def test_two_stacks_share_no_port():
    base, test = settings.load(""), settings.load("test")
    ports = [
        values[name]
        for values in (base, test)
        for name in values
        if name.endswith("_PORT") and name.startswith("SHAMAL")
    ]
    assert len(ports) == len(set(ports))


def test_the_shell_cannot_change_a_setting(monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    monkeypatch.setenv("SHAMAL_STATE", "/elsewhere")
    values = settings.load("")
    assert values["AIRFLOW_HOME"] == str(settings.HOME)
    assert Path(values["SHAMAL_STATE"]).parent == settings.HOME


def test_an_unknown_environment_is_named_with_the_known_ones():
    with pytest.raises(settings.UnknownEnvironmentError, match=r"SHAMAL_ENV='tset'.*Known: .*test"):
        settings.load("tset")


def test_a_server_gets_little_of_the_shell(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("LANG", "C.UTF-8")
    environment = settings.process_environment({"A": "1"})
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert environment["LANG"] == "C.UTF-8"
    assert environment["A"] == "1"
