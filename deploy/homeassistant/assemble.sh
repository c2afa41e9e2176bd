#!/usr/bin/env bash
# Puts the add-on together in a folder out of which the Supervisor can build it: ours, and the sources with the page built.
# Usage: deploy/homeassistant/assemble.sh FOLDER     (then copy FOLDER/evcc_flask to /addons of Home Assistant)
set -euo pipefail
target=$(realpath -m "${1:?a folder is missing: assemble.sh FOLDER}")/evcc_flask
cd "$(dirname "$(readlink -f "$0")")/../.."
python=${PYTHON:-.venv/bin/python}
command -v "$python" > /dev/null || { echo "assemble: $python is not there: run script/setup first" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
# Of a copy: a build leaves things behind.
tar -c --exclude=./.git --exclude=./.venv --exclude=node_modules --exclude=./build . | tar -x -C "$work"
python=$(realpath -s "$(command -v "$python")")
(cd "$work" && "$python" -c 'from setuptools import build_meta; build_meta.build_sdist("dist")' > /dev/null)
mkdir -p "$target"
rm -rf -- "$target/program"
cp -r deploy/homeassistant/evcc_flask/. "$target"
cp dashboard/public/icon-192.png "$target/icon.png"
mkdir "$target/program"
tar -xzf "$work"/dist/*.tar.gz -C "$target/program" --strip-components 1
echo "$target is an add-on now; copy it to /addons of Home Assistant, and look for local add-ons in its store"
