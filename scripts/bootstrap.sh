#!/bin/sh
# Builds .venv from uv.lock with nothing but a Python >= 3.11; does nothing if it is up to date.
# PYTHON=/path/to/python chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.passgenau-lock
place=$(cat .venv/.passgenau-place 2>/dev/null || true)
if [ "$place" = "$(pwd -P)" ] && cmp -s uv.lock "$stamp" && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

# The name alone says little: version managers put programs of these names there that only fail.
probe='import sys, ssl, sqlite3, venv, zlib; sys.exit(sys.version_info < (3, 11))'
for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3 python3.14; do
    if "$candidate" -c "$probe" >/dev/null 2>&1; then
        exec "$candidate" scripts/bootstrap.py
    fi
done
echo "Passgenau needs Python 3.11 or newer and found none." >&2
echo "Debian/Ubuntu: apt-get install python3    Elsewhere: make ... PYTHON=/path/to/python3" >&2
exit 1
