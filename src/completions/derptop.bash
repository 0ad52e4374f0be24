# bash completion for derptop. The program itself says what fits: commands, flags, workspaces.
_derptop() {
    local word answer kind=""
    COMPREPLY=()
    answer=$("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return 0
    while IFS=$'\t' read -r word _; do
        if [ -z "$kind" ]; then
            kind=$word
        else
            COMPREPLY+=("$word")
        fi
    done <<<"$answer"
    case $kind in
    files) mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}") ;;
    directories) mapfile -t COMPREPLY < <(compgen -d -- "${COMP_WORDS[COMP_CWORD]#=}") ;;
    *) return 0 ;;
    esac
    compopt -o filenames 2>/dev/null
}
complete -F _derptop derptop
