// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rules about the processors that a domain sees. libvirt: formatdomain, "CPU model and topology". */

#include "common/alloc.h"
#include "hook/check.h"

static bool is_kvm(const struct checking *c)
{
	return STREQ(c->guest->type, "kvm");
}

static bool is_basic_model(const char *model)
{
	static const char *const models[] = { "qemu64", "qemu32", "kvm64", "kvm32" };

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		if (STREQ(model, models[i]))
			return true;
	}
	return false;
}

static void look_type(struct checking *c)
{
	if (STREQ(c->guest->type, "qemu") && sysroot_exists(c->root, "dev/kvm"))
		check_found(c, c->guest->domain.name,
			    "the domain's processors are emulated (type 'qemu')");
}

static void look_basic(struct checking *c)
{
	const struct guest *g = c->guest;

	if (!is_kvm(c) || !g->x86)
		return;
	if (!*g->cpu_mode)
		check_found(c, NULL, "the domain has libvirt's default processor");
	else if (g->cpu_model && is_basic_model(g->cpu_model))
		check_found(c, NULL, "the domain's processor is '%s'", g->cpu_model);
}

static void look_mode(struct checking *c)
{
	const struct guest *g = c->guest;

	if (is_kvm(c) && (STREQ(g->cpu_mode, "host-model") ||
			  (g->cpu_model && !is_basic_model(g->cpu_model))))
		check_found(c, NULL,
			    "the domain's processor is '%s' and not the host's own",
			    g->cpu_model ? g->cpu_model : g->cpu_mode);
}

/* QEMU does not turn it on by itself, and drops the threads without it. */
static void look_topoext(struct checking *c)
{
	_cleanup_free_ char *cpuinfo = NULL;

	if (!is_kvm(c) || !c->guest->x86 || c->guest->threads < 2 || c->guest->topoext ||
	    !STREQ(c->guest->cpu_mode, "host-passthrough"))
		return;
	cpuinfo = check_read_file(c, "proc/cpuinfo");
	if (!cpuinfo)
		check_unknown(c, "'/proc/cpuinfo' is not there");
	else if (strstr(cpuinfo, "AuthenticAMD") || strstr(cpuinfo, "HygonGenuine"))
		check_found(c, NULL,
			    "the guest will not see its threads on this processor");
}

static void look_hyperv(struct checking *c)
{
	if (c->guest->windows && !c->guest->hyperv)
		check_found(c, NULL, "Windows runs without Hyper-V enlightenments");
}

static void look_clock(struct checking *c)
{
	if (c->guest->windows && c->guest->hyperv && !c->guest->hypervclock)
		check_found(c, NULL, "Windows has no clock of Hyper-V");
}

static void look_hpet(struct checking *c)
{
	if (c->guest->hpet)
		check_found(c, NULL, "the domain asks for an emulated HPET");
}

static void look_machine(struct checking *c)
{
	const struct guest *g = c->guest;

	if (g->domain.n_hostdevs &&
	    (STREQ(g->machine, "pc") || str_has_prefix(g->machine, "pc-i440fx")))
		check_found(c, NULL,
			    "devices are passed to a machine without PCI Express");
}

static void look_count(struct checking *c)
{
	size_t cpus;

	if (!check_has_cpus(c))
		return;
	cpus = bitset_count(&c->host->cpus_online);
	if (c->guest->vcpus > cpus)
		check_found(c, NULL, "%u vCPUs share %zu CPUs", c->guest->vcpus, cpus);
}

const struct check_rule check_guest_cpu_rules[] = {
	{ "domain-emulated", SEVERITY_WARNING, 0, 0,
	  "emulation takes ten times as long as KVM",
	  "virsh edit {}: <domain type='kvm'>", look_type },
	{ "cpu-model-basic", SEVERITY_WARNING, 0, 0,
	  "the guest does without most of the processor's instructions: AES, AVX, ...",
	  "<cpu mode='host-passthrough'/>", look_basic },
	{ "cpu-model-not-host", SEVERITY_NOTICE, 0, 0,
	  "some instructions, and the caches as they are, are hidden; it lets the domain "
	  "migrate to other processors",
	  "if it does not migrate: <cpu mode='host-passthrough'/>", look_mode },
	{ "topoext-missing", SEVERITY_WARNING, 0, 0,
	  "on AMD's processors QEMU drops the threads of the topology without topoext",
	  "<cpu ...><feature policy='require' name='topoext'/></cpu>", look_topoext },
	{ "hyperv-missing", SEVERITY_WARNING, 0, 0,
	  "Windows then waits, and reads clocks and timers, by ways that KVM has to emulate",
	  "<features><hyperv mode='passthrough'/></features>, or its relaxed, vapic, "
	  "spinlocks, vpindex, synic and stimer",
	  look_hyperv },
	{ "hyperv-clock-missing", SEVERITY_NOTICE, 0, 0,
	  "each look at the clock leaves the guest",
	  "<clock ...><timer name='hypervclock' present='yes'/></clock>", look_clock },
	{ "hpet-on", SEVERITY_NOTICE, 0, 0,
	  "a guest that takes it for its clock leaves to QEMU each time",
	  "<clock ...><timer name='hpet' present='no'/></clock>", look_hpet },
	{ "machine-without-pcie", SEVERITY_NOTICE, 0, 0,
	  "drivers of some devices, graphics above all, want PCI Express",
	  "make the domain anew with machine='q35'", look_machine },
	{ "vcpus-over-cpus", SEVERITY_WARNING, 0, 0,
	  "vCPUs wait for each other, and one that holds a lock stops all",
	  "<vcpu> with fewer than the host has", look_count },
};
const size_t n_check_guest_cpu_rules = ARRAY_SIZE(check_guest_cpu_rules);
