# SPDX-License-Identifier: LGPL-2.1-or-later
#
# hosttune(8) in fish.

set -l commands plan check status release sync devices hook

function __hosttune_domains -d 'Domains that are defined here'
    for file in /etc/libvirt/qemu/*.xml
        string replace -r '.*/(.*)\.xml$' '$1' -- $file
    end
end

function __hosttune_claims -d 'Domains that hold a claim'
    hosttune status 2>/dev/null | string replace -rf '^([^ ]+) [0-9a-f-]{36}: .*' '$1'
end

complete -c hosttune -f
complete -c hosttune -s h -l help -d 'show help'
complete -c hosttune -l version -d 'show the version'
complete -c hosttune -l sysroot -x -a '(__fish_complete_directories)' -d 'the tree to read and change instead of /'
complete -c hosttune -n "not __fish_seen_subcommand_from release sync hook" -l json -d 'print JSON'

complete -c hosttune -n "not __fish_seen_subcommand_from $commands" -a plan -d 'show what starting a domain would change'
complete -c hosttune -n "not __fish_seen_subcommand_from $commands" -a check -d 'show what is wrong with this host, for a domain'
complete -c hosttune -n "not __fish_seen_subcommand_from $commands" -a status -d 'show claims, what each holds, and what drifted'
complete -c hosttune -n "not __fish_seen_subcommand_from $commands" -a release -d 'give claims back by hand'
complete -c hosttune -n "not __fish_seen_subcommand_from $commands" -a sync -d 'finish what processes that died left behind'
complete -c hosttune -n "not __fish_seen_subcommand_from $commands" -a devices -d 'show IOMMU groups and mediated devices'
complete -c hosttune -n "not __fish_seen_subcommand_from $commands" -a hook -d 'do what libvirt calls the hook for'

complete -c hosttune -n "__fish_seen_subcommand_from plan check" -F -a '(__hosttune_domains)'
complete -c hosttune -n "__fish_seen_subcommand_from check" -l list -d 'show all that is looked for, and why'
complete -c hosttune -n "__fish_seen_subcommand_from status release" -a '(__hosttune_claims)'
complete -c hosttune -n "__fish_seen_subcommand_from release" -l stale -d 'claims of domains whose QEMU does not run'
complete -c hosttune -n "__fish_seen_subcommand_from release" -l all -d 'every claim'
complete -c hosttune -n "__fish_seen_subcommand_from hook" -a '(__hosttune_domains)'
