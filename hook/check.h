/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether this host, and a domain's XML, are fit for each other: rules, and what they found.
 *
 * A rule is a row of a table: what is fixed about it, and a function that looks. It looks at one thing,
 * and calls check_found() for each time that it is wrong, with the values that it saw. What it could
 * not see is an unknown finding, which check_read() and its like make by themselves: nothing that
 * could not be read counts as good. Rules change nothing.
 *
 *	struct checking checking = { .root = root, ... };
 *	check_run(&checking);
 *	...			checking.findings, graver ones first
 *	checking_done(&checking);
 *
 * To add a rule, add a row and its function to the file of its area, and a case to
 * tests/unit/test-check-*.c: a rule without one is a failure there.
 */
#pragma once

#include "hook/config.h"
#include "hook/guest.h"
#include "hook/host.h"

enum severity {
	SEVERITY_NOTICE, /* worth knowing */
	SEVERITY_WARNING, /* it costs performance or safety */
	SEVERITY_ERROR, /* this domain, or one that is tagged, will not start */
};

const char *severity_name(enum severity severity);

/* What the domain needs of the host; without one, what any defined domain needs that is tagged. */
enum check_need {
	NEED_TAGGED = 1 << 0, /* the hook */
	NEED_KVM = 1 << 1,
	NEED_DEVICES = 1 << 2, /* PCI devices by VFIO */
	NEED_HUGEPAGES = 1 << 3,
	NEED_ISOLATION = 1 << 4,
	NEED_GVT = 1 << 5, /* mediated devices of Intel's graphics */
	NEED_ORDINARY_PAGES = 1 << 6, /* memory that is not in hugepages */
	NEED_PINS = 1 << 7, /* CPUs of its own */
};

struct checking;

struct check_rule {
	const char *id; /* never changes its meaning */
	enum severity severity;
	unsigned need; /* where one of these is needed, */
	enum severity needed; /* it is this grave */
	const char *why; /* it matters */
	const char *remedy; /* what to do; "{}" stands for the subject of the finding */
	void (*look)(struct checking *c);
};

struct check_area {
	const char *name;
	bool of_domain; /* only where a domain is checked */
	const struct check_rule *rules;
	const size_t *n;
};

struct finding {
	const struct check_rule *rule;
	enum severity severity;
	bool unknown; /* could not be found out; .severity is what it could be at worst */
	char *what;
	char *remedy;
	char *evidence; /* where that was seen; NULL: .what says it */
};

struct checking {
	const struct sysroot *root;
	const struct host *host; /* without CPUs where they could not be read */
	const struct guest *guest; /* NULL: the host alone is checked */
	const struct guests *defined; /* libvirt's definitions of all domains */
	unsigned needs; /* enum check_need */

	const struct check_rule *rule; /* that looks at present */
	char *evidence; /* what it read last */

	struct finding *findings; /* out */
	size_t n_findings;
};

extern const struct check_area check_areas[];
extern const size_t n_check_areas;

/* enum check_need of one domain. */
unsigned check_needs(const struct guest *guest);

/* Lets every rule look, and sorts what was found: the gravest first, unknown findings last. */
void check_run(struct checking *c);
void checking_done(struct checking *c);
#define _cleanup_checking_ _cleanup_(checking_done)

/* ---- for rules ---- */

/*
 * Adds a finding of the rule that looks. @subject is what the remedy is about ("kvm_intel"), or NULL. The
 * evidence is what was read last, unless check_evidence() has set another one since.
 */
void check_found(struct checking *c, const char *subject, const char *fmt, ...)
	_printf_(3, 4);
/* The rule cannot tell, for that reason. Once for each rule. */
void check_unknown(struct checking *c, const char *fmt, ...) _printf_(2, 3);
void check_evidence(struct checking *c, const char *fmt, ...) _printf_(2, 3);
/* The same of a path, without its leading slash as everywhere, and what is the matter with it. */
void check_seen(struct checking *c, const char *fmt, ...) _printf_(2, 3);
/* The evidence is that line of the domain's XML. */
void check_line(struct checking *c, unsigned line);

/*
 * An attribute, or NULL: it is not there, or it cannot be read, which is an unknown finding. The caller
 * frees. check_want() is for what every host has: where it is missing, that is unknown too.
 */
char *check_read(struct checking *c, const char *fmt, ...) _printf_(2, 3);
char *check_want(struct checking *c, const char *fmt, ...) _printf_(2, 3);
/* As check_read(), of a file of more than a page. */
char *check_read_file(struct checking *c, const char *fmt, ...) _printf_(2, 3);
/* As check_read(), of a number: true when there is one. What is none is unknown. */
bool check_number(struct checking *c, uint64_t *ret, const char *fmt, ...) _printf_(3, 4);
/* The names in a directory: false when it is not there, or cannot be read, which is unknown. */
bool check_list(struct checking *c, struct strv *ret, const char *fmt, ...)
	_printf_(3, 4);

/* The number of kB behind "<key>:" in /proc/meminfo: false, and unknown, without one. */
bool check_meminfo(struct checking *c, const char *key, uint64_t *ret);

/* The word in brackets of "always [madvise] never", in place; @text where there is none. */
char *check_choice(char *text);
/* "a, b, c and 5 more"; the caller frees. */
char *check_some(const struct strv *names);

/* A flag of the first processor in /proc/cpuinfo (x86). */
bool check_cpu_has(const char *cpuinfo, const char *flag);
/* It is the text of an x86 processor. */
bool check_is_x86(const char *cpuinfo);

/*
 * The value of an argument that the running kernel was booted with, "" for one without; NULL: there is none,
 * or that is unknown. The last one counts. The caller frees.
 */
char *check_argument(struct checking *c, const char *name);

/* The host's CPUs could be read; else that is an unknown finding. */
bool check_has_cpus(struct checking *c);
/* QEMU of the domain runs: it holds already what it needs. */
bool check_is_running(struct checking *c);

/* What processes have open can be seen: of captured hosts, and by root. */
bool check_sees_processes(const struct checking *c);

enum module_state { MODULE_MISSING, MODULE_THERE, MODULE_UNKNOWN };

/* Whether a module is loaded, built in or can be loaded: by the files of this kernel's modules. */
enum module_state check_module(struct checking *c, const char *name);

/* ---- the areas ---- */

#define CHECK_AREAS(X)                          \
	X(cpu, "CPU", false)                    \
	X(iommu, "IOMMU", false)                \
	X(vfio, "VFIO and vGPU", false)         \
	X(memory, "memory", false)              \
	X(kernel, "kernel settings", false)     \
	X(hook, "hook", false)                  \
	X(setup, "setup", false)                \
	X(claim, "claims", true)                \
	X(guest_cpu, "domain: CPUs", true)      \
	X(pins, "domain: pins", true)           \
	X(guest_memory, "domain: memory", true) \
	X(disk, "domain: disks", true)          \
	X(nic, "domain: network", true)         \
	X(hostdev, "domain: devices of the host", true)

#define CHECK_DECLARE(area, name, of_domain)                   \
	extern const struct check_rule check_##area##_rules[]; \
	extern const size_t n_check_##area##_rules;
CHECK_AREAS(CHECK_DECLARE)
