# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Shared by the lints, which are meson tests: exit status 0, 1, or 77 for skipped. Sourced; the
# working directory is the source tree then.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."

skip() {
    echo "$*"
    exit 77
}

need() { # TOOL
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

# find_files EXPRESSION...: what find(1) finds, without build directories, NUL-terminated
find_files() {
    find . -path './build*' -prune -o -path ./.git -prune -o -type f \( "$@" \) -print0 |
        LC_ALL=C sort -z
}

c_files() {
    find_files -name '*.[ch]'
}

# Shell scripts by their first line, whatever they are called.
script_files() {
    local file first

    while IFS= read -r -d '' file; do
        IFS= read -r first <"$file" || continue
        case $first in
        '#!'*/sh | '#!'*/sh\ * | '#!'*/bash | '#!'*/bash\ * | '#!'*env\ bash | '# shellcheck shell='*)
            printf '%s\0' "$file"
            ;;
        esac
    done < <(find_files -size -200k ! -name '*.[ch]' ! -name '*.tree' 2>/dev/null)
    find_files -name '*.sh'
}
