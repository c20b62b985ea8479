// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a domain asks of its host; see request.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/pci-address.h"
#include "hook/request.h"

/* What an attribute's value must look like. */
enum kind {
	KIND_TEXT,
	KIND_WORD, /* one of .words */
	KIND_CPULIST,
	KIND_ADDRESS,
	KIND_ID,
	KIND_UUID,
	KIND_NUMBER,
	KIND_LATENCY, /* pm_qos_resume_latency_us: a number, or "n/a" */
};

static const char *const kind_names[] = {
	[KIND_TEXT] = "a name",
	[KIND_CPULIST] = "a list of CPUs such as '2-5,8'",
	[KIND_ADDRESS] = "a PCI address such as '0000:01:00.0'",
	[KIND_ID] = "vendor:device such as '10de:10f9'",
	[KIND_UUID] = "a UUID",
	[KIND_NUMBER] = "a number",
	[KIND_LATENCY] = "a number of microseconds, or 'n/a'",
};

struct attribute {
	const char *name;
	enum kind kind;
	bool required;
	const char *words[5];
};

#define MAX_ATTRIBUTES 8
#define ELEMENTS_MAX 1024U /* of one kind, too: no host has as much to ask for */

struct element {
	const char *name;
	struct attribute attributes[MAX_ATTRIBUTES];
	const struct element *child; /* the only kind of element allowed inside, or NULL */
	bool once;
	void (*read)(const xmlNode *node, struct request *request);
};

/* The table below allows only these words, in this order. */
static unsigned word_index(const xmlNode *node, const char *name,
			   const char *const *words, unsigned fallback)
{
	const char *value = xml_attr(node, name);

	for (unsigned i = 0; value && words[i]; i++) {
		if (STREQ(value, words[i]))
			return i;
	}
	return fallback;
}

static char *copy_attr(const xmlNode *node, const char *name)
{
	const char *value = xml_attr(node, name);

	return value ? xstrdup(value) : NULL;
}

static bool attr_is(const xmlNode *node, const char *name, const char *value)
{
	const char *actual = xml_attr(node, name);

	return actual && STREQ(actual, value);
}

static void read_hugepages(const xmlNode *node, struct request *request)
{
	static const char *const words[] = { "none", "compact", "drop", "evacuate", NULL };

	request->hugepages.wanted = true;
	request->hugepages.shortage_warns = attr_is(node, "shortage", "warn");
	request->hugepages.reclaim = word_index(node, "reclaim", words, RECLAIM_DROP);
}

static void read_governor(const xmlNode *node, struct request *request)
{
	struct request_governor *g = ARRAY_PUSH(request->governors, request->n_governors);
	const char *name = xml_attr(node, "name"), *cpuset = xml_attr(node, "cpuset");

	g->name = xstrdup(name ? name : "performance");
	g->epp = copy_attr(node, "epp");
	if (cpuset)
		(void)!bitset_parse(cpuset, &g->cpuset); /* validated */
	g->line = xml_line(node);
}

static void read_device(const xmlNode *node, struct request *request)
{
	struct request_passthrough *p = &request->passthrough;
	struct request_device *d = ARRAY_PUSH(p->devices, p->n_devices);
	struct pci_address address = { 0 };
	char text[PCI_ADDRESS_MAX];

	(void)!pci_address_parse(xml_attr(node, "address"), &address); /* validated */
	d->address = xstrdup(pci_address_format(&address, text));
	d->id = copy_attr(node, "id");
	d->driver = copy_attr(node, "driver");
	d->force = attr_is(node, "force", "yes");
	d->line = xml_line(node);
}

static void read_passthrough(const xmlNode *node, struct request *request)
{
	request->passthrough.wanted = true;
	if (attr_is(node, "force", "yes"))
		request->passthrough.force = true;
	if (xml_attr(node, "stop"))
		strv_push(&request->unsupported, "passthrough stop");
	xml_for_each_child(child, node)
		read_device(child, request);
}

static void read_mdev(const xmlNode *node, struct request *request)
{
	struct request_mdev *m = ARRAY_PUSH(request->mdevs, request->n_mdevs);

	m->uuid = copy_attr(node, "uuid");
	for (char *c = m->uuid; c && *c; c++)
		*c = (char)tolower((unsigned char)*c); /* the kernel names devices so */
	m->parent = copy_attr(node, "parent");
	m->type = copy_attr(node, "type");
	m->line = xml_line(node);
}

static void read_isolation(const xmlNode *node, struct request *request)
{
	static const char *const irqs[] = { "yes", "no", "vcpu", NULL };
	static const char *const partition[] = { "auto", "yes", "no", NULL };
	struct request_isolation *i = &request->isolation;
	const char *cpuset = xml_attr(node, "cpuset");

	i->wanted = true;
	if (cpuset)
		(void)!bitset_parse(cpuset, &i->cpuset); /* validated */
	i->irqs = word_index(node, "irqs", irqs, ISOLATION_IRQS_YES);
	i->partition = word_index(node, "partition", partition, ISOLATION_PARTITION_AUTO);
	i->line = xml_line(node);
}

static void read_quiet(const xmlNode *node, struct request *request)
{
	struct request_quiet *q = &request->quiet;

	q->wanted = true;
	q->line = xml_line(node);
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		struct request_knob *knob = ARRAY_PUSH(q->knobs, q->n_knobs);

		knob->name = xstrdup((const char *)a->name);
		knob->value = copy_attr(node, knob->name);
	}
}

static void read_unsupported(const xmlNode *node, struct request *request)
{
	strv_push(&request->unsupported, (const char *)node->name);
}

#define YES_NO              \
	{                   \
		"yes", "no" \
	}

static const struct element device_element = {
	.name = "device",
	.attributes = { { "address", KIND_ADDRESS, .required = true },
			{ "id", KIND_ID },
			{ "driver", KIND_TEXT },
			{ "force", KIND_WORD, .words = YES_NO } },
};

static const struct element elements[] = {
	{ .name = "hugepages",
	  .attributes = { { "shortage", KIND_WORD, .words = { "fail", "warn" } },
			  { "reclaim", KIND_WORD,
			    .words = { "none", "compact", "drop", "evacuate" } } },
	  .once = true,
	  .read = read_hugepages },
	{ .name = "governor",
	  .attributes = { { "name", KIND_TEXT },
			  { "epp", KIND_TEXT },
			  { "cpuset", KIND_CPULIST } },
	  .read = read_governor },
	{ .name = "passthrough",
	  .attributes = { { "stop", KIND_TEXT }, { "force", KIND_WORD, .words = YES_NO } },
	  .child = &device_element,
	  .read = read_passthrough },
	{ .name = "mdev",
	  .attributes = { { "uuid", KIND_UUID },
			  { "parent", KIND_TEXT, .required = true },
			  { "type", KIND_TEXT, .required = true } },
	  .read = read_mdev },
	{ .name = "isolation",
	  .attributes = { { "cpuset", KIND_CPULIST },
			  { "irqs", KIND_WORD, .words = { "yes", "no", "vcpu" } },
			  { "partition", KIND_WORD, .words = { "auto", "yes", "no" } } },
	  .once = true,
	  .read = read_isolation },
	{ .name = "sriov",
	  .attributes = { { "pf", KIND_ADDRESS, .required = true },
			  { "vfs", KIND_NUMBER, .required = true } },
	  .read = read_unsupported },
	{ .name = "vgpu",
	  .attributes = { { "address", KIND_ADDRESS, .required = true },
			  { "type", KIND_NUMBER, .required = true } },
	  .read = read_unsupported },
	{ .name = "quiet",
	  .attributes = { { "thp", KIND_WORD, .words = { "never", "madvise" } },
			  { "ksm", KIND_WORD, .words = { "off" } },
			  { "numa-balancing", KIND_WORD, .words = { "off" } },
			  { "watchdog", KIND_WORD, .words = { "off" } },
			  { "stat-interval", KIND_NUMBER },
			  { "latency", KIND_LATENCY },
			  { "boost", KIND_WORD, .words = { "off" } } },
	  .once = true,
	  .read = read_quiet },
	{ .name = NULL },
};

/* "...; did you mean 'x'?" or "...; known: a, b, c" for what @err says is unknown. */
static int suggest(struct error *err, const char *word, const struct strv *known)
{
	_cleanup_free_ const char **names = xcalloc(known->n + 1, sizeof(*names));
	_cleanup_free_ char *list = strv_join(known, ", ");
	const char *nearest;

	for (size_t i = 0; i < known->n; i++)
		names[i] = known->items[i];
	nearest = parse_nearest(word, names);
	if (nearest)
		error_remedy(err, "did you mean '%s'?", nearest);
	else
		error_remedy(err, "known here: %s", known->n ? list : "nothing");
	return -EINVAL;
}

static bool is_id(const char *s)
{
	return strlen(s) == 9 && s[4] == ':' &&
	       strspn(s, "0123456789abcdefABCDEF") == 4 &&
	       strspn(s + 5, "0123456789abcdefABCDEF") == 4;
}

static bool is_uuid(const char *s)
{
	if (strlen(s) != 36)
		return false;
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return true;
}

static bool is_word(const struct attribute *a, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(a->words) && a->words[i]; i++) {
		if (STREQ(a->words[i], value))
			return true;
	}
	return false;
}

/* Names of drivers, governors and types become parts of paths. */
static bool is_text(const char *s)
{
	return *s && !strchr(s, '/') && !STREQ(s, ".") && !STREQ(s, "..");
}

static bool value_is_valid(const struct attribute *a, const char *value)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;
	struct pci_address address;
	unsigned number;

	switch (a->kind) {
	case KIND_TEXT:
		return is_text(value);
	case KIND_WORD:
		return is_word(a, value);
	case KIND_CPULIST:
		return bitset_parse(value, &set) == 0 && !bitset_is_empty(&set);
	case KIND_ADDRESS:
		return pci_address_parse(value, &address) == 0;
	case KIND_ID:
		return is_id(value);
	case KIND_UUID:
		return is_uuid(value);
	case KIND_LATENCY:
		return STREQ(value, "n/a") || parse_unsigned(value, &number) == 0;
	case KIND_NUMBER:
		return parse_unsigned(value, &number) == 0;
	}
	return false;
}

static int check_value(const xmlNode *node, const struct attribute *a, const char *value,
		       struct error *err)
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	if (value_is_valid(a, value))
		return 0;
	if (a->kind != KIND_WORD)
		return error_set(err, -EINVAL, "metadata line %u: <%s %s='%s'>: not %s",
				 xml_line(node), (const char *)node->name, a->name, value,
				 kind_names[a->kind]);
	for (size_t i = 0; i < ARRAY_SIZE(a->words) && a->words[i]; i++)
		strv_push(&words, a->words[i]);
	(void)error_set(err, -EINVAL, "metadata line %u: <%s %s='%s'>: unknown value",
			xml_line(node), (const char *)node->name, a->name, value);
	return suggest(err, value, &words);
}

static int check_attribute(const xmlNode *node, const struct element *e,
			   const xmlAttr *attr, struct error *err)
{
	_cleanup_strv_ struct strv known = STRV_NULL;
	const char *name = (const char *)attr->name;

	for (size_t i = 0; i < MAX_ATTRIBUTES && e->attributes[i].name; i++) {
		const struct attribute *a = &e->attributes[i];

		if (!attr->ns && STREQ(a->name, name))
			return check_value(node, a, xml_attr(node, name), err);
		strv_push(&known, a->name);
	}
	(void)error_set(err, -EINVAL, "metadata line %u: <%s>: unknown attribute '%s'",
			xml_line(node), (const char *)node->name, name);
	return suggest(err, name, &known);
}

static bool is_ours(const xmlNode *node, const char *name)
{
	return node->ns && STREQ((const char *)node->ns->href, REQUEST_NAMESPACE) &&
	       (!name || STREQ((const char *)node->name, name));
}

static int unknown_element(const xmlNode *node, const struct strv *known,
			   struct error *err)
{
	(void)error_set(err, -EINVAL, "metadata line %u: unknown element <%s> in <%s>",
			xml_line(node), (const char *)node->name,
			(const char *)node->parent->name);
	if (!is_ours(node, NULL)) {
		error_remedy(err, "give it the namespace '" REQUEST_NAMESPACE "', by the "
				  "prefix of <host>");
		return -EINVAL;
	}
	return suggest(err, (const char *)node->name, known);
}

/* A later version's, or a slip of the pen: not ours to understand, and not to be ignored. */
static bool is_other_version(const xmlNode *node)
{
	return node->ns && str_has_prefix((const char *)node->ns->href, REQUEST_MARKER) &&
	       !is_ours(node, NULL);
}

static int check_no_text(const xmlNode *node, struct error *err)
{
	_cleanup_free_ char *text = xml_text(node);

	if (!*text)
		return 0;
	return error_set(err, -EINVAL, "metadata line %u: <%s>: unexpected text '%.40s'",
			 xml_line(node), (const char *)node->name, text);
}

/* Attributes and text of one element; what may stand inside is the caller's to check. */
static int check_element(const xmlNode *node, const struct element *e, struct error *err)
{
	int r;

	for (const xmlAttr *a = node->properties; a; a = a->next) {
		r = check_attribute(node, e, a, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < MAX_ATTRIBUTES && e->attributes[i].name; i++) {
		if (e->attributes[i].required && !xml_attr(node, e->attributes[i].name))
			return error_set(err, -EINVAL,
					 "metadata line %u: <%s> needs an attribute '%s'",
					 xml_line(node), e->name, e->attributes[i].name);
	}
	return check_no_text(node, err);
}

static int too_many(const xmlNode *node, struct error *err)
{
	return error_set(err, -EINVAL, "metadata line %u: more than %u elements in <%s>",
			 xml_line(node), ELEMENTS_MAX, (const char *)node->parent->name);
}

static int check_children(const xmlNode *node, const struct element *child_element,
			  struct error *err)
{
	_cleanup_strv_ struct strv known = STRV_NULL;
	unsigned n = 0;
	int r;

	if (child_element)
		strv_push(&known, child_element->name);
	xml_for_each_child(child, node) {
		if (!child_element || !is_ours(child, child_element->name))
			return unknown_element(child, &known, err);
		if (++n > ELEMENTS_MAX)
			return too_many(child, err);
		r = check_element(child, child_element, err);
		if (r < 0)
			return r;
		r = check_children(child, NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct element *find_element(const xmlNode *node)
{
	for (const struct element *e = elements; e->name; e++) {
		if (is_ours(node, e->name))
			return e;
	}
	return NULL;
}

static int read_host(const xmlNode *host, struct request *request, struct error *err)
{
	static const struct element host_element = { .name = "host" };
	_cleanup_strv_ struct strv known = STRV_NULL;
	uint32_t seen = 0;
	unsigned n = 0;
	int r;

	r = check_element(host, &host_element, err);
	if (r < 0)
		return r;
	for (const struct element *e = elements; e->name; e++)
		strv_push(&known, e->name);

	xml_for_each_child(child, host) {
		const struct element *e = find_element(child);
		uint32_t bit;

		if (!e)
			return unknown_element(child, &known, err);
		if (++n > ELEMENTS_MAX)
			return too_many(child, err);
		r = check_element(child, e, err);
		if (r < 0)
			return r;
		r = check_children(child, e->child, err);
		if (r < 0)
			return r;
		bit = UINT32_C(1) << (e - elements);
		if (e->once && (seen & bit))
			return error_set(err, -EINVAL,
					 "metadata line %u: <%s> may stand only once",
					 xml_line(child), e->name);
		seen |= bit;
		e->read(child, request);
		if (request->passthrough.n_devices > ELEMENTS_MAX)
			return too_many(child, err);
	}
	return 0;
}

int request_read(const xmlNode *domain, struct request *ret, struct error *err)
{
	_cleanup_strv_ struct strv host_name = STRV_NULL;
	int found = 0, r;

	*ret = (struct request){ 0 };
	strv_push(&host_name, "host");
	xml_for_each_child(child, xml_find(domain, "metadata")) {
		if (is_other_version(child)) {
			(void)error_set(err, -EINVAL,
					"metadata line %u: namespace '%s' is not known",
					xml_line(child), (const char *)child->ns->href);
			error_remedy(err, "this version has '" REQUEST_NAMESPACE "'");
			return -EINVAL;
		}
		if (!is_ours(child, NULL))
			continue;
		if (!is_ours(child, "host"))
			return unknown_element(child, &host_name, err);
		if (found)
			return error_set(err, -EINVAL,
					 "metadata line %u: a second <host> element",
					 xml_line(child));
		found = 1;
		r = read_host(child, ret, err);
		if (r < 0)
			return r;
	}
	return found;
}

void request_done(struct request *request)
{
	for (size_t i = 0; i < request->n_governors; i++) {
		free(request->governors[i].name);
		free(request->governors[i].epp);
		bitset_done(&request->governors[i].cpuset);
	}
	free(request->governors);
	for (size_t i = 0; i < request->passthrough.n_devices; i++) {
		free(request->passthrough.devices[i].address);
		free(request->passthrough.devices[i].id);
		free(request->passthrough.devices[i].driver);
	}
	free(request->passthrough.devices);
	for (size_t i = 0; i < request->n_mdevs; i++) {
		free(request->mdevs[i].uuid);
		free(request->mdevs[i].parent);
		free(request->mdevs[i].type);
	}
	free(request->mdevs);
	bitset_done(&request->isolation.cpuset);
	for (size_t i = 0; i < request->quiet.n_knobs; i++) {
		free(request->quiet.knobs[i].name);
		free(request->quiet.knobs[i].value);
	}
	free(request->quiet.knobs);
	strv_done(&request->unsupported);
	*request = (struct request){ 0 };
}
