#!/usr/bin/env bash
# Every shell script passes shellcheck.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v shellcheck >/dev/null || exec tests/support/skip "shellcheck is not installed"
tests/style/sources | while IFS= read -r file; do
    if [[ $file == *.sh ]] || head -n 1 "$file" | grep -aqE '^#!.*(bash|sh)$'; then
        printf '%s\n' "$file"
    fi
done | xargs shellcheck --external-sources --source-path=SCRIPTDIR/../..
