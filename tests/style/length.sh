#!/usr/bin/env bash
# How long files and functions are. About 300 lines a file is the aim and 60 a function; a report of
# those beyond it, and a failure for what nobody would read in one go.
set -euo pipefail
cd "$(dirname "$0")/../.."
export file_limit=600 function_limit=100 file_aim=300 function_aim=60
mapfile -t files < <(tests/style/sources 'net/*.[ch]' 'ui/*.[ch]' 'src/*.[ch]' 'tests/*.[ch]')
# A function's body starts with { in the first column and ends with } there (our format).
awk '
    FNR == 1 { if (name) file_end(name, lines); name = FILENAME; before = ""; inside = 0 }
    { lines = FNR }
    inside && /^}/ {
        if (FNR - start > ENVIRON["function_limit"]) { print FILENAME ":" start ": TOO LONG: " FNR - start " lines: " title; bad = 1 }
        else if (FNR - start > ENVIRON["function_aim"]) print FILENAME ":" start ": long: " FNR - start " lines: " title
        inside = 0
    }
    /^\{/ { inside = 1; start = FNR; title = before }
    { before = $0 }
    END { file_end(name, lines); exit bad }
    function file_end(file, count) {
        # A test file is a list, which may be longer.
        if (count > ENVIRON["file_limit"] * (file ~ /^tests\// ? 1.5 : 1)) { print file ": TOO LONG: " count " lines"; bad = 1 }
        else if (count > ENVIRON["file_aim"]) print file ": long: " count " lines"
    }
' "${files[@]}"
