import json

from local import settings
from local.servers import pods


class FakeVault:
    def write_once(self, path, values):
        assert path == "servers/pods"
        return values


def test_the_connection_holds_a_kubeconfig_with_the_token_of_the_file(tmp_path):
    values = settings.load("test") | {"SHAMAL_PODS_CREDENTIALS": str(tmp_path)}
    connections = pods.SERVER.seed(values, FakeVault())
    config = json.loads(connections["kubernetes_default"]["extra"]["kube_config"])
    assert config["users"][0]["user"]["token"] == (tmp_path / "token").read_text()
    assert config["clusters"][0]["cluster"]["server"] == values["SHAMAL_PODS_URL"]
