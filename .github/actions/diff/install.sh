#!/usr/bin/env bash
# Installs the tqrun that this action is part of, with locked dependencies, into a folder of its
# own; output: python, the interpreter that has it.
set -euo pipefail

if [[ ${RUNNER_OS:-} == Windows ]]; then
  echo "::error title=tqrun diff::tqrun runs on Linux and macOS; use runs-on: ubuntu-latest"
  exit 2
fi
# -I everywhere: else Python would import modules of the pull request from the working directory.
if ! python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error title=tqrun diff::tqrun needs Python 3.11 or newer; use actions/setup-python before"
  exit 2
fi
folder=${RUNNER_TEMP:-/tmp}/tqrun-installed
python=$folder/bin/python
if [[ ! -x $folder/bin/tqrun ]]; then
  python3 -I -m venv "$folder"
  pip=("$python" -I -m pip install --quiet --disable-pip-version-check --no-compile --no-deps)
  "${pip[@]}" --only-binary :all: --require-hashes \
    --requirement "$GITHUB_ACTION_PATH/requirements.txt"
  "${pip[@]}" --no-index --no-build-isolation "$GITHUB_ACTION_PATH/../../.."
fi
echo "python=$python" >>"$GITHUB_OUTPUT"
