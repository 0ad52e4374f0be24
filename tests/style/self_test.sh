#!/usr/bin/env bash
# The style tests find what they are there for: a small tree with one mistake of each kind.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{net/{base,wire,path,odd},ui,src,tests}
failed=0

# finds SCRIPT "TEXT OF THE COMPLAINT" FILE "LINE OF CODE": it fails with the line and passes without.
finds() {
    local output
    output=$("$here/$1" "$tree") || {
        echo "$1 complains about a tree with no mistake: $output"
        failed=1
    }
    printf '%s\n' "$4" >"$tree/$3"
    if output=$("$here/$1" "$tree"); then
        echo "$1 lets pass, in $3: $4"
        failed=1
    elif [[ $output != *"$2"* ]]; then
        echo "$1 says something else about $3: $output"
        failed=1
    fi
    rm "$tree/$3"
}

rmdir "$tree/net/odd"
finds arrows.sh 'net/base may not include net/wire/derp.h' net/base/a.c '#include "net/wire/derp.h"'
finds arrows.sh 'net/wire may not see uv' net/wire/a_uv.c '#include <uv.h>'
finds arrows.sh 'a file of this name may not see uv' net/path/a.c '#include <uv.h>'
finds arrows.sh 'may not see curses' net/path/a.c '#include <curses.h>'
finds arrows.sh 'a file of this name may not see curses' ui/a.c '#include <curses.h>'
finds arrows.sh 'ui may not include net/path/pinger.h' ui/a.c '#include "net/path/pinger.h"'
finds arrows.sh 'from the root' src/a.c '#include "b.h"'
finds banned.sh 'snprintf' net/wire/a.c '    sprintf(out, "%d", 1);'
finds banned.sh 'thread' ui/a.c '    char *word = strtok(line, " ");'
finds banned.sh 'header command' src/a.c '    return system("ls");'
finds banned.sh 'time is an argument' net/path/a.c '    clock_gettime(CLOCK_MONOTONIC, &now);'
mkdir "$tree/net/odd"
if "$here/arrows.sh" "$tree" >/dev/null; then
    echo "arrows.sh knows nothing of net/odd and lets it pass"
    failed=1
fi
exit $failed
