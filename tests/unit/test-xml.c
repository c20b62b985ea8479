// SPDX-License-Identifier: LGPL-2.1-or-later

/* Reading XML that nobody vouches for. */

#include <stdio.h>

#include "common/alloc.h"
#include "common/bitset.h"
#include "hook/xml.h"
#include "tree-fixture.h"

static int parse(const char *text, xmlDoc **ret, struct error *err)
{
	return xml_parse(text, strlen(text), ret, err);
}

static xmlDoc *parse_good(const char *text)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	xmlDoc *doc = NULL;

	assert_done(parse(text, &doc, &err), &err);
	assert_non_null(doc);
	return doc;
}

static void assert_refused(const char *text, size_t size, int code, const char *cause)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	xmlDoc *doc = NULL;
	int r = xml_parse(text, size, &doc, &err);

	assert_null(doc);
	assert_failed(r, code, &err, cause, NULL);
}

static void a_document_type_is_refused(void **state _unused_)
{
	static const char *const texts[] = {
		"<!DOCTYPE a><a/>",
		"<!DOCTYPE a []><a/>",
		"<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'x.dtd'>\n<a/>",
		"<!DOCTYPE a PUBLIC 'p' 'http://127.0.0.1:9/x.dtd'><a/>",
		"<!-- c --><!DOCTYPE a [<!ELEMENT a ANY>]><a/>",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_refused(texts[i], strlen(texts[i]), -EINVAL,
			       "document type declaration is not accepted");
}

static void an_entity_bomb_is_refused_at_once(void **state _unused_)
{
	_cleanup_free_ char *text = NULL;
	uint64_t start = unit_now_ms();
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)fputs("<!DOCTYPE a [<!ENTITY e0 'lollollollol'>", f);
	for (int i = 1; i < 40; i++)
		(void)fprintf(f, "<!ENTITY e%d '&e%d;&e%d;&e%d;&e%d;'>", i, i - 1, i - 1,
			      i - 1, i - 1);
	(void)fputs("]><a b='&e39;'>&e39;</a>", f);
	assert_int_equal(fclose(f), 0);
	assert_refused(text, size, -EINVAL, "document type declaration");
	assert_in_range(unit_now_ms() - start, 0, 1000);
}

static void an_external_entity_is_not_read(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;

	/* A pipe without a writer: whoever opened it would never come back. */
	_cleanup_free_ char *pipe = fixture_path(f, "secret");

	assert_int_equal(mkfifo(pipe, 0600), 0);
	text = xasprintf("<!DOCTYPE a [<!ENTITY x SYSTEM 'file://%s'>]><a>&x;</a>", pipe);
	(void)alarm(10);
	assert_refused(text, strlen(text), -EINVAL, "document type declaration");
	free(text);
	text = xasprintf("<!DOCTYPE a SYSTEM 'file://%s'><a/>", pipe);
	assert_refused(text, strlen(text), -EINVAL, "document type declaration");
	(void)alarm(0);
}

static void unknown_entities_are_refused(void **state _unused_)
{
	assert_refused("<a>&x;</a>", 10, -EINVAL, "line 1:");
	assert_refused("<a b='&x;'/>", 12, -EINVAL, "line 1:");
}

static void predefined_entities_are_text(void **state _unused_)
{
	_cleanup_xml_ xmlDoc *doc =
		parse_good("<a b='1&lt;2&amp;&#65;&quot;'> x&gt;y&#x42; </a>");
	_cleanup_free_ char *text = xml_text(xml_root(doc));

	assert_text(xml_attr(xml_root(doc), "b"), "1<2&A\"");
	assert_string_equal(text, "x>yB");
}

/* @n elements, each inside the one before. */
static char *nested(unsigned n)
{
	_cleanup_free_ char *text = xmalloc((size_t)n * 7 + 1);
	char *p = text;

	for (unsigned i = 0; i < n; i++)
		p = stpcpy(p, "<a>");
	for (unsigned i = 0; i < n; i++)
		p = stpcpy(p, "</a>");
	return TAKE_PTR(text);
}

static void depth_is_limited(void **state _unused_)
{
	_cleanup_free_ char *deepest = nested(128), *deeper = nested(129),
			    *abyss = nested(200000);
	_cleanup_xml_ xmlDoc *doc = parse_good(deepest);

	assert_non_null(doc);
	assert_refused(deeper, strlen(deeper), -EINVAL, "deeper than 128 elements");
	assert_refused(abyss, strlen(abyss), -EINVAL, "deeper than 128 elements");
}

static void size_is_limited(void **state _unused_)
{
	_cleanup_free_ char *text = xmalloc(XML_SIZE_MAX + 1);
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_xml_ xmlDoc *doc = NULL;

	memset(text, ' ', XML_SIZE_MAX + 1);
	memcpy(text, "<a>", 3);
	memcpy(text + XML_SIZE_MAX - 4, "</a>", 4);
	assert_refused(text, XML_SIZE_MAX + 1, -EFBIG, "larger than 16 MiB");
	/* Within it what libxml2 itself limits may be refused, but never as too large. */
	if (xml_parse(text, XML_SIZE_MAX, &doc, &err) < 0)
		assert_contains(err.cause, "not well-formed");
	assert_refused("", SIZE_MAX, -EFBIG, "larger than 16 MiB");
}

static void truncated_text_is_refused_everywhere(void **state _unused_)
{
	static const char text[] =
		"<?xml version='1.0'?><!-- c --><a b='1'><c>x&amp;y</c>"
		"<![CDATA[d]]></a>";

	for (size_t size = 1; size < sizeof(text) - 1; size++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		xmlDoc *doc = NULL;

		if (xml_parse(text, size, &doc, &err) != -EINVAL)
			fail_msg("accepted: %.*s", (int)size, text);
		assert_null(doc);
		assert_contains(err.cause, "XML is");
	}
}

static void what_is_no_xml_is_refused(void **state _unused_)
{
	static const char nul[] = "<a>\0</a>", in_attribute[] = "<a b='\0'/>";

	assert_refused("", 0, -EINVAL, "XML is");
	assert_refused(" \n", 2, -EINVAL, "XML is");
	assert_refused("\0\0\0\0", 4, -EINVAL, "XML is");
	assert_refused(nul, sizeof(nul) - 1, -EINVAL, "XML is not well-formed");
	assert_refused(in_attribute, sizeof(in_attribute) - 1, -EINVAL, "XML is");
	assert_refused("{\"a\":1}", 7, -EINVAL, "XML is not well-formed: line 1:");
	assert_refused("<a/><b/>", 8, -EINVAL, "XML is not well-formed");
	assert_refused("<a b='1' b='2'/>", 16, -EINVAL, "XML is not well-formed");
	assert_refused("<a>\n\n<b></a>", 12, -EINVAL, "line 3:");
	assert_refused("<a>\xff\xfe</a>", 9, -EINVAL, "XML is not well-formed");
}

static void a_reason_is_one_line(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	xmlDoc *doc = NULL;

	assert_int_equal(parse("<a\n\n<<<", &doc, &err), -EINVAL);
	assert_null(strchr(err.cause, '\n'));
}

static void elements_are_found_by_path(void **state _unused_)
{
	_cleanup_xml_ xmlDoc *doc =
		parse_good("<r xmlns:x='urn:x'>t<x:a/><!-- a --><a n='1'>"
			   "<b n='2'/></a><a n='3'><c/></a></r>");
	const xmlNode *root = xml_root(doc);

	assert_true(xml_is(root, "r"));
	assert_false(xml_is(root, "R"));
	assert_text(xml_attr(xml_find(root, "a"), "n"), "1");
	assert_text(xml_attr(xml_find(root, "a/b"), "n"), "2");
	assert_null(xml_find(root, "a/c")); /* only the first <a> is looked into */
	assert_null(xml_find(root, "b"));
	assert_null(xml_find(root, "a/b/c"));
	assert_null(xml_find(NULL, "a"));
	assert_ptr_equal(xml_find(root, ""), root);
}

static void elements_of_a_namespace_are_not_libvirts(void **state _unused_)
{
	_cleanup_xml_ xmlDoc *doc = parse_good("<r><a xmlns='urn:x'/></r>");
	const xmlNode *a = xml_next_element(xml_root(doc)->children);

	assert_non_null(a);
	assert_false(xml_is(a, "a"));
	assert_null(xml_find(xml_root(doc), "a"));
}

static void only_elements_are_iterated(void **state _unused_)
{
	_cleanup_xml_ xmlDoc *doc = parse_good("<r>t<a/><!-- x --><b/><?pi?>u<c/>\n</r>");
	const xmlNode *none = NULL;
	char names[8] = "";
	size_t n = 0;

	xml_for_each_child(child, xml_root(doc))
		names[n++] = (char)child->name[0];
	assert_string_equal(names, "abc");
	xml_for_each_child(child, none)
		fail();
}

static void attributes_are_read(void **state _unused_)
{
	_cleanup_xml_ xmlDoc *doc =
		parse_good("<r xmlns:x='urn:x' x:c='3' a='1' empty=''/>");

	assert_text(xml_attr(xml_root(doc), "a"), "1");
	assert_text(xml_attr(xml_root(doc), "empty"), "");
	assert_text(xml_attr(xml_root(doc), "c"), NULL);
	assert_text(xml_attr(xml_root(doc), "b"), NULL);
}

static void text_is_trimmed(void **state _unused_)
{
	static const struct {
		const char *xml, *text;
	} cases[] = {
		{ "<r/>", "" },
		{ "<r> \n\t </r>", "" },
		{ "<r>\n a b \t\r\n</r>", "a b" },
		{ "<r>a<!-- c -->b</r>", "ab" },
		{ "<r><![CDATA[ x<y ]]></r>", "x<y" },
		{ "<r>a<x>inner</x>b</r>", "ab" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_xml_ xmlDoc *doc = parse_good(cases[i].xml);
		_cleanup_free_ char *text = xml_text(xml_root(doc));

		assert_string_equal(text, cases[i].text);
	}
}

/* libvirt keeps comments that stand inside <metadata>. */
static void text_in_many_pieces_takes_no_long_time(void **state _unused_)
{
	static const char piece[] = "x<!---->";
	const size_t n = 100000, size = sizeof(piece) - 1;
	_cleanup_free_ char *xml = xmalloc(n * size + 8), *text = NULL;
	_cleanup_xml_ xmlDoc *doc = NULL;
	char *p = stpcpy(xml, "<r>");
	uint64_t start;

	for (size_t i = 0; i < n; i++)
		p = stpcpy(p, piece);
	(void)stpcpy(p, "</r>");
	doc = parse_good(xml);
	start = unit_now_ms();
	text = xml_text(xml_root(doc));
	assert_int_equal(strlen(text), n);
	assert_in_range(unit_now_ms() - start, 0, 1000);
}

static void lines_are_counted(void **state _unused_)
{
	_cleanup_free_ char *newlines = xmalloc(100001), *text = NULL;
	_cleanup_xml_ xmlDoc *doc = parse_good("<r>\n\n<a/>\n<b c='1'/></r>"),
			     *far = NULL;

	assert_int_equal(xml_line(xml_root(doc)), 1);
	assert_int_equal(xml_line(xml_find(xml_root(doc), "a")), 3);
	assert_int_equal(xml_line(xml_find(xml_root(doc), "b")), 4);
	/* More than fit into libxml2's own field; it needs some text there. */
	memset(newlines, '\n', 100000);
	newlines[100000] = '\0';
	text = xasprintf("<r>%s<a>x</a></r>", newlines);
	far = parse_good(text);
	assert_int_equal(xml_line(xml_find(xml_root(far), "a")), 100001);
}

static void numbers_are_read_strictly(void **state _unused_)
{
	_cleanup_xml_ xmlDoc *doc =
		parse_good("<r>\n<e good='7' bad='7x' neg='-1' big='4294967296'/></r>");
	const xmlNode *e = xml_find(xml_root(doc), "e");
	_cleanup_error_ struct error err = ERROR_NULL;
	unsigned value = 4711;

	assert_int_equal(xml_attr_unsigned(e, "missing", &value, &err), -ENOENT);
	assert_text(err.cause, NULL);
	assert_failed(xml_attr_unsigned(e, "bad", &value, &err), -EINVAL, &err,
		      "line 2: <e>: bad '7x' is not a number", NULL);
	assert_failed(xml_attr_unsigned(e, "neg", &value, &err), -EINVAL, &err, "'-1'",
		      NULL);
	assert_failed(xml_attr_unsigned(e, "big", &value, &err), -EINVAL, &err,
		      "'4294967296'", NULL);
	assert_int_equal(value, 4711);
	assert_int_equal(xml_attr_unsigned(e, "good", &value, &err), 0);
	assert_int_equal(value, 7);
}

static void memory_is_read_with_its_unit(void **state _unused_)
{
	_cleanup_xml_ xmlDoc *doc = parse_good(
		"<r unit='MiB'> 4 <e m='2' u='GiB' bad='x'/><n unit='y'>1</n>\n<p/></r>");
	const xmlNode *root = xml_root(doc), *e = xml_find(root, "e");
	_cleanup_error_ struct error err = ERROR_NULL;
	uint64_t kib = 0;

	assert_int_equal(xml_text_memory(root, &kib, &err), 0);
	assert_int_equal(kib, 4096);
	assert_int_equal(xml_attr_memory(e, "m", "u", &kib, &err), 0);
	assert_int_equal(kib, 2 << 20);
	assert_int_equal(xml_attr_memory(e, "m", NULL, &kib, &err), 0);
	assert_int_equal(kib, 2);
	assert_int_equal(xml_attr_memory(e, "m", "missing", &kib, &err), 0);
	assert_int_equal(kib, 2);
	assert_int_equal(xml_attr_memory(e, "missing", "u", &kib, &err), -ENOENT);
	assert_failed(xml_attr_memory(e, "bad", "u", &kib, &err), -EINVAL, &err,
		      "line 1: <e>: bad 'x' is not an amount of memory", NULL);
	assert_failed(xml_text_memory(xml_find(root, "n"), &kib, &err), -EINVAL, &err,
		      "<n>: content '1' is not an amount of memory", NULL);
	assert_failed(xml_text_memory(xml_find(root, "p"), &kib, &err), -EINVAL, &err,
		      "line 2: <p>: content '' is not", NULL);
}

static void lists_are_read(void **state _unused_)
{
	_cleanup_xml_ xmlDoc *doc = parse_good("<r a='0-3,^1' bad='3-'/>");
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	assert_int_equal(xml_attr_bitset(xml_root(doc), "a", &set, &err), 0);
	assert_bitset(&set, "0,2-3");
	assert_int_equal(xml_attr_bitset(xml_root(doc), "b", &set, &err), -ENOENT);
	assert_failed(xml_attr_bitset(xml_root(doc), "bad", &set, &err), -EINVAL, &err,
		      "line 1: <r>: bad '3-' is not a list", NULL);
	assert_bitset(&set, "0,2-3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_type_is_refused),
		cmocka_unit_test(an_entity_bomb_is_refused_at_once),
		cmocka_unit_test_setup_teardown(an_external_entity_is_not_read,
						fixture_setup, fixture_teardown),
		cmocka_unit_test(unknown_entities_are_refused),
		cmocka_unit_test(predefined_entities_are_text),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(size_is_limited),
		cmocka_unit_test(truncated_text_is_refused_everywhere),
		cmocka_unit_test(what_is_no_xml_is_refused),
		cmocka_unit_test(a_reason_is_one_line),
		cmocka_unit_test(elements_are_found_by_path),
		cmocka_unit_test(elements_of_a_namespace_are_not_libvirts),
		cmocka_unit_test(only_elements_are_iterated),
		cmocka_unit_test(attributes_are_read),
		cmocka_unit_test(text_is_trimmed),
		cmocka_unit_test(text_in_many_pieces_takes_no_long_time),
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(numbers_are_read_strictly),
		cmocka_unit_test(memory_is_read_with_its_unit),
		cmocka_unit_test(lists_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
