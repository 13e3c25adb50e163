#!/bin/sh
# Exported cards and decks in RobustBench's own benchmark(), and its own networks imported as cards.
#   sh tests/robustbench_check.sh .venv/bin [FOLDER of train/<class>/ and test/<class>/ pictures]
# Makes an environment with robustbench in a folder that is removed at the end: nothing of this package is in it. Its
# torch and numpy are those of the lock, so that both sides count alike.
set -eu
bin=$(cd "$1" && pwd)
pictures=${2:+--pictures $(cd "$2" && pwd)}
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1 PYTHONPATH="$PWD/src"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM

sed -n 's/^\(torch\|torchvision\|numpy\|safetensors\)==\([^ ;]*\).*/\1==\2/p' requirements/lock.txt >"$folder/constraints.txt"
"$bin/uv" venv --quiet --python "$bin/python" "$folder/venv"
# robustbench 1.1.1 imports pkg_resources, which setuptools no longer has from 81 on
"$bin/uv" pip install --quiet --python "$folder/venv/bin/python" ${TORCH:+--torch-backend "$TORCH"} \
    -c "$folder/constraints.txt" robustbench==1.1.1 safetensors 'setuptools<81'

# shellcheck disable=SC2086
"$bin/python" tests/robustbench_deck.py "$folder/decks" $pictures
"$folder/venv/bin/python" -I -W ignore tests/robustbench_run.py "$folder/decks"
"$folder/venv/bin/python" -I -W ignore tests/robustbench_released.py "$folder/released"
"$bin/python" tests/robustbench_import.py "$folder/released"
