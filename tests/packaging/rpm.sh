# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# RPM's packages: what they hold, ask for and do. Sourced by run, with lib.sh; $rpm is the package,
# $rpm_newer a later release of it.

hook=/etc/libvirt/hooks/qemu

# The libraries are there without being packages.
in_rpm() { # OPTION...
    rpm --root "$root" --nodeps --noplugins "$@"
}

# A later release with the same files, packed from them.
make_newer_rpm() {
    local top=$work/repack name

    mkdir -p "$top"/{BUILD,SPECS,BUILDROOT}
    tar -C "$top/BUILD" -xf "$tarball"
    name=$(basename "$rpm" .rpm)
    mkdir "$top/BUILDROOT/${name/-1./-2.}"
    for name in "$rpm" "$rpm_kargs"; do
        rpm2archive - <"$name" | tar -C "$top/BUILDROOT"/* -xz
    done
    sed 's/^\(Release: *\)1/\12/' "$source/packaging/rpm/hosttune.spec" >"$top/SPECS/hosttune.spec"
    rpmbuild -bb --short-circuit --nodeps --define "_topdir $top" "$top/SPECS/hosttune.spec" \
        >"$work/output" 2>&1 || {
        problem "no later release could be packed"
        show_output
    }
    rpm_newer=$(find "$top/RPMS" -name 'hosttune-[0-9]*.rpm')
}

rpm_contents() {
    local soname

    rpm -qpl "$rpm" | grep -v '^/usr/share/\(doc\|licenses\|hosttune/examples\)/\|^/usr/lib/\.build-id' >"$work/found"
    must diff - "$work/found" <<'END'
/etc/hosttune
/etc/hosttune/hosttune.conf
/usr/libexec/hosttune
/usr/libexec/hosttune/install-hook
/usr/sbin/hosttune
/usr/share/bash-completion/completions/hosttune
/usr/share/fish/vendor_completions.d/hosttune.fish
/usr/share/hosttune
/usr/share/hosttune/examples
/usr/share/hosttune/schema
/usr/share/hosttune/schema/hosttune.rng
/usr/share/man/man5/hosttune.conf.5
/usr/share/man/man7/hosttune-metadata.7
/usr/share/man/man7/hosttune-vfio-tools.7
/usr/share/man/man8/hosttune-qemu-hook.8
/usr/share/man/man8/hosttune.8
/usr/share/zsh/site-functions/_hosttune
END
    same "configuration" /etc/hosttune/hosttune.conf "$(rpm -qpc "$rpm")"
    must rpm -qpl "$rpm_kargs"
    said /etc/hosttune/kargs.conf /usr/sbin/kargs /usr/share/man/man8/kargs.8
    report "rpm: the files"

    rpm -qpR "$rpm" >"$work/required"
    while read -r soname; do
        grep -q "^$soname()(64bit)\$\|^$soname\$" "$work/required" || problem "no dependency on $soname"
    done < <(loaded_by "$work/rpm/usr/sbin/hosttune")
    report "rpm: every library that is loaded is a dependency"

    must rpmlint -c "$here/rpmlint.toml" "$rpm" "$rpm_kargs" "$rpm_source"
    report "rpm: rpmlint"
}

rpm_life() {
    new_root
    must in_rpm -i "$rpm"
    must cmp "$root/usr/sbin/hosttune" "$root$hook"
    [ ! -L "$root$hook" ] || problem "the hook is a link"
    same "calls of restorecon" "restorecon $hook" "$(grep restorecon "$root/log")"
    same "reloads" 1 "$(reloads)"
    start_domain
    must in_rpm -U "$rpm_newer"
    must rpm --root "$root" -q hosttune
    said hosttune-0.1.0-2
    must cmp "$root/usr/sbin/hosttune" "$root$hook"
    same "governor" performance "$(governor)"
    must in_root hosttune status
    said "alpha $uuid: live"
    must_fail in_rpm -e hosttune
    said "Stop them first"
    must rpm --root "$root" -q hosttune
    must cmp "$root/usr/sbin/hosttune" "$root$hook"
    end_domain
    must in_rpm -e hosttune
    absent "$hook" "$hook.d" /run/hosttune /usr/sbin/hosttune
    report "rpm: installed as a labelled copy, upgraded and not removed while a domain runs, removed"

    new_root
    own_hook "$hook"
    local before
    before=$(identity "$hook")
    must in_rpm -i "$rpm"
    must cmp "$root/usr/sbin/hosttune" "$root$hook.d/50-hosttune"
    same "calls of restorecon" "restorecon $hook.d/50-hosttune" "$(grep restorecon "$root/log")"
    start_domain
    same "calls of the own hook" 3 "$(grep -c '^own alpha' "$root/log")"
    end_domain
    must in_rpm -U "$rpm_newer"
    same "own hook after the upgrade" "$before" "$(identity "$hook")"
    must in_rpm -e hosttune
    same "own hook after the removal" "$before" "$(identity "$hook")"
    absent "$hook.d"
    report "rpm: beside an administrator's hook, which stays as it is, and runs"
}

rpm_all() {
    make_newer_rpm
    rpm_contents
    rpm_life
}
