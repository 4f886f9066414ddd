#!/usr/bin/env bash
# Installs Airflow and the readers in an environment of their own, then lints and tests the DAGs.
# Usage: airflow/run_tests.sh [arguments of pytest]
#
# The environment lies in ${CDP_CACHE:-$HOME/.cache/cdp-jobs} and is used again while
# constraints.txt stays as it is. The program to test is $CDP_JOBS_BIN, else the newest debug build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

cache="${CDP_CACHE:-$HOME/.cache/cdp-jobs}"
venv="$cache/airflow-venv"
stamp="$venv/installed"

find_uv() {
    if command -v uv; then
        return
    fi
    if [[ ! -x "$cache/uv-venv/bin/uv" ]]; then
        python3 -m venv "$cache/uv-venv" >&2
        "$cache/uv-venv/bin/pip" install --quiet uv==0.13.9 >&2
    fi
    echo "$cache/uv-venv/bin/uv"
}

install() {
    local uv
    uv="$(find_uv)"
    "$uv" venv --quiet --clear --no-python-downloads --python '>=3.11,<3.14' "$venv"
    "$uv" pip sync --quiet --compile-bytecode --python "$venv" constraints.txt
    cp constraints.txt "$stamp"
}

mkdir -p "$cache"
cmp --silent constraints.txt "$stamp" || install

export PYTHONDONTWRITEBYTECODE=1
"$venv/bin/ruff" check --no-cache .
"$venv/bin/ruff" format --no-cache --check .
exec "$venv/bin/pytest" "$@"
