#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# hosttune-snapshot on described hosts. Prints TAP.
#
# usage: HOSTS=tests/data/hosts test-snapshot.sh HOSTTUNE-SNAPSHOT TREE-EXPAND

set -u

snapshot=$(realpath "$1")
tree_expand=$(realpath "$2")
hosts=$(realpath "${HOSTS:-$(dirname "$0")/../data/hosts}")
count=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

is() { # NAME EXPECTED ACTUAL
    count=$((count + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        printf '# expected: %s\n#   actual: %s\n' "$2" "$3"
        failed=$((failed + 1))
    fi
}

take() {
    "$snapshot" --sysroot "$root" "$@"
}

for tree in "$hosts"/*.tree; do
    root=$work/$(basename "$tree" .tree)
    mkdir "$root"
    "$tree_expand" "$tree" "$root"
    take >"$work/before"
    LC_ALL=C sort -c "$work/before"
    is "$(basename "$root"): sorted" 0 $?
    is "$(basename "$root"): complete and readable" "0" "$(grep -c ' ? ' "$work/before")"
    is "$(basename "$root"): stable" "" "$(take | diff "$work/before" -)"
done

root=$work/desktop-two-gpus
gpu=sys/bus/pci/devices/0000:02:00.0
take >"$work/before"
echo vfio-pci >"$root/$gpu/driver_override"
ln -sfn ../../../../bus/pci/drivers/vfio-pci "$root/$gpu/driver"
echo 512 >"$root/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages"
is "a change is two lines of a diff" "< $gpu/driver -> nouveau
> $gpu/driver -> vfio-pci
< $gpu/driver_override = (null)
> $gpu/driver_override = vfio-pci" "$(take | diff "$work/before" - | grep '^[<>]' | sort -k 2)"
is "volatile values are left out" "0" "$(take | grep -c free_hugepages)"
is "... unless they are wanted" "4" "$(take --volatile | grep -c free_hugepages)"

printf 'a\nb\\c\n' >"$root/proc/sys/kernel/watchdog"
is "values are one line" 'proc/sys/kernel/watchdog = a\nb\\c' \
    "$(take | grep 'kernel/watchdog ')"
rm "$root/proc/sys/vm/stat_interval"
mkfifo "$root/proc/sys/vm/stat_interval"
is "nothing makes it wait" "proc/sys/vm/stat_interval = " \
    "$(timeout 10 "$snapshot" --sysroot "$root" | grep stat_interval)"
ln -sfn /etc "$root/sys/bus/pci/devices/0000:99:00.0"
is "links do not leave the tree" "sys/bus/pci/devices/0000:99:00.0 -> etc" \
    "$(take | grep 0000:99:00.0)"
"$snapshot" --sysroot "$root/missing" 2>/dev/null
is "a missing tree is an error" 1 $?

echo "1..$count"
[ "$failed" -eq 0 ]
