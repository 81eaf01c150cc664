# SPDX-License-Identifier: MIT
# Completes mpyctl in fish: mpyctl itself knows what may follow.
function __mpyctl_complete
    set -l words (commandline -opc)
    set -l lines ($words[1] complete -- $words[2..-1] (commandline -ct | string collect --allow-empty) 2>/dev/null)
    switch "$lines[1]"
        case :files
            __fish_complete_path (commandline -ct)
        case :directories
            __fish_complete_directories (commandline -ct)
        case '*'
            set -q lines[2]; and printf '%s\n' $lines[2..-1]
    end
end
complete -c mpyctl -f -a '(__mpyctl_complete)'
