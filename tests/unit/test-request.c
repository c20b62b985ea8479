// SPDX-License-Identifier: LGPL-2.1-or-later

/* The <host> element of a domain's metadata. */

#include "common/alloc.h"
#include "hook/request.h"
#include "unit.h"

#define _cleanup_request_ _cleanup_(request_done)

static int read_metadata(const char *metadata, struct request *ret, struct error *err)
{
	_cleanup_free_ char *xml =
		xasprintf("<domain><name>x</name>\n<metadata>%s</metadata></domain>",
			  metadata);
	_cleanup_xml_ xmlDoc *doc = NULL;

	assert_done(xml_parse(xml, strlen(xml), &doc, err), err);
	return request_read(xml_root(doc), ret, err);
}

/* What stands inside of <host>, in the namespace by default. */
static int read_host(const char *inside, struct request *ret, struct error *err)
{
	_cleanup_free_ char *metadata =
		xasprintf("\n<host xmlns='urn:hosttune:1'>\n%s\n</host>", inside);

	return read_metadata(metadata, ret, err);
}

static void assert_accepted(const char *inside, struct request *ret)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	if (read_host(inside, ret, &err) != 1)
		fail_msg("'%s': %s", inside, err.cause ? err.cause : "not found");
	assert_text(err.cause, NULL);
}

static void assert_refused(const char *inside, const char *cause, const char *remedy)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_request_ struct request request = { 0 };
	int r = read_host(inside, &request, &err);

	if (r != -EINVAL)
		fail_msg("accepted: %s", inside);
	assert_failed(r, -EINVAL, &err, cause, remedy);
}

static void assert_names(const struct strv *v, const char *expected)
{
	_cleanup_free_ char *text = strv_join(v, " ");

	assert_string_equal(text, expected);
}

/* ---- where it stands ---- */

static void a_domain_without_it_is_not_tagged(void **state _unused_)
{
	static const char *const metadata[] = {
		"",
		"text",
		"<host/>",
		"<host xmlns='urn:host'><nonsense/></host>",
		"<host xmlns='x-urn:hosttune:1'/>",
		"<x:host xmlns:x='urn:x' xmlns='urn:hosttune:1'/>",
		"<x xmlns='urn:x'><host xmlns='urn:hosttune:1'><bad/></host></x>",
	};

	for (size_t i = 0; i < ARRAY_SIZE(metadata); i++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_request_ struct request request = { 0 };

		assert_int_equal(read_metadata(metadata[i], &request, &err), 0);
		assert_text(err.cause, NULL);
	}
}

static void a_domain_without_metadata_is_not_tagged(void **state _unused_)
{
	static const char xml[] =
		"<domain><devices><metadata><host xmlns='urn:hosttune:1'/></metadata>"
		"</devices></domain>";
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_request_ struct request request = { 0 };
	_cleanup_xml_ xmlDoc *doc = NULL;

	assert_done(xml_parse(xml, strlen(xml), &doc, &err), &err);
	assert_int_equal(request_read(xml_root(doc), &request, &err), 0);
}

static void an_empty_request_is_one(void **state _unused_)
{
	_cleanup_request_ struct request request = { 0 };

	assert_accepted("", &request);
	assert_false(request.hugepages.wanted);
	assert_false(request.passthrough.wanted);
	assert_int_equal(request.n_governors, 0);
	assert_int_equal(request.n_mdevs, 0);
	assert_int_equal(request.unsupported.n, 0);
}

static void any_prefix_will_do(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_request_ struct request request = { 0 };

	assert_int_equal(read_metadata("<a xmlns='urn:a'/>"
				       "<ht:host xmlns:ht='urn:hosttune:1'>"
				       "<!-- comment --><ht:hugepages/>"
				       "<other:governor xmlns:other='urn:hosttune:1'/>"
				       "</ht:host>",
				       &request, &err),
			 1);
	assert_true(request.hugepages.wanted);
	assert_int_equal(request.n_governors, 1);
}

static void another_root_is_refused(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_request_ struct request request = { 0 };

	assert_failed(read_metadata("\n\n<hosts xmlns='urn:hosttune:1'/>", &request, &err),
		      -EINVAL, &err,
		      "metadata line 4: unknown element <hosts> in <metadata>",
		      "did you mean 'host'?");
	assert_failed(read_metadata("<hugepages xmlns='urn:hosttune:1'/>", &request, &err),
		      -EINVAL, &err, "unknown element <hugepages>", "known here: host");
}

/* Whatever it asks for, a domain must not start without it. */
static void another_version_is_refused(void **state _unused_)
{
	static const char *const names[] = { "urn:hosttune:2", "urn:hosttune:1x",
					     "urn:hosttune", "urn:hosttune:10" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *metadata =
			xasprintf("<a xmlns='urn:a'/>\n<host xmlns='%s'/>", names[i]);
		_cleanup_free_ char *cause =
			xasprintf("metadata line 3: namespace '%s' is not known",
				  names[i]);
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_request_ struct request request = { 0 };

		assert_failed(read_metadata(metadata, &request, &err), -EINVAL, &err,
			      cause, "this version has 'urn:hosttune:1'");
	}
}

static void a_second_host_is_refused(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_request_ struct request request = { 0 };

	assert_failed(read_metadata("<host xmlns='urn:hosttune:1'/>\n"
				    "<x:host xmlns:x='urn:hosttune:1'/>",
				    &request, &err),
		      -EINVAL, &err, "metadata line 3: a second <host> element", NULL);
}

/* ---- elements ---- */

static void unknown_elements_are_refused(void **state _unused_)
{
	assert_refused("<hugepage/>",
		       "metadata line 4: unknown element <hugepage> in <host>",
		       "did you mean 'hugepages'?");
	assert_refused("\n\n<govenor/>", "metadata line 6: unknown element <govenor>",
		       "did you mean 'governor'?");
	assert_refused("<Passthrough/>", "<Passthrough>", "did you mean 'passthrough'?");
	assert_refused("<device address='01:00.0'/>",
		       "unknown element <device> in <host>",
		       "known here: hugepages, governor, passthrough, mdev, isolation, "
		       "sriov, vgpu, quiet");
	assert_refused("<host/>", "unknown element <host> in <host>", "");
	assert_refused("<x:hugepages xmlns:x='urn:x'/>", "unknown element <hugepages>",
		       "");
	assert_refused("<foreign xmlns='urn:x'/>", "unknown element <foreign>", "");
	assert_refused("<hugepages xmlns=''/>", "unknown element <hugepages>", "");
}

static void elements_inside_of_others_are_refused(void **state _unused_)
{
	static const char *const elements[] = {
		"hugepages",
		"governor",
		"isolation",
		"quiet",
	};

	for (size_t i = 0; i < ARRAY_SIZE(elements); i++) {
		_cleanup_free_ char *xml =
			xasprintf("<%s><device/></%s>", elements[i], elements[i]);
		_cleanup_free_ char *cause =
			xasprintf("unknown element <device> in <%s>", elements[i]);

		assert_refused(xml, cause, "known here: nothing");
	}
	assert_refused("<passthrough><devise address='01:00.0'/></passthrough>",
		       "unknown element <devise> in <passthrough>",
		       "did you mean 'device'?");
	assert_refused("<passthrough><device address='01:00.0'><device/></device>"
		       "</passthrough>",
		       "unknown element <device> in <device>", "known here: nothing");
	assert_refused("<passthrough><x:device xmlns:x='urn:x' address='01:00.0'/>"
		       "</passthrough>",
		       "unknown element <device> in <passthrough>", "");
}

static void some_elements_may_stand_only_once(void **state _unused_)
{
	_cleanup_request_ struct request request = { 0 };

	assert_refused("<hugepages/>\n<hugepages/>",
		       "metadata line 5: <hugepages> may stand only once", NULL);
	assert_refused("<isolation/><isolation/>", "<isolation> may stand only once",
		       NULL);
	assert_refused("<quiet/><mdev parent='a' type='b'/><quiet/>",
		       "<quiet> may stand only once", NULL);
	assert_accepted("<governor/><governor name='powersave'/>"
			"<passthrough/><passthrough force='yes'/>"
			"<mdev parent='a' type='b'/><mdev parent='a' type='b'/>",
			&request);
	assert_int_equal(request.n_governors, 2);
	assert_int_equal(request.n_mdevs, 2);
	assert_true(request.passthrough.force);
}

static void text_inside_is_refused(void **state _unused_)
{
	assert_refused("hugepages", "<host>: unexpected text 'hugepages'", NULL);
	assert_refused("<hugepages>yes</hugepages>",
		       "metadata line 4: <hugepages>: unexpected text 'yes'", NULL);
	assert_refused("<hugepages><![CDATA[x]]></hugepages>", "unexpected text 'x'",
		       NULL);
	assert_refused("<passthrough>\n 01:00.0 \n</passthrough>",
		       "<passthrough>: unexpected text '01:00.0'", NULL);
	assert_refused("<passthrough><device address='01:00.0'>x</device></passthrough>",
		       "<device>: unexpected text 'x'", NULL);
}

static void text_with_newlines_is_reported_on_one_line(void **state _unused_)
{
	static const char *const inside[] = {
		"a\nb\nc\nd",
		"<governor cpuset='1&#10;2&#10;3'/>",
		"<hugepages shortage='a&#10;b'/>",
	};

	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_request_ struct request request = { 0 };

		assert_int_equal(read_host(inside[i], &request, &err), -EINVAL);
		assert_null(strchr(err.cause, '\n'));
	}
}

static void a_forgotten_prefix_is_recognised(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_request_ struct request request = { 0 };

	assert_failed(
		read_metadata("<h:host xmlns:h='urn:hosttune:1'><hugepages/></h:host>",
			      &request, &err),
		-EINVAL, &err, "unknown element <hugepages> in <host>",
		"give it the namespace 'urn:hosttune:1'");
}

/* ---- attributes ---- */

static void unknown_attributes_are_refused(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_request_ struct request request = { 0 };

	assert_refused("\n<hugepages shortages='fail'/>",
		       "metadata line 5: <hugepages>: unknown attribute 'shortages'",
		       "did you mean 'shortage'?");
	assert_refused("<governor nam='x'/>", "<governor>: unknown attribute 'nam'",
		       "did you mean 'name'?");
	assert_refused("<governor frequency='x'/>", "unknown attribute 'frequency'",
		       "known here: name, epp, cpuset");
	assert_refused("<passthrough device='01:00.0'/>", "unknown attribute 'device'",
		       "known here: stop, force");
	assert_refused(
		"<passthrough><device address='01:00.0' forced='yes'/></passthrough>",
		"<device>: unknown attribute 'forced'", "did you mean 'force'?");
	assert_refused("<mdev parent='a' type='b' uid='x'/>", "'uid'",
		       "did you mean 'uuid'?");
	assert_refused("<isolation cpus='1'/>", "'cpus'", "did you mean 'cpuset'?");
	assert_refused("<sriov pf='01:00.0' vf='1'/>", "'vf'", "");
	assert_refused("<vgpu address='01:00.0' typ='1'/>", "'typ'",
		       "did you mean 'type'?");
	assert_refused("<quiet thpp='never'/>", "'thpp'", "did you mean 'thp'?");
	assert_refused("<hugepages x:shortage='warn' xmlns:x='urn:x'/>",
		       "unknown attribute 'shortage'", "");
	assert_failed(read_metadata("<host xmlns='urn:hosttune:1' version='1'/>",
				    &request, &err),
		      -EINVAL, &err, "<host>: unknown attribute 'version'",
		      "known here: nothing");
}

static void required_attributes_are_required(void **state _unused_)
{
	assert_refused("<passthrough>\n<device/></passthrough>",
		       "metadata line 5: <device> needs an attribute 'address'", NULL);
	assert_refused("<mdev type='t'/>", "<mdev> needs an attribute 'parent'", NULL);
	assert_refused("<mdev parent='p'/>", "<mdev> needs an attribute 'type'", NULL);
	assert_refused("<sriov vfs='1'/>", "<sriov> needs an attribute 'pf'", NULL);
	assert_refused("<sriov pf='01:00.0'/>", "<sriov> needs an attribute 'vfs'", NULL);
	assert_refused("<vgpu type='1'/>", "<vgpu> needs an attribute 'address'", NULL);
	assert_refused("<vgpu address='01:00.0'/>", "<vgpu> needs an attribute 'type'",
		       NULL);
}

/* ---- values ---- */

struct value_case {
	const char *format; /* an element with %s as the value */
	const char *good[10], *bad[10];
};

static const struct value_case value_cases[] = {
	{ "<hugepages shortage='%s'/>",
	  { "fail", "warn" },
	  { "", "Fail", "warning", "yes", "fail ", " warn" } },
	{ "<hugepages reclaim='%s'/>",
	  { "none", "compact", "drop", "evacuate" },
	  { "", "dropp", "all", "no", "DROP" } },
	{ "<governor name='%s'/>",
	  { "performance", "powersave", "schedutil", "anything" },
	  { "", "a/b", "..", ".", "/" } },
	{ "<governor epp='%s'/>", { "performance", "0", "255" }, { "", "../x" } },
	{ "<governor cpuset='%s'/>",
	  { "0", "2-5", "0-7,^3", "0,65535" },
	  { "", "5-2", "a", "65536", "^3", "1,", "2 - 5", "-1" } },
	{ "<passthrough force='%s'/>", { "yes", "no" }, { "", "true", "1", "YES" } },
	{ "<passthrough stop='%s'/>", { "a.service b.service" }, { "", "a/b" } },
	{ "<passthrough><device address='%s'/></passthrough>",
	  { "0000:01:00.1", "01:00.1", "10000:E1:1f.7" },
	  { "", "01:00", "0000:01:00.8", "0000:01:20.0", "gpu", "01:00.1 " } },
	{ "<passthrough><device address='01:00.0' id='%s'/></passthrough>",
	  { "10de:10f9", "10DE:10F9", "0000:0000" },
	  { "", "10de", "10de:", "10de:10f", "10de:10f9a", "10de-10f9", "10dg:10f9",
	    "0x10de:0x10f9", "10de:10f9 " } },
	{ "<passthrough><device address='01:00.0' driver='%s'/></passthrough>",
	  { "vfio-pci", "mlx5_vfio_pci" },
	  { "", "a/b", ".." } },
	{ "<passthrough><device address='01:00.0' force='%s'/></passthrough>",
	  { "yes", "no" },
	  { "", "maybe" } },
	{ "<mdev parent='p' type='t' uuid='%s'/>",
	  { "6f3a3f1c-64d5-4c2c-9c39-1c1b3a9f0001",
	    "6F3A3F1C-64D5-4C2C-9C39-1C1B3A9F0001" },
	  { "", "6f3a3f1c", "6f3a3f1c64d54c2c9c391c1b3a9f0001",
	    "6f3a3f1c-64d5-4c2c-9c39-1c1b3a9f000", "6f3a3f1c-64d5-4c2c-9c39-1c1b3a9f000g",
	    "6f3a3f1c_64d5-4c2c-9c39-1c1b3a9f0001",
	    "{6f3a3f1c-64d5-4c2c-9c39-1c1b3a9f0001}" } },
	{ "<mdev type='t' parent='%s'/>",
	  { "0000:00:02.0", "mtty" },
	  { "", "a/b", ".." } },
	{ "<mdev parent='p' type='%s'/>", { "i915-GVTg_V5_4" }, { "", "x/y", "." } },
	{ "<isolation cpuset='%s'/>", { "2-5" }, { "", "x" } },
	{ "<isolation irqs='%s'/>", { "yes", "no", "vcpu" }, { "", "all" } },
	{ "<isolation partition='%s'/>", { "auto", "yes", "no" }, { "", "isolated" } },
	{ "<quiet latency='%s'/>", { "0", "100", "n/a" }, { "", "-1", "na" } },
	{ "<quiet stat-interval='%s'/>", { "1", "120" }, { "", "1s" } },
	{ "<quiet boost='%s'/>", { "off" }, { "", "on" } },
	{ "<sriov vfs='1' pf='%s'/>", { "0000:05:00.0" }, { "", "eth0" } },
	{ "<sriov pf='05:00.0' vfs='%s'/>",
	  { "0", "2", "4294967295" },
	  { "", "-1", "two", "4294967296" } },
	{ "<vgpu type='659' address='%s'/>", { "0000:41:00.4" }, { "", "x" } },
	{ "<vgpu address='0000:41:00.4' type='%s'/>", { "659" }, { "", "nvidia-659" } },
	{ "<quiet thp='%s'/>", { "never", "madvise" }, { "", "off", "always" } },
	{ "<quiet ksm='%s'/>", { "off" }, { "", "on", "0" } },
	{ "<quiet numa-balancing='%s'/>", { "off" }, { "", "on" } },
	{ "<quiet watchdog='%s'/>", { "off" }, { "", "on" } },
};

static void every_value_is_checked(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(value_cases); i++) {
		const struct value_case *c = &value_cases[i];

		for (size_t j = 0; c->good[j]; j++) {
			_cleanup_request_ struct request request = { 0 };
			_cleanup_strv_ struct strv parts = STRV_NULL;
			_cleanup_free_ char *xml = NULL;

			strv_split(&parts, c->format, "%");
			xml = xasprintf("%s%s%s", parts.items[0], c->good[j],
					parts.items[1] + 1);
			assert_accepted(xml, &request);
		}
		for (size_t j = 0; c->bad[j]; j++) {
			_cleanup_error_ struct error err = ERROR_NULL;
			_cleanup_request_ struct request request = { 0 };
			_cleanup_strv_ struct strv parts = STRV_NULL;
			_cleanup_free_ char *xml = NULL, *quoted = NULL;

			strv_split(&parts, c->format, "%");
			xml = xasprintf("%s%s%s", parts.items[0], c->bad[j],
					parts.items[1] + 1);
			if (read_host(xml, &request, &err) != -EINVAL)
				fail_msg("accepted: %s", xml);
			assert_contains(err.cause, "metadata line 4: <");
			quoted = xasprintf("='%s'>: ", c->bad[j]);
			assert_contains(err.cause, quoted);
		}
	}
}

static void errors_of_values_say_what_is_wanted(void **state _unused_)
{
	assert_refused("<hugepages shortage='fial'/>",
		       "metadata line 4: <hugepages shortage='fial'>: unknown value",
		       "did you mean 'fail'?");
	assert_refused("<hugepages reclaim='everything'/>", "unknown value",
		       "known here: none, compact, drop, evacuate");
	assert_refused("<governor cpuset='x'/>",
		       "<governor cpuset='x'>: not a list of CPUs such as '2-5,8'", NULL);
	assert_refused("<passthrough><device address='x'/></passthrough>",
		       "<device address='x'>: not a PCI address such as '0000:01:00.0'",
		       NULL);
	assert_refused("<passthrough><device address='01:00.0' id='x'/></passthrough>",
		       "not vendor:device such as '10de:10f9'", NULL);
	assert_refused("<mdev parent='p' type='t' uuid='x'/>", "not a UUID", NULL);
	assert_refused("<mdev parent='p/q' type='t'/>", "not a name", NULL);
	assert_refused("<sriov pf='01:00.0' vfs='x'/>", "not a number", NULL);
}

/* ---- what becomes of them ---- */

static void hugepages_are_read(void **state _unused_)
{
	static const struct {
		const char *xml;
		bool warns;
		enum reclaim reclaim;
	} cases[] = {
		{ "<hugepages/>", false, RECLAIM_DROP },
		{ "<hugepages shortage='fail' reclaim='drop'/>", false, RECLAIM_DROP },
		{ "<hugepages shortage='warn'/>", true, RECLAIM_DROP },
		{ "<hugepages reclaim='none'/>", false, RECLAIM_NONE },
		{ "<hugepages reclaim='compact'/>", false, RECLAIM_COMPACT },
		{ "<hugepages shortage='warn' reclaim='evacuate'/>", true,
		  RECLAIM_EVACUATE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_request_ struct request request = { 0 };

		assert_accepted(cases[i].xml, &request);
		assert_true(request.hugepages.wanted);
		assert_int_equal(request.hugepages.shortage_warns, cases[i].warns);
		assert_int_equal(request.hugepages.reclaim, cases[i].reclaim);
	}
}

static void governors_are_read(void **state _unused_)
{
	_cleanup_request_ struct request request = { 0 };

	assert_accepted("<governor/>\n<governor name='schedutil' epp='power' "
			"cpuset='2-5,^3'/>",
			&request);
	assert_int_equal(request.n_governors, 2);
	assert_string_equal(request.governors[0].name, "performance");
	assert_text(request.governors[0].epp, NULL);
	assert_true(bitset_is_empty(&request.governors[0].cpuset));
	assert_int_equal(request.governors[0].line, 4);
	assert_string_equal(request.governors[1].name, "schedutil");
	assert_text(request.governors[1].epp, "power");
	assert_bitset(&request.governors[1].cpuset, "2,4-5");
	assert_int_equal(request.governors[1].line, 5);
}

static void devices_are_read(void **state _unused_)
{
	_cleanup_request_ struct request request = { 0 };
	const struct request_device *d;

	assert_accepted("<passthrough><device address='1:0.1'/>\n"
			"<device address='0000:0A:1F.7' id='10DE:10f9' driver='d' "
			"force='yes'/></passthrough>"
			"<passthrough><device address='02:00.0' force='no'/></passthrough>",
			&request);
	d = request.passthrough.devices;
	assert_true(request.passthrough.wanted);
	assert_false(request.passthrough.force);
	assert_int_equal(request.passthrough.n_devices, 3);
	assert_string_equal(d[0].address, "0000:01:00.1");
	assert_text(d[0].id, NULL);
	assert_text(d[0].driver, NULL);
	assert_false(d[0].force);
	assert_int_equal(d[0].line, 4);
	assert_string_equal(d[1].address, "0000:0a:1f.7");
	assert_text(d[1].id, "10DE:10f9");
	assert_text(d[1].driver, "d");
	assert_true(d[1].force);
	assert_int_equal(d[1].line, 5);
	assert_string_equal(d[2].address, "0000:02:00.0");
	assert_false(d[2].force);
}

static void mdevs_are_read(void **state _unused_)
{
	_cleanup_request_ struct request request = { 0 };

	assert_accepted("<mdev parent='0000:00:02.0' type='i915-GVTg_V5_4'/>"
			"<mdev uuid='6F3A3F1C-64D5-4C2C-9C39-1C1B3A9F0001' parent='p' "
			"type='t'/>",
			&request);
	assert_int_equal(request.n_mdevs, 2);
	assert_text(request.mdevs[0].uuid, NULL);
	assert_string_equal(request.mdevs[0].parent, "0000:00:02.0");
	assert_string_equal(request.mdevs[0].type, "i915-GVTg_V5_4");
	assert_text(request.mdevs[1].uuid, "6f3a3f1c-64d5-4c2c-9c39-1c1b3a9f0001");
	assert_int_equal(request.mdevs[1].line, 4);
}

static void isolation_is_read(void **state _unused_)
{
	_cleanup_request_ struct request none = { 0 }, bare = { 0 }, all = { 0 };

	assert_accepted("", &none);
	assert_false(none.isolation.wanted);
	assert_accepted("<isolation/>", &bare);
	assert_true(bare.isolation.wanted);
	assert_true(bitset_is_empty(&bare.isolation.cpuset));
	assert_int_equal(bare.isolation.irqs, ISOLATION_IRQS_YES);
	assert_int_equal(bare.isolation.partition, ISOLATION_PARTITION_AUTO);
	assert_accepted("<isolation cpuset='2-5' irqs='vcpu' partition='no'/>", &all);
	assert_bitset(&all.isolation.cpuset, "2-5");
	assert_int_equal(all.isolation.irqs, ISOLATION_IRQS_VCPU);
	assert_int_equal(all.isolation.partition, ISOLATION_PARTITION_NO);
}

static void quiet_is_read(void **state _unused_)
{
	_cleanup_request_ struct request request = { 0 };

	assert_accepted("<quiet thp='never' latency='n/a'/>", &request);
	assert_true(request.quiet.wanted);
	assert_int_equal(request.quiet.n_knobs, 2);
	assert_text(request.quiet.knobs[0].name, "thp");
	assert_text(request.quiet.knobs[0].value, "never");
	assert_text(request.quiet.knobs[1].name, "latency");
	assert_text(request.quiet.knobs[1].value, "n/a");
}

static void what_is_not_built_in_is_recorded(void **state _unused_)
{
	_cleanup_request_ struct request request = { 0 };

	assert_accepted("<isolation/><sriov pf='05:00.0' vfs='2'/>"
			"<vgpu address='41:00.4' type='659'/><quiet thp='never'/>"
			"<passthrough stop='a.service'/>",
			&request);
	assert_names(&request.unsupported, "sriov vgpu passthrough stop");
	assert_true(request.passthrough.wanted);
}

/* @n times the same, inside of one <passthrough> or of none. */
static char *repeated(const char *element, unsigned n, bool inside)
{
	_cleanup_strv_ struct strv elements = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	for (unsigned i = 0; i < n; i++)
		strv_push(&elements, element);
	text = strv_join(&elements, "");
	return inside ? xasprintf("<passthrough>%s</passthrough>", text) : xstrdup(text);
}

/* What is asked for costs memory: not as much as somebody likes to write. */
static void elements_without_end_are_refused(void **state _unused_)
{
	_cleanup_request_ struct request governors = { 0 }, devices = { 0 };
	_cleanup_free_ char *most = repeated("<governor/>", 1024, false),
			    *more = repeated("<governor/>", 1025, false),
			    *in = repeated("<device address='1:0.0'/>", 1024, true),
			    *more_in = repeated("<device address='1:0.0'/>", 1025, true),
			    *two = xasprintf("%s%s", in, in);

	assert_accepted(most, &governors);
	assert_int_equal(governors.n_governors, 1024);
	assert_refused(more, "metadata line 4: more than 1024 elements in <host>", NULL);
	assert_accepted(in, &devices);
	assert_refused(more_in, "more than 1024 elements in <passthrough>", NULL);
	assert_refused(two, "more than 1024 elements in <host>", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain_without_it_is_not_tagged),
		cmocka_unit_test(a_domain_without_metadata_is_not_tagged),
		cmocka_unit_test(an_empty_request_is_one),
		cmocka_unit_test(any_prefix_will_do),
		cmocka_unit_test(another_root_is_refused),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(a_second_host_is_refused),
		cmocka_unit_test(unknown_elements_are_refused),
		cmocka_unit_test(elements_inside_of_others_are_refused),
		cmocka_unit_test(some_elements_may_stand_only_once),
		cmocka_unit_test(text_inside_is_refused),
		cmocka_unit_test(text_with_newlines_is_reported_on_one_line),
		cmocka_unit_test(a_forgotten_prefix_is_recognised),
		cmocka_unit_test(unknown_attributes_are_refused),
		cmocka_unit_test(required_attributes_are_required),
		cmocka_unit_test(every_value_is_checked),
		cmocka_unit_test(errors_of_values_say_what_is_wanted),
		cmocka_unit_test(hugepages_are_read),
		cmocka_unit_test(governors_are_read),
		cmocka_unit_test(devices_are_read),
		cmocka_unit_test(mdevs_are_read),
		cmocka_unit_test(isolation_is_read),
		cmocka_unit_test(quiet_is_read),
		cmocka_unit_test(what_is_not_built_in_is_recorded),
		cmocka_unit_test(elements_without_end_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
