// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A running irqbalance; see irqbalance.h.
 *
 * Protocol (irqbalance 1.5 to 1.9: irqbalance.c, sock_handle()): one request for each connection to
 * /run/irqbalance/irqbalance<pid>.sock, with the sender's credentials, of at most 500 bytes.
 *	setup			-> "SLEEP 10 IRQ 24 ... BANNED 0000000c"
 *	settings cpus 2-3	banned are these instead of what is configured
 *	settings cpus NULL	banned is what is configured, again
 * Configured is IRQBALANCE_BANNED_CPUS (a mask) or IRQBALANCE_BANNED_CPULIST in its environment;
 * without either, what the kernel was booted with as isolcpus and nohz_full.
 */

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/log.h"
#include "common/parse.h"
#include "hook/cpumask.h"
#include "hook/irqbalance.h"

#define SOCKET_DIR "run/irqbalance"
#define NAME "irqbalance"
#define SUFFIX ".sock"
#define CONFIGURED "configured" /* banned is what is configured, as opposed to a list */
#define ANSWER_MS 300
#define ANSWER_MAX (1U << 20)
#define REQUEST_MAX 499

/* ---- socket ---- */

/* Connects to the socket, which is below the root: its path is too long for an address, perhaps. */
static int open_socket(const struct sysroot *root, const char *object)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int dir = sysroot_openf(root, O_PATH | O_DIRECTORY, SOCKET_DIR);
	_cleanup_close_ int fd = -1;
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (dir < 0)
		return dir;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return negative_errno();
	if (snprintf(address.sun_path, sizeof(address.sun_path),
		     "/proc/self/fd/%d/%s" SUFFIX, dir,
		     object) >= (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return negative_errno();
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return negative_errno();
	if (peer.uid != geteuid())
		return -EPERM; /* not root's: no irqbalance */
	return TAKE_FD(fd);
}

static int send_request(int fd, const char *request)
{
	const struct ucred self = { getpid(), getuid(), getgid() };
	union {
		char buffer[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)request, strlen(request) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buffer,
		.msg_controllen = sizeof(control.buffer),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t n;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_CREDENTIALS;
	header->cmsg_len = CMSG_LEN(sizeof(self));
	memcpy(CMSG_DATA(header), &self, sizeof(self));
	n = sendmsg(fd, &message, MSG_NOSIGNAL);
	if (n < 0)
		return negative_errno();
	return (size_t)n == strlen(request) ? 0 : -EIO;
}

/* Reads until the other side closes. */
static int read_answer(int fd, char **ret)
{
	const uint64_t deadline = deadline_in_ms(ANSWER_MS);
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	while (size < ANSWER_MAX) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int left = deadline_left_ms(deadline);
		ssize_t n;

		if (left == 0 || poll(&wait, 1, left) == 0)
			return -ETIMEDOUT;
		text = xreallocarray(text, size + 4096 + 1, 1);
		n = read(fd, text + size, 4096);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return negative_errno();
		size += (size_t)n;
		text[size] = '\0';
		if (n == 0) {
			*ret = TAKE_PTR(text);
			return 0;
		}
	}
	return -EFBIG;
}

/* The CPUs that it says it keeps interrupts off, as a list. */
static int read_banned(const struct sysroot *root, const char *object, char **ret)
{
	_cleanup_close_ int fd = open_socket(root, object);
	_cleanup_bitset_ struct bitset banned = BITSET_NULL;
	_cleanup_free_ char *answer = NULL;
	char *mask;
	int r;

	if (fd < 0)
		return fd;
	r = send_request(fd, "setup");
	if (r == 0)
		r = read_answer(fd, &answer);
	if (r < 0)
		return r;
	mask = strstr(answer, "BANNED ");
	if (!mask)
		return -EPROTO;
	mask += strlen("BANNED ");
	mask[strcspn(mask, " \n")] = '\0';
	r = cpumask_parse(mask, &banned);
	if (r < 0)
		return r;
	*ret = bitset_format(&banned);
	return 0;
}

/* ---- what is configured ---- */

static void add_kernel_list(const struct sysroot *root, const char *name,
			    struct bitset *ret)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (sysroot_read(root, &list, "sys/devices/system/cpu/%s", name) == 0 &&
	    bitset_parse(list, &cpus) == 0)
		bitset_add_all(ret, &cpus);
}

/* The value of a variable in "A=1\0B=2\0"; NULL: none, or an empty one. */
static const char *variable(const char *environment, size_t size, const char *name)
{
	for (size_t i = 0; i < size; i += strlen(environment + i) + 1) {
		const char *v = environment + i;

		if (str_has_prefix(v, name) && v[strlen(name)] == '=')
			return v[strlen(name) + 1] ? v + strlen(name) + 1 : NULL;
	}
	return NULL;
}

static char *configured_cpus(const struct sysroot *root, const char *object)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *environment = NULL;
	const char *mask = NULL, *list = NULL;
	size_t size = 0;

	if (sysroot_read_file(root, 1U << 20, &environment, &size, "proc/%s/environ",
			      object + strlen(NAME)) == 0) {
		mask = variable(environment, size, "IRQBALANCE_BANNED_CPUS");
		list = variable(environment, size, "IRQBALANCE_BANNED_CPULIST");
	}
	if (mask) {
		(void)!cpumask_parse(mask, &cpus); /* what cannot be read it ignores too */
	} else if (list) {
		(void)!bitset_parse(list, &cpus);
	} else {
		add_kernel_list(root, "isolated", &cpus);
		add_kernel_list(root, "nohz_full", &cpus);
	}
	return bitset_format(&cpus);
}

/* ---- survey ---- */

struct daemon {
	const struct host *host;
	const char *object;
	const struct bitset *isolated;
	bool taking;
	struct changes *changes;
};

/* CONFIGURED or a list, as a list. */
static char *as_list(const struct daemon *d, const char *value)
{
	return STREQ(value, CONFIGURED) ? configured_cpus(d->host->root, d->object) :
					  xstrdup(value);
}

static char *wanted_for(const struct daemon *d, const char *baseline)
{
	_cleanup_free_ char *list = as_list(d, baseline);
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;

	if (bitset_is_empty(d->isolated))
		return xstrdup(baseline);
	if (bitset_parse(list, &cpus) < 0)
		bitset_done(&cpus);
	bitset_add_all(&cpus, d->isolated);
	return bitset_format(&cpus);
}

static bool is_same(const struct daemon *d, const char *value, const char *banned)
{
	_cleanup_free_ char *list = as_list(d, value);

	return STREQ(list, banned);
}

static char *baseline_of(const struct daemon *d, const char *banned)
{
	return xstrdup(is_same(d, CONFIGURED, banned) ? CONFIGURED : banned);
}

/* Something that it was told since it last said so, or what was before. */
static bool is_ours(const struct daemon *d, const struct entry *entry, const char *banned)
{
	_cleanup_strv_ struct strv told = STRV_NULL;

	if (!banned || is_same(d, entry->written, banned) ||
	    is_same(d, entry->baseline, banned))
		return true;
	strv_split(&told, entry->previous, ";");
	strv_for_each(value, &told) {
		if (is_same(d, value, banned))
			return true;
	}
	return false;
}

static void tell(const struct daemon *d, struct entry *entry, const char *banned)
{
	_cleanup_free_ char *wanted = wanted_for(d, entry->baseline), *told = NULL;

	if (STREQ(wanted, entry->written))
		return;
	changes_push(d->changes, &resource_irq, d->object, entry->written, wanted);
	if (banned && is_same(d, entry->written, banned))
		told = xstrdup(entry->written);
	else
		told = xasprintf("%s;%s", entry->previous, entry->written);
	ledger_set(&entry->previous, told);
	ledger_set(&entry->written, wanted);
}

/* One that we told something before. @banned: what it says; NULL: it does not answer now. */
static void survey_told(const struct daemon *d, struct ledger *ledger,
			struct entry *entry, const char *banned)
{
	const bool ours = is_ours(d, entry, banned);
	const bool over = bitset_is_empty(d->isolated);

	if (!ours && d->taking)
		ledger_set(&entry->baseline, banned);
	if (over && !ours) {
		log_info("irq", "%s was told something else meanwhile, which is kept",
			 d->object);
		ledger_remove_entry(ledger, "irq", d->object);
	} else if (over && banned && STREQ(entry->written, entry->baseline) &&
		   is_same(d, entry->baseline, banned)) {
		ledger_remove_entry(ledger, "irq", d->object); /* told back, and says so */
	} else if (ours || d->taking) {
		tell(d, entry, banned);
	}
}

static bool survey_daemon(const struct daemon *d, struct ledger *ledger)
{
	struct entry *entry = ledger_find_entry(ledger, "irq", d->object);
	_cleanup_free_ char *banned = NULL, *baseline = NULL, *wanted = NULL;
	int r;

	if (!entry && bitset_is_empty(d->isolated))
		return true;
	if (entry && !bitset_is_empty(d->isolated)) {
		wanted = wanted_for(d, entry->baseline);
		if (STREQ(wanted, entry->written))
			return true; /* told already: it is not asked every time */
	}
	r = read_banned(d->host->root, d->object, &banned);
	if (r == -ECONNREFUSED || r == -ENOENT || r == -EPERM) {
		ledger_remove_entry(ledger, "irq", d->object); /* a dead one's socket */
		return false;
	}
	if (entry) {
		survey_told(d, ledger, entry, banned);
	} else if (!banned) {
		log_warning("irq",
			    "%s gives no answer (%s): until it is told, it may move "
			    "interrupts back",
			    d->object, strerror(-r));
	} else {
		baseline = baseline_of(d, banned);
		tell(d, ledger_add_entry(ledger, "irq", d->object, baseline), banned);
	}
	return true;
}

/* Those that have ended since took what they were told with them. */
static void forget_ended(struct ledger *ledger, const struct strv *running)
{
	for (size_t i = ledger->n_entries; i-- > 0;) {
		const struct entry *entry = &ledger->entries[i];

		if (STREQ(entry->resource, "irq") &&
		    irqbalance_is_object(entry->object) &&
		    !strv_contains(running, entry->object))
			ledger_remove_entry(ledger, "irq", entry->object);
	}
}

bool irqbalance_survey(const struct host *host, struct ledger *ledger,
		       const struct bitset *isolated, bool taking,
		       struct changes *changes)
{
	_cleanup_strv_ struct strv names = STRV_NULL, running = STRV_NULL;
	bool any = false;

	(void)!sysroot_list(host->root, &names, SOCKET_DIR); /* no directory: none runs */
	strv_for_each(name, &names) {
		size_t n = strlen(name);

		if (irqbalance_is_object(name) && n > strlen(SUFFIX) &&
		    STREQ(name + n - strlen(SUFFIX), SUFFIX))
			strv_push_take(&running, xstrndup(name, n - strlen(SUFFIX)));
	}
	forget_ended(ledger, &running);
	strv_for_each(object, &running) {
		const struct daemon daemon = { host, object, isolated, taking, changes };

		any |= survey_daemon(&daemon, ledger);
	}
	return any;
}

bool irqbalance_is_object(const char *object)
{
	return str_has_prefix(object, NAME);
}

/* ---- write ---- */

int irqbalance_write(const struct sysroot *root, const char *object,
		     const char *from _unused_, const char *to)
{
	_cleanup_free_ char *request =
		xasprintf("settings cpus %s", STREQ(to, CONFIGURED) ? "NULL" : to);
	_cleanup_close_ int fd = -1;
	int r = -E2BIG;

	if (strlen(request) <= REQUEST_MAX) {
		fd = open_socket(root, object);
		r = fd < 0 ? fd : send_request(fd, request);
	}
	if (r < 0)
		log_warning("irq", "failed to tell %s: '%s': %s", object, request,
			    strerror(-r));
	return 0;
}
