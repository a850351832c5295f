#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One clear sentence for each thing that a fresh machine may lack.
python="${1:-python3}"
if ! command -v "$python" >/dev/null 2>&1; then
  echo "Python 3.11 or newer is needed and '$python' is not here. Run: sudo apt-get install python3 python3-venv" >&2
  exit 2
fi
if ! "$python" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))'; then
  echo "Python 3.11 or newer is needed; this is $("$python" -V). Give another one: make PYTHON=python3.12 setup" >&2
  exit 2
fi
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
  echo "Python's venv module is not here. Run: sudo apt-get install python3-venv" >&2
  exit 2
fi
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64 | Linux-aarch64) ;;
  *) echo "Only Linux on x86_64 or aarch64 was tried; going on." >&2 ;;
esac
