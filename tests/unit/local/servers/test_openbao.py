from local import settings
from local.servers import openbao


def test_the_unseal_key_is_made_once_and_is_not_in_the_configuration(tmp_path):
    values = settings.load("test") | {"SHAMAL_OPENBAO_STATE": str(tmp_path)}
    openbao.SERVER.prepare(values)
    key = (tmp_path / "unseal.key").read_bytes()
    openbao.SERVER.prepare(values)
    assert (tmp_path / "unseal.key").read_bytes() == key
    assert key not in (tmp_path / "openbao.hcl").read_bytes()
    assert len(key) == 32


def test_it_listens_on_this_machine_only_and_audits(tmp_path):
    values = settings.load("test") | {"SHAMAL_OPENBAO_STATE": str(tmp_path)}
    openbao.SERVER.prepare(values)
    text = (tmp_path / "openbao.hcl").read_text()
    assert f'address     = "127.0.0.1:{values["SHAMAL_OPENBAO_PORT"]}"' in text
    assert 'audit "file"' in text
