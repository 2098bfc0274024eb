import json

from local import users


def test_a_password_is_read_from_the_login_file(tmp_path):
    settings = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(tmp_path / "passwords.json")}
    users.login_file(settings).write_text(json.dumps({"engineer": "pw"}))
    assert users.password(settings, "engineer") == "pw"
