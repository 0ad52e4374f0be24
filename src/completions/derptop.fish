# fish completion for derptop. The program itself says what fits: commands, flags, workspaces.
function __derptop_complete
    set -l line (commandline -opc)
    set -l typed (commandline -ct)
    set -l answer ($line[1] __complete $line[2..] "$typed" 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path $typed
        case directories
            __fish_complete_directories $typed
        case '*'
            printf '%s\n' $answer[2..]
    end
end
complete -c derptop -f -a '(__derptop_complete)'
