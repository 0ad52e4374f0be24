#!/usr/bin/env bash
# Who may include whom: the folders' arrows, and which library each folder and file may see.
# The table is the architecture; a line that it forbids is printed with the reason.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
bad=0

complain() {
    echo "$*"
    bad=1
}

# folder | folders it may include, itself aside | libraries it may see
table() {
    cat <<'TABLE'
net/base      |                                                             |
net/crypto    | net/base                                                    | sodium openssl
net/wire      | net/crypto net/base                                         | sodium protobuf
net/transport | net/wire net/base                                           | uv curl wslay openssl
net/json      | net/base                                                    | cjson
net/control   | net/json net/transport net/wire net/crypto net/base                  | uv curl cjson sodium
net/path      | net/transport net/crypto net/wire net/base                  | uv miniupnpc
net/tunnel    | net/crypto net/wire net/base                                | lwip
net/probe     | net/tunnel net/path net/json net/transport net/wire net/crypto net/base | uv cjson
net/diagnose  | net/base                                                    |
net/monitor   | net/diagnose net/probe net/path net/control net/transport net/tunnel net/wire net/crypto net/base | uv
net/lab       | net/diagnose net/probe net/path net/control net/transport net/tunnel net/wire net/crypto net/base | uv wslay cjson sodium
ui            | net/monitor/snapshot.h net/monitor/command.h net/diagnose/checks.h net/base | curses
src           | net/* ui                                                    | uv cjson sodium curl
TABLE
}

library_of() {
    case $1 in
    uv.h | uv/*) echo uv ;;
    curl/*) echo curl ;;
    miniupnpc/*) echo miniupnpc ;;
    wslay/*) echo wslay ;;
    sodium.h | sodium/*) echo sodium ;;
    openssl/*) echo openssl ;;
    cjson/*) echo cjson ;;
    lwip/*) echo lwip ;;
    curses.h | ncurses.h | ncursesw/* | panel.h | term.h) echo curses ;;
    protobuf-c/* | *.pb-c.h) echo protobuf ;;
    esac
}

# The files that may see an effect, whatever their folder: one grep shows every effect there is.
file_may_see() {
    case $1 in
    uv | curl) [[ $2 == *_uv.[ch] ]] ;;
    lwip) [[ $2 == *_lwip.[ch] ]] ;;
    curses) [[ $2 == ui/term.c || $2 == ui/canvas_curses.c ]] ;;
    esac
}

check_folder() {
    local folder=$1 may=$2 libraries=$3 file include target allowed library
    while IFS=: read -r file include; do
        library=$(library_of "$include")
        if [ -n "$library" ]; then
            [[ " $libraries " == *" $library "* ]] ||
                complain "$file: $folder may not see $library ($include)"
            file_may_see "$library" "$file" ||
                complain "$file: a file of this name may not see $library ($include)"
            continue
        fi
        [[ $include == net/* || $include == ui/* || $include == src/* || $include == tests/* ]] || continue
        [[ $include == "$folder"/* || $include == net/if.h ]] && continue # that one is the system's
        target=no
        for allowed in $may; do
            # shellcheck disable=SC2053  # the table's entry is a pattern
            if [[ $include == $allowed || $include == $allowed/* ]]; then
                target=yes
            fi
        done
        [ $target = yes ] || complain "$file: $folder may not include $include"
    done < <(find "$folder" -maxdepth 1 -name '*.[ch]' -exec grep -HoE '^ *# *include *[<"][^>"]+' {} + |
        sed -E 's/: *# *include *[<"]/:/')
}

known=""
while IFS='|' read -r folder may libraries; do
    read -r folder <<<"$folder"
    known+=" $folder"
    if [ -d "$folder" ]; then
        check_folder "$folder" "$may" " $libraries "
    fi
done < <(table)

for folder in net/*/; do
    [[ " $known " == *" ${folder%/} "* ]] || complain "${folder%/}: not in the table of tests/style/arrows.sh"
done

# Includes are from the root, so a bare name in quotes is a mistake (generated code aside).
while read -r line; do
    complain "$line: include it from the root of the tree"
done < <(grep -rnE '^ *# *include *"[^/"]+"' net ui src --include='*.[ch]' 2>/dev/null | grep -v 'pb-c\.h"' || true)

# Each file's name is its own within net, so that a log line or a backtrace names one file.
while read -r name; do
    complain "net has two files named $name"
done < <(find net -name '*.[ch]' -printf '%f\n' | sort | uniq -d)

exit $bad
