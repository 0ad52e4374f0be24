#!/usr/bin/env bash
# Calls that have no place here, each with what to use instead. Comments may name them.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
bad=0

# Every line of code, without its strings and the lines that are comments.
code=$(find net ui src tests -name '*.[ch]' -exec grep -Hn . {} + 2>/dev/null |
    grep -vE '^[^:]+:[0-9]+: *(\*|/\*|//)' | sed -E 's/"([^"\\]|\\.)*"/""/g' || true)

# ban CALLS WHY [FILES ALLOWED, a pattern]
ban() {
    local found
    found=$(grep -E "^[^:]+:[0-9]+:(.*[^A-Za-z0-9_.>])?($1) *\(" <<<"$code" || true)
    if [ -n "${3:-}" ]; then
        found=$(grep -vE "^($3):" <<<"$found" || true)
    fi
    if [ -n "$found" ]; then
        printf '%s\n  ^ %s\n' "$found" "$2"
        bad=1
    fi
}

ban 'strcpy|strcat|stpcpy|strncpy|strncat' 'use text_copy (net/base/text.h): it knows the size'
ban 'sprintf|vsprintf' 'use snprintf and look at what it returns'
ban 'gets|scanf|sscanf|fscanf' 'use a parser of ours'
ban 'strtok|asctime|ctime|gmtime|localtime|strerror' 'not safe with threads: use the _r kind'
ban 'atoi|atol|atoll|atof' 'cannot say that it failed: use strtol and look'
ban 'rand|srand|random|srandom|drand48' 'use struct rng (net/base/rng.h)'
ban 'alloca' 'a length from outside must not size the stack'
ban 'system|popen' 'only the header command is run, by the settings' 'net/control/settings[a-z_]*\.c|tests/.*'
ban 'sleep|usleep|nanosleep' 'wait for the event, with a time limit that fails'
ban 'clock_gettime|gettimeofday|time' 'time is an argument: net/base/now.h' 'net/base/now_os\.c'
ban 'malloc|calloc|realloc|strdup|strndup|asprintf' 'use mem_new and its kin (net/base/mem.h)' \
    'net/base/mem\.c|tests/.*'
exit $bad
