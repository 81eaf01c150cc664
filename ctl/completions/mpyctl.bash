# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completes mpyctl in bash: mpyctl itself knows what may follow.
_mpyctl() {
    local word=${COMP_WORDS[COMP_CWORD]} line
    local -a lines

    mapfile -t lines < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=()
    case ${lines[0]-} in
    :files)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    :directories)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        ;;
    *)
        for line in "${lines[@]:1}"; do
            COMPREPLY+=("${line%%$'\t'*}")
        done
        ;;
    esac
}
complete -F _mpyctl mpyctl
