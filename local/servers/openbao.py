"""OpenBao: keeps every secret of the stack, signs releases, writes an audit trail of its own.

It unseals itself at every start with a key file (0600), so that a restart by the supervisor needs nobody.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from local import http
from local.files import write_private
from local.server import Server
from local.settings import Settings

CONFIGURATION = """\
api_addr     = "{url}"
cluster_addr = "http://127.0.0.1:{cluster_port}"

listener "tcp" {{
  address     = "127.0.0.1:{port}"
  tls_disable = true
}}

storage "raft" {{
  path                   = "{state}/data"
  node_id                = "laptop"
  performance_multiplier = 1
}}

seal "static" {{
  current_key_id = "laptop"
  current_key    = "file://{state}/unseal.key"
}}

audit "file" "file" {{
  options {{
    file_path = "{state}/audit.log"
  }}
}}
"""


def _prepare(settings: Settings) -> None:
    """Write the configuration, and at the first start the unseal key."""
    state = Path(settings["SHAMAL_OPENBAO_STATE"])
    (state / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
    key = state / "unseal.key"
    if not key.exists():
        write_private(key, secrets.token_bytes(32))
    text = CONFIGURATION.format(
        state=state,
        url=settings["SHAMAL_OPENBAO_URL"],
        port=settings["SHAMAL_OPENBAO_PORT"],
        cluster_port=settings["SHAMAL_OPENBAO_CLUSTER_PORT"],
    )
    write_private(state / "openbao.hcl", text)


def _command(settings: Settings) -> list[str]:
    return [
        str(Path(sys.executable).with_name("bao")),
        "server",
        f"-config={settings['SHAMAL_OPENBAO_STATE']}/openbao.hcl",
    ]


def _ready(settings: Settings) -> None:
    # Before its first initialisation the server is well when it says so; seeding does the rest.
    http.get(f"{settings['SHAMAL_OPENBAO_URL']}/v1/sys/health", params={"uninitcode": "200"})


SERVER = Server(
    name="openbao",
    address="SHAMAL_OPENBAO_URL",
    ports=("SHAMAL_OPENBAO_PORT", "SHAMAL_OPENBAO_CLUSTER_PORT"),
    command=_command,
    ready=_ready,
    prepare=_prepare,
    stage=1,
    hint="A sealed OpenBao has lost its unseal.key; without that file its secrets are gone.",
)
