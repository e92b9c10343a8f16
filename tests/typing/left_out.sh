#!/usr/bin/env bash
# Copies tests/typing/consumer.py many times, each copy with one case left out or one name misspelt:
# mypy and pyright have to refuse every copy, and nothing else.
set -euo pipefail
source="$(dirname "$0")/consumer.py"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cases="RestartPlan Rejection
AlreadyRunning NotMostRecent NoFailedGroup GroupNotFound HistoryUnavailable
SendRequest WaitUntilOver AddGroup
EarlierGroupsStayFailed GroupsChanged StepsChanged SkippedElsewhere NothingToRun"
names="group.sequence group.steps outcome.sequence outcome.steps execution.last_begun"

# changed COPY SED-ARGUMENT...: the consumer with that change, which has to be one
changed() {
  sed -E "${@:2}" "$source" >"$folder/$1.py"
  if cmp -s "$source" "$folder/$1.py"; then echo "$1 changes nothing"; exit 1; fi
}
for case in $cases; do # alone it goes with its body, beside others it goes from among them
  changed "without_$case" -e "/^        case $case\([^|]*\):\$/,+1d" \
    -e "s/^(        case )$case\([^|]*\) \| /\1/" -e "/^        case /s/ \| $case\([^)]*\)//"
done
for name in $names; do
  changed "misspelt_${name/./_}" -e "s/([( ]${name%?})(${name: -1})\b/\1x\2/"
done
cp "$source" "$folder/unchanged.py"

mypy --strict "$folder"/*.py >"$folder/mypy.txt" || true
pyright "$folder"/*.py >"$folder/pyright.txt" || true
tried=0
for copy in "$folder"/*.py; do
  name=$(basename "$copy" .py)
  for checker in mypy pyright; do
    if [ "$name" = unchanged ]; then
      if grep -E "$name\.py:.* error:" "$folder/$checker.txt"; then echo "$checker refuses the consumer itself"; exit 1; fi
    elif ! grep -qE "$name\.py:.* error: .*(\"assert_never\"|attribute)" "$folder/$checker.txt"; then
      echo "$checker missed $name"; exit 1
    fi
  done
  tried=$((tried + 1))
done
[ "$tried" -eq 21 ]
echo "$((tried - 1)) cases left out and names misspelt, all refused by both"
