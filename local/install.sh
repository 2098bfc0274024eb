#!/usr/bin/env bash
# Makes the two environments: .venv (everything) and .venv-triton (Triton's python backend needs numpy 1.26).
# Does nothing when they are newer than what they are made from.
# Arguments: further lists of Debian packages to install beside packages.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

# --- Debian packages -------------------------------------------------------------------------------------------------
missing=()
while read -r package _; do
    [[ -z $package || $package == \#* ]] && continue
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done < <(cat packages.txt "$@")
if ((${#missing[@]})); then
    if [[ $(id -u) -ne 0 ]]; then
        echo "Missing Debian packages: ${missing[*]}. Install them: sudo apt-get install ${missing[*]}" >&2
        exit 1
    fi
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" > /dev/null
fi

stamp=.venv/.complete
if [[ -f $stamp ]] && ! find requirements*.txt constraints.txt local/triton-requirements.txt local/install.sh providers/*/pyproject.toml \
        -newer "$stamp" | grep -q .; then
    exit 0
fi

# --- .venv -----------------------------------------------------------------------------------------------------------
[[ -x .venv/bin/python && -x .venv-triton/bin/python ]] && result=updated || result=made
[[ -x .venv/bin/python ]] || python3.11 -m venv .venv
export VIRTUAL_ENV="$PWD/.venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1
.venv/bin/pip install -qq uv
# pip, not uv: pip's settings decide whether this machine takes the CPU or the CUDA build.
.venv/bin/pip install -qq torch==2.13.0
.venv/bin/uv pip install --quiet -r requirements-dev.txt -c constraints.txt
.venv/bin/python providers/provider_info.py
.venv/bin/uv pip install --quiet --no-build-isolation --no-deps $(printf -- '-e %s ' providers/*/)

# --- .venv-triton ----------------------------------------------------------------------------------------------------
# Triton's stub links Debian's libpython3.11: the environment comes from the same interpreter where there is one.
python=/usr/bin/python3.11
[[ -x $python ]] || python=python3.11
[[ -x .venv-triton/bin/python ]] || .venv/bin/uv venv --quiet --python "$python" .venv-triton
.venv/bin/uv pip install --quiet --python .venv-triton/bin/python -r local/triton-requirements.txt

# What the set-up took, for `make bench`.
echo "$result $SECONDS" > "$stamp"
