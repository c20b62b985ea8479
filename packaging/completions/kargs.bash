# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# kargs(8) in bash. It needs nothing but bash.

# _kargs_command: the command among the words before the one that is completed, if there is one
_kargs_command() {
    local i

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --root)
            # bash makes words of "--root=/dir", too.
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

# Arguments of the next boot; ids of changes.
_kargs_present() {
    kargs show --next 2>/dev/null
}

_kargs_ids() {
    kargs history 2>/dev/null | grep -o '[0-9]\{8\}T[0-9]\{6\}Z-[0-9]*'
}

_kargs_complete() { # WORDS CURRENT: those that begin so; after "KEY=" no blank
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
    if [ ${#COMPREPLY[@]} -eq 1 ] && [[ ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

_kargs_grubby() { # CURRENT PREVIOUS
    case $2 in
    --root)
        mapfile -t COMPREPLY < <(compgen -d -- "$1")
        compopt -o filenames 2>/dev/null
        ;;
    --update-kernel | --info)
        mapfile -t COMPREPLY < <(compgen -W "ALL DEFAULT" -- "$1")
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -G "${1:-/boot/vmlinuz-}*")
        ;;
    --args | --remove-args) ;;
    *)
        _kargs_complete "--update-kernel= --args= --remove-args= --info= --default-kernel
            --root= --help" "$1"
        ;;
    esac
}

_kargs() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command options="--root --json --include-rescue --verbose -v --help --version" words=

    if [ "$current" = = ]; then
        current=''
    elif [ "$previous" = = ]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    command=$(_kargs_command)
    if [ "$command" = grubby ]; then
        _kargs_grubby "$current" "$previous"
        return
    fi
    if [ "$previous" = --root ]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        compopt -o filenames 2>/dev/null
        return
    fi

    case $command in
    '')
        options+=" -h -n --dry-run --force"
        words="show diff sinks history verify set append remove apply rollback grubby"
        ;;
    show) options+=" --running --next --all" ;;
    set | append | remove)
        options+=" -n --dry-run --force"
        words=$(_kargs_present)
        ;;
    apply)
        options+=" -n --dry-run --force"
        words="iommu passthrough gvt hugepages= isolate= no-thp performance latency"
        ;;
    rollback)
        options+=" --force"
        words=$(_kargs_ids)
        ;;
    esac
    case $current in
    -?*) words=$options ;;
    -) words+=" $options" ;;
    esac
    _kargs_complete "$words" "$current"
}

complete -F _kargs kargs
