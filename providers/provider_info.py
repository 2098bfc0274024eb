"""Writes each provider's get_provider_info.py from its provider.yaml; `--check` fails when one differs.

Run as `python providers/provider_info.py [--check]`.
"""

import pprint
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent
# Keys of provider.yaml that describe the package to people and build tools; Airflow's schema has no place for them.
NOT_FOR_AIRFLOW = ("versions", "state")

TEMPLATE = '''"""Generated from provider.yaml by providers/provider_info.py; edit that file instead."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads through the `apache_airflow_provider` entry point."""
    return {body}
'''


def render(manifest: Path) -> str:
    """Return the source of get_provider_info.py for one provider.yaml."""
    info: dict[str, Any] = yaml.safe_load(manifest.read_text())
    kept = {key: value for key, value in info.items() if key not in NOT_FOR_AIRFLOW}
    body = pprint.pformat(kept, indent=4, width=100, sort_dicts=False)
    return TEMPLATE.format(body=body.replace("\n", "\n    "))


def main(arguments: list[str]) -> int:
    """Write (or with `--check` compare) every provider's file; return the exit code."""
    stale = []
    for manifest in sorted(ROOT.glob("*/provider.yaml")):
        target = manifest.parent / "src/shamal/providers" / manifest.parent.name / "get_provider_info.py"
        source = render(manifest)
        if target.exists() and target.read_text() == source:
            continue
        stale.append(str(target.relative_to(ROOT)))
        if "--check" not in arguments:
            target.write_text(source)
    if stale and "--check" in arguments:
        print(f"differs from provider.yaml: {', '.join(stale)}; run: python providers/provider_info.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
