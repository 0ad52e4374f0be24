# shellcheck shell=bash
# shellcheck disable=SC2034  # the lists are for those who source this
#
# Shared by src/run and tests/check: what must be installed, how it is installed, how a preset is
# built. To be sourced; the caller sets `root` to the top of the source tree.
# Everything said here goes to stderr, so that a headless command's stdout stays its own.

root=${root:?the top of the source tree}

# What building and running derptop takes (Debian 12's names).
build_packages=(
    build-essential cmake ninja-build pkg-config protobuf-c-compiler
    libcjson-dev libcurl4-openssl-dev libminiupnpc-dev libncurses-dev libprotobuf-c-dev
    libsodium-dev libssl-dev libuv1-dev libwslay-dev ca-certificates
)

# What only the tests take.
test_packages=(
    ccache clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev libcmocka-dev shellcheck
    dpkg-dev iproute2 nftables tmux openssl python3 python3-venv fonts-dejavu-core zsh fish groff-base
    protobuf-compiler git
    miniupnpd-nftables # the daemon alone: the package miniupnpd would make a service of it
)

say() {
    printf 'derptop: %s\n' "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# Prints those of the packages named that are not installed.
missing_packages() {
    comm -23 <(printf '%s\n' "$@" | sort -u) <(
        dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
            sed -n 's/ installed$//p' | sort -u
    )
}

# Installs what is missing of the packages named, and says so first. Does nothing when all are there.
install_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "no apt here; these packages (or what your system calls them) are needed: $*"
        return 0
    fi
    local missing as_root=() log
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    say "about to install with apt: ${missing[*]}"
    log=$(mktemp)
    # A repository of somebody else's that cannot be reached is no reason to stop: the install says.
    "${as_root[@]}" apt-get update -qq >"$log" 2>&1 || true
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "could not install: ${missing[*]}"
    fi
    rm -f "$log"
}

# Reads ninja's output and shows how far it is: one moving line on a terminal, nothing elsewhere.
show_progress() {
    local what=$1 line
    while IFS= read -r line; do
        if [ -t 2 ] && [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (Build|Link|Generat) ]]; then
            printf '\rderptop: building %s: %s of %s ' "$what" "${BASH_REMATCH[1]}" \
                "${BASH_REMATCH[2]}" >&2
        fi
    done
    if [ -t 2 ]; then
        printf '\r\033[K' >&2
    fi
}

# build_preset NAME [TARGET...]: configures once, then builds. Quiet; the log is shown if it fails.
build_preset() {
    local name=$1 log=$root/build/$1.log targets=()
    shift
    [ $# -eq 0 ] || targets=(--target "$@")
    mkdir -p "$root/build"
    exec 9>"$root/build/$name.lock" # two at once would run over each other
    flock 9
    if [ ! -f "$root/build/$name/build.ninja" ]; then
        say "configuring $name (log: build/$name.log)"
        (cd "$root" && cmake --preset "$name") >"$log" 2>&1 || {
            tail -n 30 "$log" >&2
            die "cmake could not configure $name"
        }
    fi
    (cd "$root" && cmake --build --preset "$name" "${targets[@]}") 2>&1 |
        tee "$log" | show_progress "$name" || {
        grep -v '^\[' "$log" | tail -n 60 >&2
        die "could not build $name; the whole log is build/$name.log"
    }
    exec 9>&-
}
