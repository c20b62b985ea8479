# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A ledger that cannot be trusted is set aside and reported; the hook goes on without it, and
# does nothing that it says.
# limit: 300

xml=$TMP/next.xml
domain_xml next cells="64@0" pin=0 hugepages=yes \
    tags="<hosttune:hugepages/><hosttune:governor/>" >"$xml"
domain_xml other pin=2 tags="<hosttune:governor/>" >"$TMP/other.xml"

# A good one to start from, of a domain that holds policy2.
hook other "$TMP/other.xml" prepare begin
assert_eq "exit status of prepare" 0 "$RC"
cp -p "$LEDGER" "$TMP/good"
hook other "$TMP/other.xml" release end
assert_host before
boot_id=$(cat /proc/sys/kernel/random/boot_id)
grep -q "$boot_id" "$TMP/good" || fail "the ledger does not hold the boot id"
assert_eq "mode and owner of the ledger" "600 root" "$(stat -c '%a %U' "$TMP/good")"

set_aside() {
    find /run/hosttune -mindepth 1 ! -path "$LEDGER" ! -name lock | grep -q .
}

# damaged WHAT: $LEDGER is bad now.
damaged() {
    step "$1"
    local reported
    snapshot >"$TMP/damaged"
    try 30 hosttune status
    assert_not_crashed
    reported=$RC:$(cat "$LAST")
    try 30 hosttune status --json
    assert_not_crashed
    try 30 hosttune plan "$xml"
    assert_not_crashed
    assert_host damaged
    journalctl --sync
    journalctl -q --no-pager -o cat --show-cursor -n 0 | sed -n 's/^-- cursor: //p' >"$TMP/cursor"
    hook next "$xml" prepare begin
    assert_not_crashed
    assert_eq "exit status of prepare" 0 "$RC"
    assert_eq "pool of node0" 32 "$(pool 0)"
    assert_eq "governor of policy0" performance "$(governor 0)"
    assert_eq "governor of policy2" schedutil "$(governor 2)"
    assert_claims next
    assert_eq "mode and owner of the ledger" "600 root" "$(stat -c '%a %U' "$LEDGER")"
    [ "${2:-}" = another-boot ] || set_aside || fail "the damaged ledger was not set aside"
    journalctl --sync
    journalctl -q --no-pager -o cat --after-cursor "$(cat "$TMP/cursor")" >"$TMP/journal"
    grep -qi ledger "$TMP/journal" || grep -qi ledger <<<"$reported" ||
        fail "neither the journal nor status says anything of the ledger"
    hook next "$xml" release end
    assert_eq "exit status of release" 0 "$RC"
    assert_claims
    assert_host before
    rm -rf /run/hosttune
}

# place FILE: as the ledger.
place() {
    mkdir -p /run/hosttune
    install -m 600 "$1" "$LEDGER"
}

head -c 4096 /dev/urandom >"$TMP/bad"
place "$TMP/bad"
damaged "garbage"

: >"$TMP/bad"
place "$TMP/bad"
damaged "empty"

head -c $(($(stat -c %s "$TMP/good") / 2)) "$TMP/good" >"$TMP/bad"
place "$TMP/bad"
damaged "cut in half"

printf '{"version": 1, "claims": {"other": []}, "boot_id": 7}\n' >"$TMP/bad"
place "$TMP/bad"
damaged "JSON of another shape"

step "of another version of the program: that one's claims are kept"
sed 's/"version": *1,/"version":99,/' "$TMP/good" >"$TMP/bad"
if cmp -s "$TMP/good" "$TMP/bad"; then fail "the version was not found"; fi
place "$TMP/bad"
hook next "$xml" prepare begin
[ "$RC" -ne 0 ] || fail "prepare was not refused"
assert_not_crashed
assert_said "ledger.*version is 99"
hook next "$xml" release end
assert_eq "exit status of release" 0 "$RC"
cmp "$TMP/bad" "$LEDGER" || fail "the other version's ledger was changed"
assert_host before
rm -rf /run/hosttune

sed "s/$boot_id/00000000-1111-2222-3333-444444444444/" "$TMP/good" >"$TMP/bad"
place "$TMP/bad"
damaged "of another boot" another-boot

place "$TMP/good"
chmod 666 "$LEDGER"
damaged "writable by everybody"

place "$TMP/good"
chown nobody "$LEDGER"
damaged "owned by nobody"

rm -rf /run/hosttune
mkdir -p /run/hosttune
cp "$TMP/good" "$TMP/elsewhere"
cp "$TMP/good" "$TMP/elsewhere.copy"
ln -s "$TMP/elsewhere" "$LEDGER"
damaged "a symbolic link"
cmp "$TMP/elsewhere" "$TMP/elsewhere.copy" || fail "the link's target was written to"

# Release alone, of a domain that a damaged ledger may have held.
step "release with a damaged ledger"
place "$TMP/good"
echo '{' >"$LEDGER"
hook other "$TMP/other.xml" release end
assert_eq "exit status of release" 0 "$RC"
assert_host before
rm -rf /run/hosttune
