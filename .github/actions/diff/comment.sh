#!/usr/bin/env bash
# Writes the comment of the pull request, or brings the one that is there up to date.
set -euo pipefail

comments="repos/$REPOSITORY/issues/$NUMBER/comments"
mark=$(head -n 1 "$MARKDOWN")
text=$(cat "$MARKDOWN")
# GitHub takes 65,536 characters; without its diagrams the text is complete all the same.
if ((${#text} > 60000)); then text=$(sed '/^<details>/,$d' "$MARKDOWN" | head -c 60000); fi

export mark
found=$(gh api --paginate "$comments" --jq '.[] | select(.body | startswith(env.mark)) | .id' | sed -n 1p)
if [[ -n $found ]]; then
  gh api --silent --method PATCH "repos/$REPOSITORY/issues/comments/$found" --raw-field "body=$text"
else
  gh api --silent --method POST "$comments" --raw-field "body=$text"
fi || echo "::warning title=tqrun diff::the comment cannot be written; pull requests of forks have no right to"
