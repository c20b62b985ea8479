# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# How tests make a Debian: from where, and with whose keys. To be sourced.

# The first Debian mirror that apt is set up with here, deb822 or one-line.
debian_mirror() {
    local found
    found=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '
        /^URIs:/ { for (i = 2; i <= NF; i++) print $i }' |
        grep -E '/debian/?$' | head -n 1) || true
    [ -n "$found" ] || found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
        2>/dev/null | awk '/^deb / { sub(/\[[^]]*\]/, ""); print $2 }' |
        grep -E '/debian/?$' | head -n 1) || true
    echo "${found:-http://deb.debian.org/debian}"
}

# Every key that Debian's keyring has: the suite may be newer than this machine's.
debian_keyring() {
    local ring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$ring" ] || ring=/etc/apt/trusted.gpg.d
    echo "$ring"
}

# How apt here reaches the mirror, if it takes a proxy: lines of apt's configuration.
debian_proxy() {
    apt-config dump Acquire 2>/dev/null | grep -i '::proxy ' || true
}
