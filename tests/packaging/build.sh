# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# The packages are made, twice, and looked at. Sourced by run, with lib.sh; sets $tarball, $deb and
# the others that deb.sh and rpm.sh install.

make_package=$source/packaging/make-package

# What a program loads when it needs it: names of libraries in it.
loaded_by() { # PROGRAM
    LC_ALL=C grep -a -o -E 'lib[a-z0-9-]+\.so\.[0-9]+' "$1" | grep -v '^libc\.so' | sort -u
}

# meson dist wants a repository, of what is in the working tree now.
build_dist() {
    local clone=$work/clone

    must "$make_package" source "$work/source"
    mkdir "$clone"
    must tar -C "$clone" --strip-components=1 -xf "$work"/source/hosttune-*.tar.xz
    git -C "$clone" init -q
    git -C "$clone" add -A -f
    git -C "$clone" -c user.name=test -c user.email=test@example.com commit -q -m test
    must meson setup -Dtests=false -Dman=disabled "$work/dist" "$clone"
    must meson dist -C "$work/dist" --no-tests
    tarball=$(ls "$work"/dist/meson-dist/hosttune-*.tar.xz)
    mkdir "$work/one" "$work/two"
    must tar -C "$work/one" -xf "$tarball"
    must tar -C "$work/two" -xf "$work"/source/hosttune-*.tar.xz
    must diff -r "$work/one" "$work/two"
    rm -r "$work/one" "$work/two"
    report "meson dist makes an archive of every file"
}

same_version() {
    local version

    version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" "$source/meson.build")
    same "version in debian/changelog" "$version" \
        "$(dpkg-parsechangelog -l "$source/packaging/debian/changelog" -S Version | sed 's/-[^-]*$//')"
    same "version in the spec" "$version" \
        "$(sed -n 's/^Version: *//p' "$source/packaging/rpm/hosttune.spec")"
    must grep -q "^CHANGES WITH $version:" "$source/packaging/NEWS"
    report "one version everywhere"
}

# As different as two machines may be: another directory, time zone, language, mask, and archive.
build_debs() {
    mkdir -p "$work/elsewhere/and/further"
    "$make_package" deb -t "$tarball" "$work/debs" >"$work/deb.log" 2>&1 || {
        problem "no Debian packages could be made"
        tail -n 30 "$work/deb.log" | sed 's/^/#   /'
    }
    (
        umask 077
        TMPDIR=$work/elsewhere/and/further TZ=Asia/Tokyo LC_ALL=C.UTF-8 \
            must "$make_package" deb "$work/debs-again"
    )
    deb=$(find "$work/debs" -name 'hosttune_*.deb')
    deb_kargs=$(find "$work/debs" -name 'kargs_*.deb')
    must test -n "$deb" -a -n "$deb_kargs"
    report "deb: made from the archive of meson dist"
    for file in "$work"/debs/*.deb; do
        must cmp "$file" "$work/debs-again/${file##*/}"
    done
    report "deb: made again, byte for byte the same"
}

build_rpms() {
    "$make_package" rpm -d -t "$tarball" "$work/rpms" >"$work/rpm.log" 2>&1 || {
        problem "no RPM packages could be made"
        tail -n 30 "$work/rpm.log" | sed 's/^/#   /'
    }
    rpm=$(find "$work/rpms" -name 'hosttune-[0-9]*.rpm' ! -name '*.src.rpm')
    rpm_kargs=$(find "$work/rpms" -name 'kargs-[0-9]*.rpm')
    rpm_source=$(find "$work/rpms" -name '*.src.rpm')
    must test -n "$rpm" -a -n "$rpm_kargs" -a -n "$rpm_source"
    mkdir "$work/rpm"
    rpm2archive - <"$rpm" | tar -C "$work/rpm" -xz
    report "rpm: made from the archive of meson dist"
}

deb_policy() {
    must lintian --allow-root --fail-on error,warning "$work"/debs/*.changes
    report "deb: lintian"
    # The linker is told -pie by meson, which is all it needs.
    must blhc --bindnow --ignore-flag -fPIE "$work/deb.log"
    report "deb: hardened by every command of the build (blhc)"
}

hardened() { # PROGRAM
    local headers symbols

    headers=$(readelf -W -h -l -d "$1")
    symbols=$(readelf -W --dyn-syms "$1")
    grep -q 'Type: *DYN' <<<"$headers" || problem "not position independent"
    grep -q 'GNU_RELRO' <<<"$headers" || problem "no RELRO"
    grep -q 'BIND_NOW\|Flags:.* NOW' <<<"$headers" || problem "not bound at once"
    grep -q 'GNU_STACK.* RW ' <<<"$headers" || problem "an executable stack"
    ! grep -q 'LOAD.* RWE ' <<<"$headers" || problem "a segment to write and execute"
    ! grep -q 'R.*PATH' <<<"$headers" || problem "a path for libraries"
    grep -q '__stack_chk_fail' <<<"$symbols" || problem "no stack protector"
    grep -q '_chk@' <<<"$symbols" || problem "not fortified"
    ! readelf -W -S "$1" | grep -q '\.debug_info' || problem "not stripped"
}

deb_contents() {
    local package soname

    dpkg-deb -x "$deb" "$work/deb"
    dpkg-deb -x "$deb_kargs" "$work/deb-kargs"
    hardened "$work/deb/usr/sbin/hosttune"
    hardened "$work/deb-kargs/usr/sbin/kargs"
    report "deb: the programs are hardened"

    # The package that has it here is among the dependencies, for every library that is loaded.
    dpkg-deb -f "$deb" Depends >"$work/depends"
    while read -r soname; do
        package=$(dpkg -S "*/$soname" | sed 's/:.*//' | head -n 1)
        grep -qw -- "$package" "$work/depends" || problem "no dependency on $soname ($package)"
    done < <(loaded_by "$work/deb/usr/sbin/hosttune")
    same "libraries" 6 "$(loaded_by "$work/deb/usr/sbin/hosttune" | wc -l)"
    dpkg-deb -f "$deb_kargs" Depends >"$work/depends"
    must grep -qw libjson-c5 "$work/depends"
    report "deb: every library that is loaded is a dependency"

    # AppArmor's profile of libvirtd lets it run what the link leads to by this pattern alone.
    must test -x "$work/deb/usr/sbin/hosttune"
    same "configuration" /etc/hosttune/hosttune.conf "$(dpkg-deb -I "$deb" conffiles)"
    same "configuration" /etc/hosttune/kargs.conf "$(dpkg-deb -I "$deb_kargs" conffiles)"
    (cd "$work/deb" && find . -path ./usr/share -prune -o ! -type d -print | LC_ALL=C sort) >"$work/found"
    must diff - "$work/found" <<'END'
./etc/hosttune/hosttune.conf
./usr/libexec/hosttune/install-hook
./usr/sbin/hosttune
END
    report "deb: the files"
}

build_all() {
    same_version
    build_dist
    build_debs
    build_rpms
    if [ "$failed" -eq 0 ]; then
        deb_policy
        deb_contents
        deb_newer=$work/newer.deb
        changed_deb "$deb_newer" 0.2.0-1
        dpkg-deb -x "$deb_newer" "$work/newer"
    fi
}
