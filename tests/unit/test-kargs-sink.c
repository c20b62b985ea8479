// SPDX-License-Identifier: LGPL-2.1-or-later

/* What all sinks share: text whose arguments are changed in place. */

#include "common/alloc.h"
#include "grubcfg/change.h"
#include "grubcfg/sink.h"
#include "unit.h"

static int encode_upper(const char *raw, char **ret, struct error *err)
{
	if (strchr(raw, '!'))
		return error_set(err, -EILSEQ, "%s cannot be written", raw);
	*ret = xasprintf("<%s>", raw);
	return 0;
}

/* The arguments of @text are between its brackets. @fallback: the place of a '^', which is taken out. */
static int splice(const char *given, const char *changes, char **ret, struct error *err)
{
	_cleanup_(changes_done) struct changes list = { 0 };
	_cleanup_cmdline_ struct cmdline now = { 0 }, wanted = { 0 };
	_cleanup_free_ char *text = xstrdup(given);
	struct span spans[16];
	char *mark = strchr(text, '^');
	size_t fallback = mark ? (size_t)(mark - text) : 0;

	if (mark)
		memmove(mark, mark + 1, strlen(mark));
	for (const char *p = strchr(text, '['); p && *p && *p != ']';) {
		size_t n;

		p += strspn(p, "[ \t\n");
		n = strcspn(p, " \t\n]");
		if (n) {
			_cleanup_free_ char *word = xstrndup(p, n);

			spans[now.n].start = (size_t)(p - text);
			spans[now.n].end = spans[now.n].start + n;
			cmdline_parse(&now, word, (int)now.n);
		}
		p += n;
	}
	wanted = cmdline_copy(&now);
	for (const char *p = changes; *p;) {
		size_t n = strcspn(p, " ");
		_cleanup_free_ char *word = xstrndup(p, n);

		changes_push(&list, *word == '-' ? CHANGE_REMOVE : CHANGE_SET,
			     *word == '-' ? word + 1 : word);
		p += n + (p[n] == ' ');
	}
	assert_true(changes_apply(&wanted, &list, err) >= 0);
	return sink_splice(text, spans, &now, &wanted, fallback, encode_upper, ret, err);
}

static void only_the_change_is_written(void **state _unused_)
{
	static const struct {
		const char *text, *changes, *expected;
	} cases[] = {
		{ "x [a b=1 c] y", "b=2", "x [a <b=2> c] y" },
		{ "x [a b=1 c] y", "b=1", "x [a b=1 c] y" },
		{ "x [a b c] y", "-b", "x [a c] y" },
		{ "x [a b c] y", "-a", "x [b c] y" },
		{ "x [a b c] y", "-c", "x [a b] y" },
		{ "x [a b c] y", "-a -b", "x [c] y" },
		{ "x [a b c] y", "-b -c", "x [a] y" },
		{ "x [a b c] y", "-a -b -c", "x [] y" },
		{ "x [a  b\tc] y", "-b", "x [a \tc] y" },
		{ "x [a\nb\nc] y", "-b", "x [a\n\nc] y" },
		{ "x [a b] y", "c d", "x [a b <c> <d>] y" },
		{ "x [a b] y", "-b c", "x [a <c>] y" },
		{ "x [-- b] y", "c d", "x [<c> <d> -- b] y" },
		{ "x [^] y", "c d", "x [<c> <d>] y" },
		{ "x [^a] y", "-a c", "x [<c>] y" },
		{ "x [a^] y", "-a c", "x [<c>] y" },
		{ "x [a b^] y", "-a -b c", "x [<c>] y" },
		{ "[a^", "-a c", "[<c>" },
		{ "[hugepagesz=1G q]", "hugepagesz=1G hugepages=4",
		  "[hugepagesz=1G <hugepages=4> q]" },
		{ "[q hugepagesz=1G]", "default_hugepagesz=2M",
		  "[q <default_hugepagesz=2M> hugepagesz=1G]" },
		{ "[hugepagesz=1G q]", "default_hugepagesz=2M",
		  "[<default_hugepagesz=2M> hugepagesz=1G q]" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		_cleanup_error_ struct error err = ERROR_NULL;

		assert_done(splice(cases[i].text, cases[i].changes, &text, &err), &err);
		assert_string_equal(text, cases[i].expected);
	}
}

static void what_cannot_be_written_is_refused(void **state _unused_)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_failed(splice("[a]", "b=!", &text, &err), -EILSEQ, &err,
		      "b=! cannot be written", NULL);
	assert_null(text);
	assert_failed(splice("[b=1]", "b=!", &text, &err), -EILSEQ, &err,
		      "b=! cannot be written", NULL);
}

static void an_argument_that_is_not_there_is_refused(void **state _unused_)
{
	_cleanup_cmdline_ struct cmdline now = { 0 }, wanted = { 0 };
	_cleanup_free_ char *text = NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	cmdline_parse(&wanted, "a", 0);
	assert_failed(sink_splice("", NULL, &now, &wanted, 0, encode_upper, &text, &err),
		      -ESTALE, &err, "a is no more where it was", NULL);
}

static void sinks_own_their_texts(void **state _unused_)
{
	_cleanup_sinks_ struct sinks sinks = { 0 };
	char path[] = "etc/default/grub", part[] = "X";
	struct sink *sink;

	sink = sinks_push(&sinks, &sink_grub_default, path, part, SINK_BOTH);
	path[0] = part[0] = '-';
	assert_string_equal(sink->path, "etc/default/grub");
	assert_string_equal(sink->part, "X");
	assert_int_equal(sink->scope, SINK_BOTH);
	sink->title = xstrdup("title");
	sink->version = xstrdup("6.1");
	sink = sinks_push(&sinks, &sink_grub_default, "a", NULL, SINK_FUTURE);
	assert_null(sink->part);
	assert_int_equal(sinks.n, 2);
	sinks_done(&sinks);
	assert_int_equal(sinks.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_change_is_written),
		cmocka_unit_test(what_cannot_be_written_is_refused),
		cmocka_unit_test(an_argument_that_is_not_there_is_refused),
		cmocka_unit_test(sinks_own_their_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
