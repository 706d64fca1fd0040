#!/usr/bin/env bash
# Writes the comment of the pull request, or brings the one that is there up to date.
set -euo pipefail

refused() {
  echo "::warning title=tqrun diff::$1; it needs pull-requests: write, which forks do not get"
  exit 0
}

# GitHub takes 65,536 characters; the summary of the job has everything.
limit=60000
mark=$(head -n 1 "$MARKDOWN")
text=$(cat "$MARKDOWN")
if ((${#text} > limit)); then
  text=$(sed '/^<details>/,$d' "$MARKDOWN")
  note="The diagrams are left out"
  if ((${#text} > limit)); then
    text=${text:0:limit}
    text=${text%$'\n'*}
    note="This is cut, and so are the diagrams"
  fi
  text+=$'\n\n'"**$note, because a comment has a limit; the summary of the job has all of it.**"
fi

# The mark alone would find what somebody else has copied: the comment is the token's own, too.
# shellcheck disable=SC2016 # the variables are GraphQL's
query='query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $endCursor) {
        pageInfo { hasNextPage endCursor }
        nodes { id viewerDidAuthor body }
      }
    }
  }
}'
export mark
own='.data.repository.pullRequest.comments.nodes[]
  | select(.viewerDidAuthor and (.body | startswith(env.mark))) | .id'
found=$(gh api graphql --paginate --raw-field "query=$query" --raw-field "owner=${REPOSITORY%%/*}" \
  --raw-field "name=${REPOSITORY#*/}" --field "number=$NUMBER" --jq "$own") ||
  refused "the comments cannot be listed"
found=${found%%$'\n'*}

# By its node: the number of a comment no longer fits into GraphQL's integers.
# shellcheck disable=SC2016
update='mutation($id: ID!, $body: String!) {
  updateIssueComment(input: {id: $id, body: $body}) { clientMutationId }
}'
if [[ -n $found ]]; then
  gh api graphql --silent --raw-field "query=$update" --raw-field "id=$found" \
    --raw-field "body=$text"
else
  gh api --silent --method POST "repos/$REPOSITORY/issues/$NUMBER/comments" --raw-field "body=$text"
fi || refused "the comment cannot be written"
