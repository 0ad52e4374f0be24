#!/usr/bin/env bash
# Every C file is as clang-format 14 lays it out: `clang-format-14 -i FILE` mends one.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v clang-format-14 >/dev/null || exec tests/support/skip "clang-format-14 is not installed"
tests/style/sources '*.[ch]' | xargs -P "$(nproc)" -n 8 clang-format-14 --dry-run --Werror
