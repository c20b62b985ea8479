// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * The storm: random calls for twelve domains on one simulated host, up to sixteen at the same time,
 * some of them killed, and somebody who changes the host meanwhile; after each of them the host has
 * to be what the model says (model.h)
 *
 * usage: storm SIMHOST HOSTTUNE TREE STEPS SEED
 *
 * A step is one call of hosttune. The seed decides what is called; what happens at the same time is
 * the scheduler's choice. Prints TAP, and figures as comments.
 */

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/bitset.h"
#include "common/strv.h"
#include "model.h"
#include "tests/sim/machine.h"

#define CALL_MS 120000
#define BATCH_MAX 16
#define PROBLEMS_MAX 20
#define KILL_MS_MAX 25
#define FIRST_PAGES 16 /* of node 0, in the description */
#define PAGES_MAX 400 /* that somebody else adds */

enum state { OFF, PREPARED, RUNNING, STOPPED };
enum operation { PREPARE, START, STARTED, RECONNECT, STOP, RELEASE, SYNC, STATUS };
#define NOBODY N_DOMAINS
#define UUID "0f9c1a1e-6c52-4d0b-9a53-5f3f5f0a7c%02u"
#define FIRST_PID 9000U

static const char *const operation_names[] = {
	[PREPARE] = "prepare",	   [START] = "start",	[STARTED] = "started",
	[RECONNECT] = "reconnect", [STOP] = "stopped",	[RELEASE] = "release",
	[SYNC] = "sync",	   [STATUS] = "status",
};

/* A call that is under way. */
struct job {
	enum operation operation;
	unsigned domain;
	struct request request; /* of a prepare */
	struct call call;
	bool killed;
};

struct storm {
	struct machine m;
	struct model model;
	enum state state[N_DOMAINS];
	uint64_t random;
	bool verbose;
	unsigned steps, kills, refusals, batches, meddled, checks, idle, problems;
	unsigned of[STATUS + 1]; /* calls of each kind */
};

/* Those that domains ask for, those that somebody else sets, and what it is at first. */
static const char *const governor_names[] = {
	[GOVERNOR_NONE] = "",
	[GOVERNOR_ONDEMAND] = "ondemand",
	[GOVERNOR_PERFORMANCE] = "performance",
	"conservative",
	"userspace",
	"powersave",
	"schedutil",
};
#define FIRST_FOREIGN 3U
#define GOVERNOR_BEFORE (ARRAY_SIZE(governor_names) - 1)

static void tell(const struct storm *s, const struct job *job)
{
	const struct request *r = &job->request;

	if (!s->verbose)
		return;
	printf("# %u: d%u %s: %d%s", s->steps, job->domain,
	       operation_names[job->operation], job->call.status,
	       job->killed ? " killed" : "");
	if (job->operation == PREPARE)
		printf(": %s %u-%u, stat %u, %u pages of %u, device %d, %" PRIx64,
		       governor_names[r->governor], r->first_policy, r->end_policy,
		       r->stat_interval, r->pages, r->node, r->device, r->isolated);
	putchar('\n');
}

static void problem(struct storm *s, const char *fmt, ...) _printf_(2, 3);
static void problem(struct storm *s, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	printf("# step %u: %s\n", s->steps, text);
	s->problems++;
}

/* The number that the text begins with; 0 if there is none. */
static unsigned number_of(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

/* xorshift64*: the same on every machine. */
static unsigned pick(struct storm *s, unsigned below)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (unsigned)((s->random * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* ---- domains ---- */

/*
 * Of several starts at the same time the one may take another's interval for the host's own, and
 * keep it up: all of them ask for the same one then.
 */
static struct request make_request(struct storm *s, bool alone)
{
	static const unsigned intervals[] = { 10, 60, 120 };
	struct request r = { .device = -1 };

	if (pick(s, 3)) {
		r.governor = 1 + pick(s, 2);
		r.first_policy = pick(s, N_POLICIES - 2);
		r.end_policy = r.first_policy + 1 + pick(s, 3);
		r.end_policy = MIN(r.end_policy, N_POLICIES);
	}
	if (!pick(s, 3))
		r.stat_interval = alone ? intervals[pick(s, ARRAY_SIZE(intervals))] : 60;
	if (pick(s, 3)) {
		r.pages = 1 + pick(s, 96);
		r.node = pick(s, N_NODES);
	}
	if (!pick(s, 3))
		r.device = (int)pick(s, N_DEVICES);
	if (!pick(s, 5))
		r.isolated = UINT64_C(0x100000001) << pick(s, 8);
	if (!r.governor && !r.pages)
		r.stat_interval = 60;
	return r;
}

static char *cpu_list(uint64_t cpus)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	for (unsigned i = 0; i < N_CPUS; i++) {
		if (cpus >> i & 1)
			bitset_add(&set, i);
	}
	return bitset_format(&set);
}

static void write_elements(FILE *file, const struct request *r)
{
	_cleanup_free_ char *isolated = cpu_list(r->isolated);

	if (r->pages)
		fputs("<h:hugepages/>", file);
	if (r->governor)
		fprintf(file, "<h:governor name=\"%s\" cpuset=\"%u-%u\"/>",
			governor_names[r->governor], r->first_policy, r->end_policy - 1);
	if (r->stat_interval)
		fprintf(file, "<h:quiet stat-interval=\"%u\"/>", r->stat_interval);
	if (r->device >= 0)
		fputs("<h:passthrough/>", file);
	if (r->isolated)
		fprintf(file, "<h:isolation cpuset=\"%s\" partition=\"no\"/>", isolated);
}

static char *xml_path(const struct storm *s, unsigned domain)
{
	return xasprintf("%s/d%u.xml", s->m.work, domain);
}

static void write_xml(const struct storm *s, unsigned domain, const struct request *r)
{
	_cleanup_free_ char *path = xml_path(s, domain);
	FILE *file = fopen(path, "we");

	if (!file)
		return; /* the call will say so */
	fprintf(file,
		"<domain type=\"kvm\"><name>d%u</name>"
		"<uuid>" UUID "</uuid>"
		"<metadata><h:host xmlns:h=\"urn:hosttune:1\">",
		domain, domain);
	write_elements(file, r);
	fprintf(file, "</h:host></metadata><memory unit=\"MiB\">%u</memory>",
		r->pages ? 2 * r->pages : 64);
	if (r->pages)
		fprintf(file,
			"<memoryBacking><hugepages/></memoryBacking>"
			"<numatune><memory mode=\"strict\" nodeset=\"%u\"/></numatune>",
			r->node);
	if (r->device >= 0)
		fprintf(file,
			"<devices><hostdev mode=\"subsystem\" type=\"pci\" managed=\"no\">"
			"<source><address domain=\"0x0000\" bus=\"0x18\" slot=\"0x10\" "
			"function=\"0x%d\"/></source></hostdev></devices>",
			r->device);
	fputs("</domain>\n", file);
	(void)fclose(file); /* a full disk shows in the next call */
}

/* ---- calls ---- */

/* The process, as libvirt and the kernel show it. */
static void show_qemu(struct storm *s, unsigned domain, bool runs)
{
	const struct request *r = &s->model.request[domain];
	_cleanup_free_ char *lines = NULL;

	if (runs)
		lines = xasprintf("run/libvirt/qemu/d%u.pid = %u\n"
				  "proc/%u/cmdline = qemu-system-x86_64 -uuid " UUID "\n"
				  "proc/%u/numa_maps = 7f00 bind:%u file=/memfd: huge "
				  "dirty=%u N%u=%u kernelpagesize_kB=2048\n",
				  domain, FIRST_PID + domain, FIRST_PID + domain, domain,
				  FIRST_PID + domain, r->node, r->pages, r->node,
				  r->pages);
	else
		lines = xasprintf("!run/libvirt/qemu/d%u.pid\n!proc/%u\n", domain,
				  FIRST_PID + domain);
	if (machine_put(&s->m, "sim/load", lines) < 0)
		problem(s, "the process of d%u cannot be shown", domain);
}

/* QEMU takes its pages before libvirt says that it has started, and is gone before it says so. */
static void set_running(struct storm *s, unsigned domain, bool runs)
{
	struct model *m = &s->model;
	unsigned node = m->request[domain].node;
	char path[64], used[16];

	if (m->runs[domain] == runs)
		return;
	m->runs[domain] = runs;
	m->ended[domain] = !runs;
	show_qemu(s, domain, runs);
	(void)snprintf(path, sizeof(path), "sim/node%u/hugepages-2048kB/in_use", node);
	(void)snprintf(used, sizeof(used), "%u", model_pages_used(m, node));
	if (machine_put(&s->m, path, used) < 0)
		problem(s, "QEMU of d%u cannot have its pages", domain);
}

static void begin(struct storm *s, struct job *job, enum operation operation,
		  unsigned domain, bool alone)
{
	_cleanup_free_ char *path = xml_path(s, domain);
	char name[8];
	bool ends = operation == STOP || operation == RELEASE;

	*job = (struct job){ .operation = operation, .domain = domain };
	(void)snprintf(name, sizeof(name), "d%u", domain);
	s->steps++;
	s->of[operation]++;
	if (operation == STARTED || operation == STOP || operation == RELEASE)
		set_running(s, domain, operation == STARTED);
	if (operation == PREPARE) {
		job->request = make_request(s, alone);
		write_xml(s, domain, &job->request);
	}
	if (operation == SYNC || operation == STATUS)
		machine_start(&s->m, &job->call, NULL,
			      (const char *[]){ operation_names[operation], NULL });
	else
		machine_start(&s->m, &job->call, path,
			      (const char *[]){ "hook", name, operation_names[operation],
						ends ? "end" : "begin", "-", NULL });
}

/* Two that want one device at the same time: the other one may have got it, or had it. */
static bool may_be_refused(const struct storm *s, const struct job *job,
			   const struct job *jobs, size_t n)
{
	if (model_holder(&s->model, job->request.device) >= 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		const struct request *other =
			jobs[i].operation == PREPARE ?
				&jobs[i].request :
				&s->model.request[jobs[i].domain % N_DOMAINS];

		if (&jobs[i] != job && job->request.device >= 0 &&
		    other->device == job->request.device)
			return true;
	}
	return false;
}

static void end_prepare(struct storm *s, const struct job *job, const struct job *jobs,
			size_t n)
{
	int holder = model_holder(&s->model, job->request.device);

	if (job->call.status == 0) {
		if (holder >= 0 && holder != (int)job->domain)
			problem(s, "d%u got the device of d%d", job->domain, holder);
		model_take(&s->model, job->domain, &job->request);
		s->state[job->domain] = PREPARED;
		return;
	}
	s->refusals++;
	s->state[job->domain] = OFF;
	model_give(&s->model, job->domain); /* a former claim goes first */
	if (!strstr(job->call.err, "is held by domain") ||
	    !may_be_refused(s, job, jobs, n))
		problem(s, "prepare of d%u was refused: %s", job->domain, job->call.err);
}

static void end(struct storm *s, const struct job *job, const struct job *jobs, size_t n)
{
	static const enum state after[STATUS + 1] = {
		[PREPARE] = PREPARED,  [START] = PREPARED, [STARTED] = RUNNING,
		[RECONNECT] = RUNNING, [STOP] = STOPPED,   [RELEASE] = OFF,
	};
	const struct call *call = &job->call;

	tell(s, job);
	if (job->operation == PREPARE) {
		end_prepare(s, job, jobs, n);
		return;
	}
	/* What somebody else changed is what status is to tell. */
	if (call->status != 0 && !(job->operation == STATUS && call->status == 1))
		problem(s, "%s of d%u ends with %d: %s", operation_names[job->operation],
			job->domain, call->status, call->err);
	if (job->domain < N_DOMAINS)
		s->state[job->domain] = after[job->operation];
	if (job->operation == RELEASE)
		model_give(&s->model, job->domain);
}

/* One after the other. */
static void call(struct storm *s, enum operation operation, unsigned domain)
{
	struct job job;

	begin(s, &job, operation, domain, true);
	machine_wait(&job.call, CALL_MS);
	end(s, &job, &job, 1);
	call_done(&job.call);
}

/* libvirt saw its hook fail, or the administrator does what it will not. */
static void clean_up(struct storm *s, struct job *job, bool is_last)
{
	char name[8];

	s->kills++;
	tell(s, job);
	if (job->operation == PREPARE)
		model_killed(&s->model, &job->request);
	if (job->domain == NOBODY)
		return;
	if (job->operation != PREPARE && job->operation != RELEASE) {
		/* It took nothing, and gave nothing back. */
		s->state[job->domain] = s->model.runs[job->domain] ? RUNNING : STOPPED;
		return;
	}
	if (!pick(s, 3))
		call(s, SYNC, NOBODY);
	if (is_last && !pick(s, 3)) {
		/* It starts again at once, which ends what was left first. */
		model_give(&s->model, job->domain);
		call(s, PREPARE, job->domain);
	} else if (!pick(s, 3)) {
		(void)snprintf(name, sizeof(name), "d%u", job->domain);
		call_done(&job->call);
		s->steps++;
		machine_start(&s->m, &job->call, NULL,
			      (const char *[]){ "release", name, NULL });
		machine_wait(&job->call, CALL_MS);
		model_give(&s->model, job->domain);
		s->state[job->domain] = OFF;
	} else {
		call(s, RELEASE, job->domain);
	}
}

/* ---- what it has to be ---- */

/* "+ PATH = VALUE" of what is different from the beginning. */
struct difference {
	struct strv lines;
};

static void read_difference(struct storm *s, struct difference *ret)
{
	_cleanup_free_ char *text = NULL;

	*ret = (struct difference){ STRV_NULL };
	if (machine_put(&s->m, "sim/difference", "before") < 0)
		problem(s, "no difference can be had");
	text = machine_get(&s->m, "sim/difference");
	strv_split(&ret->lines, text ? text : "", "\n");
}

static const char *value(const struct difference *d, const char *path, const char *before)
{
	size_t n = strlen(path);

	strv_for_each(line, &d->lines) {
		if (line[0] == '+' && strncmp(line + 2, path, n) == 0 &&
		    strncmp(line + 2 + n, " = ", 3) == 0)
			return line + n + 5;
		if (line[0] == '+' && strncmp(line + 2, path, n) == 0 &&
		    strncmp(line + 2 + n, " -> ", 4) == 0)
			return strrchr(line, '/') + 1;
	}
	return before;
}

static void expect(struct storm *s, const struct difference *d, const char *path,
		   const char *before, const char *wanted)
{
	const char *is = value(d, path, before);

	if (!STREQ(is, wanted))
		problem(s, "'%s' is '%s', not '%s'", path, is, wanted);
}

static void check_governors(struct storm *s, const struct difference *d)
{
	for (unsigned i = 0; i < N_POLICIES; i++) {
		struct attribute *a = &s->model.governor[i];
		char path[128];
		const char *is;
		unsigned seen = 1;

		(void)snprintf(path, sizeof(path),
			       "sys/devices/system/cpu/cpufreq/policy%u/scaling_governor",
			       i);
		is = value(d, path, "schedutil");
		while (seen < GOVERNOR_BEFORE && !STREQ(governor_names[seen], is))
			seen++;
		if (!model_attribute_is(&s->model, a, seen))
			problem(s, "policy%u is '%s', not '%s'%s", i, is,
				governor_names[a->value], a->foreign ? ", foreign" : "");
	}
}

static void check_stat_interval(struct storm *s, const struct difference *d)
{
	struct attribute *a = &s->model.stat_interval;
	unsigned seen = number_of(value(d, "proc/sys/vm/stat_interval", "1"));

	if (!model_attribute_is(&s->model, a, seen))
		problem(s, "stat_interval is %u, not %u", seen, a->value);
}

/* What hosttune added is in the ledger; what is there has to do for all that are promised some. */
static void check_pages(struct storm *s, const struct difference *d)
{
	_cleanup_free_ char *ledger = machine_get(&s->m, "run/hosttune/ledger.json");

	for (unsigned i = 0; i < N_NODES; i++) {
		char path[128], wish[64];
		unsigned added = 0, is;

		(void)snprintf(path, sizeof(path),
			       "sys/devices/system/node/node%u/hugepages/"
			       "hugepages-2048kB/nr_hugepages",
			       i);
		is = number_of(value(d, path, i == 0 ? "16" : "0"));
		(void)snprintf(wish, sizeof(wish), "node%u/2048kB", i);
		for (const char *p = ledger; p && (p = strstr(p, wish)); p++) {
			const char *end = p + strcspn(p, "}"),
				   *at = strstr(p, "\"added\"");

			if (at && at < end)
				added += number_of(at + strcspn(at, "0123456789"));
		}
		if (is != s->model.pages[i] + added)
			problem(s, "node%u has %u pages, not %u and %u", i, is,
				s->model.pages[i], added);
		if (is < model_pages_needed(&s->model, i))
			problem(s, "node%u has %u pages for %u that are promised", i, is,
				model_pages_needed(&s->model, i));
	}
}

static void check_devices(struct storm *s, const struct difference *d)
{
	for (int i = 0; i < N_DEVICES; i++) {
		bool held = model_holder(&s->model, i) >= 0;
		char path[128];

		(void)snprintf(path, sizeof(path),
			       "sys/devices/pci0000:17/0000:17:00.0/0000:18:10.%d/"
			       "driver_override",
			       i);
		expect(s, d, path, "(null)", held ? "vfio-pci" : "(null)");
		*strrchr(path, '_') = '\0'; /* .../driver */
		expect(s, d, path, "iavf", held ? "vfio-pci" : "iavf");
	}
}

static void check_isolation(struct storm *s, const struct difference *d)
{
	uint64_t isolated = model_isolated(&s->model);
	_cleanup_free_ char *list = cpu_list(~isolated), *mask = NULL;

	mask = xasprintf("%08x,%08x", (unsigned)(~isolated >> 32), (unsigned)~isolated);
	expect(s, d, "proc/irq/default_smp_affinity", "ffffffff,ffffffff", mask);
	expect(s, d, "sys/fs/cgroup/system.slice/cpuset.cpus", "", isolated ? list : "");
	expect(s, d, "sys/fs/cgroup/init.scope/cpuset.cpus", "", isolated ? list : "");
}

/* When nobody holds anything: all is as it was but for what somebody else did. */
static void check_idle(struct storm *s, const struct difference *d)
{
	static const char *const others[] = {
		"/scaling_governor", "/stat_interval", "_hugepages",
		"meminfo",	     "run/hosttune",   "nr_hugepages_mempolicy"
	};

	s->idle++;
	strv_for_each(line, &d->lines) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			known = known || strstr(line, others[i]);
		if (!known)
			problem(s, "nobody holds anything, and yet: %s", line);
		if (strstr(line, "run/hosttune/ledger.json ="))
			problem(s, "nobody holds anything, and there is a ledger: %s",
				line);
	}
}

static void check(struct storm *s)
{
	struct difference d;

	s->checks++;
	read_difference(s, &d);
	check_governors(s, &d);
	check_stat_interval(s, &d);
	check_pages(s, &d);
	check_devices(s, &d);
	check_isolation(s, &d);
	if (model_is_idle(&s->model))
		check_idle(s, &d);
	strv_done(&d.lines);
}

/* ---- what happens ---- */

static enum operation next(struct storm *s, unsigned domain)
{
	switch (s->state[domain]) {
	case OFF:
		return pick(s, 10) ? PREPARE : RELEASE;
	case PREPARED:
		return pick(s, 3) ? STARTED : RELEASE;
	case RUNNING:
		return pick(s, 4) ? STOP : RECONNECT;
	default:
		return RELEASE;
	}
}

/*
 * A QEMU that takes its pages while another start counts them is counted twice by that one, which
 * then adds too many and later takes away too many: hosttune does not handle that yet.
 */
static bool must_be_alone(struct storm *s, unsigned domain, enum operation operation)
{
	return operation == STARTED && s->model.request[domain].pages > 0;
}

/* Calls for different domains at the same time; libvirt makes one at a time for each. */
static void batch(struct storm *s)
{
	struct job jobs[BATCH_MAX] = { 0 };
	bool busy[N_DOMAINS] = { false };
	size_t n = 0, killed = 0, wanted = 2 + pick(s, BATCH_MAX - 1);
	bool killing = !pick(s, 4);

	s->batches++;
	if (s->verbose)
		puts("# at the same time:");
	while (n < wanted) {
		unsigned domain = pick(s, N_DOMAINS + 2);

		if (domain >= N_DOMAINS) {
			begin(s, &jobs[n++], pick(s, 2) ? SYNC : STATUS, NOBODY, false);
		} else if (!busy[domain]) {
			enum operation operation = next(s, domain);

			busy[domain] = true;
			if (!must_be_alone(s, domain, operation))
				begin(s, &jobs[n++], operation, domain, false);
		} else if (pick(s, 4) == 0) {
			wanted--;
		}
	}
	if (killing) {
		(void)usleep(pick(s, KILL_MS_MAX * 1000));
		for (size_t i = 0; i < n; i++) {
			if (!pick(s, 3))
				(void)kill(jobs[i].call.pid, SIGKILL);
		}
	}
	for (size_t i = 0; i < n; i++) {
		machine_wait(&jobs[i].call, CALL_MS);
		jobs[i].killed = killing && jobs[i].call.status == 128 + SIGKILL;
		killed += jobs[i].killed;
	}
	/* What was given back is free for others, whichever came first. */
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].operation != PREPARE && !jobs[i].killed)
			end(s, &jobs[i], jobs, n);
	}
	for (size_t i = 0; i < n; i++) {
		/* It did not say so, and still gave back what others have now. */
		if (jobs[i].operation == RELEASE && jobs[i].killed)
			model_give(&s->model, jobs[i].domain);
	}
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].operation == PREPARE && !jobs[i].killed)
			end(s, &jobs[i], jobs, n);
	}
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].killed)
			clean_up(s, &jobs[i], --killed == 0);
	}
	for (size_t i = 0; i < n; i++)
		call_done(&jobs[i].call);
}

/* libvirtd starts again: all that run are reconnected, each by a thread of its own. */
static void restart(struct storm *s)
{
	struct job jobs[N_DOMAINS] = { 0 };
	size_t n = 0;

	for (unsigned d = 0; d < N_DOMAINS; d++) {
		if (s->state[d] == RUNNING)
			begin(s, &jobs[n++], RECONNECT, d, false);
	}
	for (size_t i = 0; i < n; i++) {
		machine_wait(&jobs[i].call, CALL_MS);
		end(s, &jobs[i], jobs, n);
		call_done(&jobs[i].call);
	}
}

/* Somebody else writes what nobody asked for: a governor, a knob, more pages. */
static void meddle(struct storm *s)
{
	unsigned i = pick(s, N_POLICIES), node = pick(s, N_NODES), number;
	struct attribute *a = &s->model.governor[i];
	char path[128], text[32];
	_cleanup_free_ char *now = NULL;

	s->meddled++;
	if (s->verbose)
		puts("# somebody else");
	switch (pick(s, 3)) {
	case 0:
		number = FIRST_FOREIGN + pick(s, 3);
		if (number == a->before || number == a->value)
			return;
		(void)snprintf(path, sizeof(path),
			       "sys/devices/system/cpu/cpufreq/policy%u/scaling_governor",
			       i);
		(void)machine_put(&s->m, path, governor_names[number]);
		model_meddle(&s->model, a, number);
		break;
	case 1:
		/* Never quieter than what domains ask for, which would win. */
		number = 2 + pick(s, 8);
		if (number == s->model.stat_interval.before ||
		    number == s->model.stat_interval.value)
			return;
		(void)snprintf(text, sizeof(text), "%u", number);
		(void)machine_put(&s->m, "proc/sys/vm/stat_interval", text);
		model_meddle(&s->model, &s->model.stat_interval, number);
		break;
	default:
		if (s->model.pages[node] > PAGES_MAX)
			return;
		(void)snprintf(path, sizeof(path),
			       "sys/devices/system/node/node%u/hugepages/"
			       "hugepages-2048kB/nr_hugepages",
			       node);
		now = machine_get(&s->m, path);
		number = 1 + pick(s, 30);
		(void)snprintf(text, sizeof(text), "%u",
			       number_of(now ? now : "0") + number);
		(void)machine_put(&s->m, path, text);
		s->model.pages[node] += number;
		break;
	}
}

static void begin_again(struct storm *s)
{
	for (unsigned i = 0; i < N_POLICIES; i++)
		s->model.governor[i] = (struct attribute){ .before = GOVERNOR_BEFORE,
							   .value = GOVERNOR_BEFORE };
	s->model.stat_interval = (struct attribute){ .before = 1, .value = 1 };
	s->model.pages[0] = FIRST_PAGES;
	s->model.pages[1] = 0;
}

/* All end, and he takes back what he did: then nothing at all is different. */
static void drain(struct storm *s)
{
	struct difference d;

	for (unsigned i = 0; i < N_DOMAINS; i++) {
		if (s->state[i] != OFF)
			call(s, RELEASE, i);
	}
	check(s);
	(void)machine_put(&s->m, "sim/restore", "idle");
	read_difference(s, &d);
	if (d.lines.n > 0)
		problem(s, "the machine cannot be put back");
	strv_done(&d.lines);
	begin_again(s);
}

static void one_after_the_other(struct storm *s)
{
	unsigned domain = pick(s, N_DOMAINS);

	if (s->state[domain] == PREPARED && !pick(s, 6))
		call(s, PREPARE, domain); /* its end never came */
	else
		call(s, next(s, domain), domain);
}

/* What was written in the last turn. */
static void tell_changes(const struct storm *s)
{
	_cleanup_free_ char *changes = machine_get(&s->m, "sim/changes");
	_cleanup_strv_ struct strv lines = STRV_NULL;

	strv_split(&lines, changes ? changes : "", "\n");
	strv_for_each(line, &lines) {
		printf("#   %s\n", line);
	}
}

static void storm(struct storm *s, unsigned steps)
{
	(void)machine_put(&s->m, "sim/load",
			  "run/libvirt/qemu/\n"
			  "sim/node{0..1}/hugepages-2048kB/in_use = 0\n");
	(void)machine_put(&s->m, "sim/checkpoint", "before");
	(void)machine_put(&s->m, "sim/checkpoint", "idle");
	begin_again(s);
	for (unsigned i = 0; i < N_DOMAINS; i++)
		write_xml(s, i, &(struct request){ .device = -1 });
	while (s->steps < steps && s->problems < PROBLEMS_MAX) {
		unsigned dice = pick(s, 100), problems = s->problems;

		if (s->verbose)
			(void)machine_put(&s->m, "sim/changes", "\n");

		if (dice < 45)
			batch(s);
		else if (dice < 80)
			one_after_the_other(s);
		else if (dice < 94)
			meddle(s);
		else if (dice < 97)
			restart(s);
		else
			drain(s);
		check(s);
		if (s->verbose && s->problems > problems)
			tell_changes(s);
	}
	drain(s);
}

static void print_figures(const struct storm *s)
{
	printf("# %u steps, %u at the same time on average of %u batches:", s->steps,
	       s->batches ? s->steps / s->batches : 0, s->batches);
	for (size_t i = 0; i < ARRAY_SIZE(s->of); i++)
		printf(" %u %s", s->of[i], operation_names[i]);
	printf("\n# %u killed, %u refused, %u changes by others, %u checks, %u of them "
	       "idle\n",
	       s->kills, s->refusals, s->meddled, s->checks, s->idle);
}

int main(int argc, char **argv)
{
	struct storm s = { 0 };

	if (argc != 6) {
		fprintf(stderr, "usage: storm SIMHOST HOSTTUNE TREE STEPS SEED\n");
		return 2;
	}
	if (!machine_possible())
		return 0;
	s.verbose = getenv("STORM_VERBOSE");
	s.random = strtoull(argv[5], NULL, 10) * 2 + 1;
	machine_open(&s.m, argv[1], argv[2], (const char *[]){ argv[3] }, 1);
	storm(&s, (unsigned)strtoul(argv[4], NULL, 10));
	machine_close(&s.m);
	print_figures(&s);
	printf("%s 1 - %u steps, seed %s\n1..1\n", s.problems ? "not ok" : "ok", s.steps,
	       argv[5]);
	return s.problems != 0;
}
