#!/usr/bin/env bash
# What may be in the tree at all: text, of no machine and no registry, nothing built, nothing large.
set -euo pipefail
cd "$(dirname "$0")/../.."
bad=0
mapfile -t files < <(tests/style/sources)

complain() {
    printf '%s\n' "$*"
    bad=1
}

# Pictures are what they are, and a fuzz seed may be any bytes; both are small.
for file in "${files[@]}"; do
    case $file in
    screenshots/*.png) limit=600000 ;;
    tests/fuzz/corpus/*) limit=16384 ;;
    tests/unit/vectors/*.json | */go.sum) limit=3000000 ;;
    *) limit=100000 ;;
    esac
    [ "$(stat -c %s "$file")" -le $limit ] || complain "$file: larger than $limit bytes"
done
mapfile -t texts < <(printf '%s\n' "${files[@]}" | grep -vE '^(screenshots/.*\.png|tests/fuzz/corpus/.*)$')
while IFS= read -r file; do
    complain "$file: not text (it holds NUL bytes)"
done < <(grep -lP '\x00' "${texts[@]}" || true)
while IFS= read -r line; do
    complain "$line: a path of somebody's machine"
done < <(grep -nE '(^|[^A-Za-z0-9_./-])/(work|root|home/[a-z]+|tmp/rig[a-z-]*)/' "${texts[@]}" |
    grep -v '^tests/style/files.sh:' || true)
while IFS= read -r line; do
    complain "$line: the address of a package registry"
done < <(grep -nEi 'https?://[a-z0-9.-]*(debian|ubuntu|pypi|pythonhosted|golang|npmjs|crates|maven)\.[a-z]+' \
    "${texts[@]}" | grep -v '^tests/style/files.sh:' || true)
while IFS= read -r line; do
    complain "$line: a mark of an unfinished merge"
done < <(grep -nE '^(<<<<<<<|>>>>>>>|=======$)' "${texts[@]}" || true)
while IFS= read -r line; do
    complain "$line: white space at the end of the line"
done < <(grep -nE '[[:blank:]]+$' "${texts[@]}" | grep -vE '^[^:]*\.(md|json|sum):' || true)

# Only what the layout knows stands at the top.
for top in $(printf '%s\n' "${files[@]}" | cut -d/ -f1 | sort -u); do
    case $top in
    CMakeLists.txt | CMakePresets.json | README.md | LICENSE) ;;
    src | net | ui | tests | screenshots | .ci | .clang-format | .clang-tidy | .gitignore) ;;
    *) complain "$top: the top of the tree has no place for it" ;;
    esac
done
exit $bad
