# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# hosttune(8) in bash. It needs nothing but bash.

# _hosttune_command: the command among the words before the one that is completed, if there is one
_hosttune_command() {
    local i

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --sysroot)
            # bash makes words of "--sysroot=/dir", too.
            [ "${COMP_WORDS[i + 1]}" != = ] || i=$((i + 1))
            i=$((i + 1))
            ;;
        -*) ;;
        *)
            echo "${COMP_WORDS[i]}"
            return
            ;;
        esac
    done
}

# Domains that are defined here; those that hold a claim.
_hosttune_domains() {
    local file

    for file in /etc/libvirt/qemu/*.xml; do
        file=${file##*/}
        [ "$file" = '*.xml' ] || echo "${file%.xml}"
    done
}

_hosttune_claims() {
    hosttune status 2>/dev/null | sed -n 's/^\([^ ]*\) [0-9a-f-]\{36\}: .*/\1/p'
}

_hosttune() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command options="--sysroot --help --version" words=

    if [ "$current" = = ]; then
        current=''
    elif [ "$previous" = = ]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [ "$previous" = --sysroot ]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        compopt -o filenames 2>/dev/null
        return
    fi

    command=$(_hosttune_command)
    case $command in
    '')
        options+=" --json -h"
        words="plan check status release sync devices hook"
        ;;
    plan)
        options+=" --json"
        words="$(_hosttune_domains) -"
        ;;
    check)
        options+=" --json --list"
        words="$(_hosttune_domains) -"
        ;;
    status)
        options+=" --json"
        words=$(_hosttune_claims)
        ;;
    devices) options+=" --json" ;;
    release)
        options+=" --stale --all"
        words=$(_hosttune_claims)
        ;;
    hook)
        case $previous in
        hook) words=$(_hosttune_domains) ;;
        prepare | start | started | reconnect | migrate | restore) words=begin ;;
        stopped | release) words=end ;;
        *) words="prepare start started stopped release reconnect migrate restore" ;;
        esac
        ;;
    esac
    case $current in
    -?*) words=$options ;;
    -) words+=" $options" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    # Their operand may be a file as well.
    if [[ $command == @(plan|check) ]] && [[ $current != -* ]]; then
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames 2>/dev/null
    fi
}

complete -F _hosttune hosttune
