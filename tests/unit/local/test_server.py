from local import settings
from local.servers import BY_NAME, SERVERS


def test_names_are_unique_and_settings_exist():
    values = settings.load("")
    assert len(BY_NAME) == len(SERVERS)
    for server in SERVERS:
        assert {*server.ports, *([server.address] if server.address else [])} <= values.keys()


def test_secrets_come_first():
    assert SERVERS[0].name == "openbao"
    assert [server.stage for server in SERVERS] == sorted(server.stage for server in SERVERS)
