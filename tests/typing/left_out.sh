#!/usr/bin/env bash
# Takes each case out of tests/typing/consumer.py in turn: mypy and pyright have to refuse every time.
set -euo pipefail
source="$(dirname "$0")/consumer.py"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tried=0
for line in $(grep -nE '^        case (RestartPlan|Rejection|AlreadyRunning|NotMostRecent|NoFailedGroup|SendRequest|EarlierGroups|GroupsChanged)' "$source" | cut -d: -f1); do
  sed "${line},$((line + 1))d" "$source" >"$folder/consumer.py"
  if mypy --strict "$folder/consumer.py" >/dev/null; then echo "mypy missed the case of line $line"; exit 1; fi
  if pyright "$folder/consumer.py" >/dev/null; then echo "pyright missed the case of line $line"; exit 1; fi
  tried=$((tried + 1))
done
[ "$tried" -eq 8 ]
echo "$tried cases left out, all refused by both"
