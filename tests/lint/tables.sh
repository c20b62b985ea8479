# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the programs know, read from the tables in their sources; and how sets of words are compared.
# Sourced after lib.sh.

# source_commands PROGRAM: its commands
source_commands() {
    local file

    case $1 in
    hosttune) file=hook/cli.c ;;
    kargs)
        file=grubcfg/cli.c
        echo grubby # taken by main.c
        ;;
    esac
    sed -n '/struct command commands\[\] = {/,/^};/s/^\t{ "\([a-z-]*\)",.*/\1/p' "$file"
}

# source_options FILE: long options, with two dashes
source_options() {
    sed -n '/struct option options\[\] = {/,/^\t};/s/^\t\t{ "\([a-z-]*\)", .*/--\1/p' "$1"
}

# The tables of the two programs, and of "kargs grubby".
options_file() {
    case $1 in
    hosttune) echo hook/cli.c ;;
    kargs) echo grubcfg/cli.c ;;
    grubby) echo grubcfg/grubby.c ;;
    esac
}

# kargs' profiles; those that need a value end in "="
source_profiles() {
    sed -n '/struct profile_help profile_helps\[\] = {/,/^};/p' grubcfg/profile.c |
        tr -d '\n' | grep -o '{ "[^}]*}' |
        sed -n -e 's/^{ "\([a-z-]*\)",[[:space:]]*"[^[].*/\1=/p' \
            -e 's/^{ "\([a-z-]*\)",[[:space:]]*\("\[\|NULL\).*/\1/p'
}

# same WHAT EXPECTED ACTUAL: compares two lists of lines, in any order; sets $status
same() {
    local line

    if [ -z "$2" ]; then
        echo "$1: nothing to compare with"
        status=1
        return
    fi
    while IFS= read -r line; do
        case $line in
        '< '*) echo "$1: '${line#< }' is missing" ;;
        '> '*) echo "$1: there is no '${line#> }'" ;;
        *) continue ;;
        esac
        # shellcheck disable=SC2034 # the lint's exit status
        status=1
    done < <(diff <(sort -u <<<"$2") <(sort -u <<<"$3"))
}
