/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Performance states for the four emulated CPUs, so that acpi-cpufreq binds to them:
 * policy0 and policy1 with one CPU each, policy2 with CPUs 2 and 3. The control register is
 * the POST code port, which takes every write.
 */
DefinitionBlock ("cpufreq.aml", "SSDT", 2, "HTUNE", "CPUFREQ", 1)
{
    External (\_SB.CPUS.C000, DeviceObj)
    External (\_SB.CPUS.C001, DeviceObj)
    External (\_SB.CPUS.C002, DeviceObj)
    External (\_SB.CPUS.C003, DeviceObj)

    Scope (\_SB)
    {
        Name (HPCT, Package () {
            ResourceTemplate () { Register (SystemIO, 16, 0, 0x80) },
            ResourceTemplate () { Register (SystemIO, 16, 0, 0x80) }
        })
        Name (HPSS, Package () {
            Package () { 3000, 35000, 10, 10, 0x1e00, 0x1e00 },
            Package () { 2000, 20000, 10, 10, 0x1400, 0x1400 },
            Package () { 1000, 10000, 10, 10, 0x0a00, 0x0a00 }
        })
    }
    Scope (\_SB.CPUS.C000)
    {
        Method (_PCT) { Return (HPCT) }
        Method (_PSS) { Return (HPSS) }
        Method (_PPC) { Return (0) }
        Name (_PSD, Package () { Package () { 5, 0, 0, 0xfc, 1 } })
    }
    Scope (\_SB.CPUS.C001)
    {
        Method (_PCT) { Return (HPCT) }
        Method (_PSS) { Return (HPSS) }
        Method (_PPC) { Return (0) }
        Name (_PSD, Package () { Package () { 5, 0, 1, 0xfc, 1 } })
    }
    Scope (\_SB.CPUS.C002)
    {
        Method (_PCT) { Return (HPCT) }
        Method (_PSS) { Return (HPSS) }
        Method (_PPC) { Return (0) }
        Name (_PSD, Package () { Package () { 5, 0, 2, 0xfc, 2 } })
    }
    Scope (\_SB.CPUS.C003)
    {
        Method (_PCT) { Return (HPCT) }
        Method (_PSS) { Return (HPSS) }
        Method (_PPC) { Return (0) }
        Name (_PSD, Package () { Package () { 5, 0, 2, 0xfc, 2 } })
    }
}
