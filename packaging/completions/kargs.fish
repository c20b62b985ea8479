# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kargs(8) in fish.

set -l commands show diff sinks history verify set append remove apply rollback grubby
set -l looks show diff sinks history verify

function __kargs_present -d 'Arguments of the next boot'
    kargs show --next 2>/dev/null | string split -n ' '
end

function __kargs_ids -d 'Changes that were made'
    kargs history 2>/dev/null | string match -ra '[0-9]{8}T[0-9]{6}Z-[0-9]+'
end

complete -c kargs -f
complete -c kargs -n "not __fish_seen_subcommand_from grubby" -s h -l help -d 'show help'
complete -c kargs -n "not __fish_seen_subcommand_from grubby" -l version -d 'show the version'
complete -c kargs -n "not __fish_seen_subcommand_from grubby" -s v -l verbose -d 'say each step'
complete -c kargs -n "not __fish_seen_subcommand_from grubby" -l json -d 'print JSON'
complete -c kargs -n "not __fish_seen_subcommand_from grubby" -l include-rescue -d 'also rescue entries'
complete -c kargs -l root -x -a '(__fish_complete_directories)' -d 'the system to change instead of /'
complete -c kargs -n "not __fish_seen_subcommand_from grubby rollback $looks" -s n -l dry-run -d 'show the differences, write nothing'
complete -c kargs -n "not __fish_seen_subcommand_from grubby $looks" -l force -d "also arguments this host needs to boot; lose others' edits"

complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a show -d 'arguments of the next boot'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a diff -d 'what the next boot has and the running kernel has not'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a sinks -d 'how this host boots, and what is written'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a history -d 'changes made'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a verify -d 'is each argument there, and does it work?'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a set -d 'give a parameter this value'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a append -d 'add one more occurrence or list element'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a remove -d 'remove arguments'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a apply -d 'make profiles and arguments true'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a rollback -d 'put the files of before a change back'
complete -c kargs -n "not __fish_seen_subcommand_from $commands" -a grubby -d 'the same for those who know grubby'

complete -c kargs -n "__fish_seen_subcommand_from show" -l running -d 'of the running kernel'
complete -c kargs -n "__fish_seen_subcommand_from show" -l next -d 'of the next boot'
complete -c kargs -n "__fish_seen_subcommand_from show" -l all -d 'of every entry'
complete -c kargs -n "__fish_seen_subcommand_from set append remove" -a '(__kargs_present)'
complete -c kargs -n "__fish_seen_subcommand_from rollback" -a '(__kargs_ids)'

complete -c kargs -n "__fish_seen_subcommand_from apply" -a iommu -d 'the IOMMU is on'
complete -c kargs -n "__fish_seen_subcommand_from apply" -a passthrough -d 'iommu; with ids, vfio-pci takes these devices at boot'
complete -c kargs -n "__fish_seen_subcommand_from apply" -a gvt -d 'Intel graphics that domains can share'
complete -c kargs -n "__fish_seen_subcommand_from apply" -a hugepages= -d 'pages made at boot: 2Mx1024'
complete -c kargs -n "__fish_seen_subcommand_from apply" -a isolate= -d 'CPUs for domains only'
complete -c kargs -n "__fish_seen_subcommand_from apply" -a no-thp -d 'no transparent hugepages'
complete -c kargs -n "__fish_seen_subcommand_from apply" -a performance -d 'full frequency from boot on'
complete -c kargs -n "__fish_seen_subcommand_from apply" -a latency -d 'no deep idle states'

complete -c kargs -n "__fish_seen_subcommand_from grubby" -l update-kernel -x -a 'ALL DEFAULT (__fish_complete_path /boot/vmlinuz-)' -d 'whose arguments'
complete -c kargs -n "__fish_seen_subcommand_from grubby" -l args -x -d 'add, or give another value'
complete -c kargs -n "__fish_seen_subcommand_from grubby" -l remove-args -x -d 'remove these'
complete -c kargs -n "__fish_seen_subcommand_from grubby" -l info -x -a 'ALL DEFAULT (__fish_complete_path /boot/vmlinuz-)' -d 'show entries'
complete -c kargs -n "__fish_seen_subcommand_from grubby" -l default-kernel -d 'show the kernel that boots next'
complete -c kargs -n "__fish_seen_subcommand_from grubby" -l help -d 'show help'
