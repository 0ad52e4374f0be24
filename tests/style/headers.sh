#!/usr/bin/env bash
# tests/style/headers.sh BUILD_FOLDER: every header compiles alone, so none depends on what its
# reader happened to include before it.
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
read -ra libraries < <(pkg-config --cflags libuv libsodium libcrypto libcjson libcurl ncursesw libprotobuf-c cmocka)
export flags="-std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -I. -isystem $build/generated ${libraries[*]}"
lwip=$(sed -n 's/^LWIP_DIR:PATH=//p' "$build/CMakeCache.txt")
export lwip_flags="-isystem net/tunnel -isystem $lwip/src/include"

compile_alone() {
    local header=$1 first=""
    if [[ $header == tests/* ]]; then
        # cmocka wants these before it, and a test's header may count on that
        first="-include setjmp.h -include stdarg.h -include stddef.h -include stdint.h"
    fi
    if [[ $header == *_lwip.h ]]; then
        first="$lwip_flags"
    fi
    # shellcheck disable=SC2086  # the flags are words
    cc $flags $first -include "$header" -x c /dev/null
}
export -f compile_alone

tests/style/sources '*.h' |
    xargs -P "$(nproc)" -I{} bash -c 'compile_alone "{}" || { echo "{}: does not compile alone"; exit 255; }'
