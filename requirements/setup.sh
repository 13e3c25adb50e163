#!/bin/sh
# Make a virtual environment from the hashed lock. Nothing is installed outside it.
#   sh requirements/setup.sh .venv
# TORCH=cpu takes torch and torchvision from PyTorch's own CPU index, in the locked versions: smaller, but that index
# is not covered by the hashes.
set -eu
venv=$1
cd "$(dirname "$0")/.."

python=
for candidate in ${PYTHON:-} python3.12 python3.11 python3 python; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
        python=$candidate
        break
    fi
done

if [ ! -x "$venv/bin/python" ]; then
    if [ -n "$python" ]; then
        echo "Making $venv with $("$python" -V)"
        "$python" -m venv "$venv"
    elif command -v uv >/dev/null; then
        echo "Making $venv with a Python that uv fetches"
        uv venv --seed --python '>=3.11,<3.13' "$venv"
    else
        echo "Python 3.11 or 3.12 with venv is needed and was not found; install one, or uv, which fetches one." >&2
        exit 2
    fi
fi

if [ ! -x "$venv/bin/uv" ]; then
    # the lock's own lines for uv, hashes and all
    sed -n '/^uv==/,/[^\\]$/p' requirements/lock.txt >"$venv/uv.txt"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$venv/uv.txt"
fi

uv="$venv/bin/uv"
export VIRTUAL_ENV="$venv" UV_PYTHON="$venv/bin/python"
if [ "${TORCH:-}" = cpu ]; then
    echo "Installing the locked versions, torch for CPU only"
    sed -n 's/^\([a-z0-9-]*==[^ ]*\).*/\1/p' requirements/lock.txt >"$venv/constraints.txt"
    "$uv" pip install --torch-backend cpu --compile-bytecode -c "$venv/constraints.txt" -e '.[dev,install]'
else
    echo "Installing the packages of requirements/lock.txt"
    "$uv" pip sync --require-hashes --compile-bytecode requirements/lock.txt
    # compiling is what the lock's setuptools does; nothing is fetched
    "$uv" pip install --quiet --no-deps --no-build-isolation -e .
fi
touch "$venv/.ready"
