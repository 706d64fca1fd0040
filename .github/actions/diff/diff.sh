#!/usr/bin/env bash
# Compares once, annotates, and writes the job's summary and the outputs. Nothing of the pull
# request is run: tqrun reads its files, and -I keeps Python from importing any.
set -euo pipefail

fetched() {
  git fetch --quiet --no-tags "$@" || {
    echo "::error title=tqrun diff::the base is not here; use actions/checkout with fetch-depth: 0"
    exit 3
  }
}

depth=()
if [[ $(git rev-parse --is-shallow-repository) == true ]]; then depth=(--unshallow); fi
if [[ -z $AGAINST && -n $BASE_COMMIT ]]; then # a merge group; the commit is below its own
  if ((${#depth[@]})); then fetched --unshallow origin; fi
  AGAINST=$BASE_COMMIT
elif [[ -z $AGAINST && -n $BASE_BRANCH ]]; then
  base=refs/remotes/origin/$BASE_BRANCH
  if ((${#depth[@]})) || ! git rev-parse --quiet --verify "$base" >/dev/null; then
    fetched "${depth[@]}" origin "+refs/heads/$BASE_BRANCH:$base"
  fi
  AGAINST=$(git merge-base HEAD "$base")
fi

folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/tqrun-XXXXXX")
arguments=("$FILE" --fail-on "$FAIL_ON")
if [[ -n $AGAINST ]]; then arguments+=(--against "$AGAINST"); fi
if [[ $ANNOTATIONS == true ]]; then arguments+=(--format github); fi
for form in json markdown sarif; do arguments+=(--report "$form=$folder/changes.$form"); done
status=0
"$PYTHON" -I -m tqrun.cli.main diff "${arguments[@]}" || status=$?
if ((status > 1)); then exit "$status"; fi # no comparison: its message says why

# GitHub takes a summary of 1 MiB.
if (($(wc -c <"$folder/changes.markdown") > 1000000)); then
  sed '/^<details>/,$d' "$folder/changes.markdown" | head -c 1000000
else
  cat "$folder/changes.markdown"
fi >>"$GITHUB_STEP_SUMMARY"
{
  echo "status=$status"
  for form in json markdown sarif; do echo "$form=$folder/changes.$form"; done
  "$PYTHON" -I "$GITHUB_ACTION_PATH/outputs.py" "$folder/changes.json"
} >>"$GITHUB_OUTPUT"
