#!/usr/bin/env bash
# Compares, annotates and writes the job's summary; outputs: status, and the files for later steps.
set -euo pipefail

if [[ -z $AGAINST && -n $BASE_BRANCH ]]; then
  depth=()
  if [[ $(git rev-parse --is-shallow-repository) == true ]]; then depth=(--unshallow); fi
  git fetch --quiet --no-tags "${depth[@]}" origin \
    "+refs/heads/$BASE_BRANCH:refs/remotes/origin/$BASE_BRANCH"
  AGAINST=$(git merge-base HEAD "origin/$BASE_BRANCH")
fi
arguments=("$FILE")
if [[ -n $AGAINST ]]; then arguments+=(--against "$AGAINST"); fi

folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/tqrun-XXXXXX")
form=text
if [[ $ANNOTATIONS == true ]]; then form=github; fi
status=0
tqrun diff "${arguments[@]}" --fail-on "$FAIL_ON" --format "$form" || status=$?
if ((status > 1)); then exit "$status"; fi # no comparison: its message says why

tqrun diff "${arguments[@]}" --exit-zero --format markdown >"$folder/comment.md"
tqrun diff "${arguments[@]}" --exit-zero --format sarif >"$folder/tqrun.sarif"
cat "$folder/comment.md" >>"$GITHUB_STEP_SUMMARY"
{
  echo "status=$status"
  echo "markdown=$folder/comment.md"
  echo "sarif=$folder/tqrun.sarif"
} >>"$GITHUB_OUTPUT"
