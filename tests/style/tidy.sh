#!/usr/bin/env bash
# tests/style/tidy.sh BUILD_FOLDER: clang-tidy 14 over every source file, as .clang-tidy asks.
# A file whose preprocessed text, command line and settings have passed before is not read again.
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
command -v clang-tidy-14 >/dev/null || exec tests/support/skip "clang-tidy-14 is not installed"
export build passed="$build/tidy"
mkdir -p "$passed"

tidy_one() {
    local file=$1 key
    # The key is of what the compiler sees, without its line marks (they hold the folder's path).
    key=$({
        cat .clang-tidy tests/.clang-tidy
        grep -F -A3 -B3 "/$file\"" "$build/compile_commands.json"
        # shellcheck disable=SC2046  # the flags are words
        clang-14 -E -P -std=c17 -D_GNU_SOURCE -I. -isystem "$build/generated" $(pkg-config --cflags \
            libuv libsodium libcjson libcurl ncursesw libprotobuf-c cmocka) "$file" 2>/dev/null
        cat "$file"
    } | sha256sum | cut -d' ' -f1)
    [ ! -e "$passed/$key" ] || return 0
    # The analyzer's notes tell how it got there: run clang-tidy-14 on the file to read them.
    if ! clang-tidy-14 -p "$build" --quiet "$file" >"$passed/$key.out" 2>/dev/null; then
        echo "== $file"
        grep -A 2 -E ': (error|warning): ' "$passed/$key.out" || cat "$passed/$key.out"
        rm -f "$passed/$key.out"
        return 1
    fi
    mv "$passed/$key.out" "$passed/$key"
}
export -f tidy_one

tests/style/sources 'net/*.c' 'ui/*.c' 'src/*.c' 'tests/unit/*.c' 'tests/support/*.c' |
    xargs -P "$(nproc)" -I{} bash -c 'set -o pipefail; tidy_one "{}"'
