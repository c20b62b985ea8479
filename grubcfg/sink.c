// SPDX-License-Identifier: LGPL-2.1-or-later
/* What all sinks share; see sink.h. */

#include "grubcfg/sink.h"
#include "common/alloc.h"

struct sink *sinks_push(struct sinks *sinks, const struct sink_type *type,
			const char *path, const char *part, enum sink_scope scope)
{
	struct sink *sink = ARRAY_PUSH(sinks->items, sinks->n);

	sink->type = type;
	sink->path = xstrdup(path);
	sink->part = part ? xstrdup(part) : NULL;
	sink->scope = scope;
	return sink;
}

void sinks_done(struct sinks *sinks)
{
	for (size_t i = 0; i < sinks->n; i++) {
		free(sinks->items[i].path);
		free(sinks->items[i].part);
		free(sinks->items[i].title);
		free(sinks->items[i].version);
	}
	free(sinks->items);
	*sinks = (struct sinks){ 0 };
}

/* Text that is to stand at a place of the old one, instead of what is there up to .end. */
struct patch {
	size_t start;
	size_t end;
	struct strv before; /* new arguments, each followed by a blank */
	char *instead; /* NULL: what is there stays */
	struct strv after; /* new arguments, each after a blank */
	bool keep; /* the argument is wanted */
};

struct patches {
	struct patch *items;
	size_t n;
};

static void patches_done(struct patches *patches)
{
	for (size_t i = 0; i < patches->n; i++) {
		strv_done(&patches->items[i].before);
		free(patches->items[i].instead);
		strv_done(&patches->items[i].after);
	}
	free(patches->items);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct buffer {
	char *data;
	size_t size;
};

static void put(struct buffer *buffer, const char *data, size_t size)
{
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

static void put_args(struct buffer *buffer, const struct strv *args, bool blank_first)
{
	strv_for_each(arg, args) {
		if (blank_first)
			put(buffer, " ", 1);
		put(buffer, arg, strlen(arg));
		if (!blank_first)
			put(buffer, " ", 1);
	}
}

static size_t length_with_blanks(const struct strv *args)
{
	size_t size = 0;

	strv_for_each(arg, args)
		size += strlen(arg) + 1;
	return size;
}

/* @text with the patches, which are in its order. */
static char *apply_patches(const char *text, const struct patches *patches)
{
	size_t length = strlen(text), size = length + 1, done = 0;
	struct buffer buffer = { 0 };

	for (size_t i = 0; i < patches->n; i++) {
		const struct patch *p = &patches->items[i];

		size += length_with_blanks(&p->before) + length_with_blanks(&p->after) +
			(p->instead ? strlen(p->instead) : 0);
	}
	buffer.data = xmalloc(size);
	for (size_t i = 0; i < patches->n; i++) {
		const struct patch *p = &patches->items[i];
		size_t start = p->start, end = p->end;

		if (!p->keep) {
			if (start > done && is_blank(text[start - 1]))
				start--;
			else if (is_blank(text[end]))
				end++;
		}
		put(&buffer, text + done, start - done);
		put_args(&buffer, &p->before, false);
		if (p->instead)
			put(&buffer, p->instead, strlen(p->instead));
		else if (p->keep)
			put(&buffer, text + start, end - start);
		put_args(&buffer, &p->after, true);
		done = end;
	}
	put(&buffer, text + done, length - done);
	buffer.data[buffer.size] = '\0';
	return buffer.data;
}

/* The list of the patch that new arguments belong to: after the neighbour before, or before the next. */
static struct strv *place_of_new(struct patches *patches, const struct cmdline *wanted,
				 size_t index)
{
	for (size_t i = index; i > 0; i--) {
		if (wanted->items[i - 1].origin != ARG_NEW)
			return &patches->items[wanted->items[i - 1].origin].after;
	}
	for (size_t i = index + 1; i < wanted->n; i++) {
		if (wanted->items[i].origin != ARG_NEW)
			return &patches->items[wanted->items[i].origin].before;
	}
	return NULL;
}

/* New arguments without a neighbour are a patch of their own, with nothing there now. */
static void add_lonely(struct patches *patches, const struct strv *lonely, size_t fallback)
{
	struct patch patch = { .start = fallback, .end = fallback, .keep = true };
	size_t i = patches->n;

	(void)ARRAY_PUSH(patches->items, patches->n);
	for (; i > 0 && patches->items[i - 1].end > fallback; i--)
		patches->items[i] = patches->items[i - 1];
	patch.instead = strv_join(lonely, " ");
	patches->items[i] = patch;
}

int sink_splice(const char *text, const struct span *spans, const struct cmdline *now,
		const struct cmdline *wanted, size_t fallback,
		int (*encode)(const char *raw, char **ret, struct error *err), char **ret,
		struct error *err)
{
	_cleanup_(patches_done) struct patches patches = { 0 };
	_cleanup_strv_ struct strv lonely = STRV_NULL;

	for (size_t i = 0; i < now->n; i++) {
		struct patch *patch = ARRAY_PUSH(patches.items, patches.n);

		patch->start = spans[i].start;
		patch->end = spans[i].end;
	}
	for (size_t i = 0; i < wanted->n; i++) {
		const struct arg *arg = &wanted->items[i];
		_cleanup_free_ char *encoded = NULL;
		struct patch *patch = NULL;
		int r;

		if (arg->origin != ARG_NEW &&
		    (!patches.items || (size_t)arg->origin >= patches.n))
			return error_set(err, -ESTALE, "%s is no more where it was",
					 arg->raw);
		if (arg->origin != ARG_NEW) {
			patch = &patches.items[arg->origin];
			patch->keep = true;
			if (STREQ(arg->raw, now->items[arg->origin].raw))
				continue;
		}
		r = encode(arg->raw, &encoded, err);
		if (r < 0)
			return r;
		if (patch) {
			patch->instead = TAKE_PTR(encoded);
		} else {
			struct strv *place = place_of_new(&patches, wanted, i);

			strv_push_take(place ? place : &lonely, TAKE_PTR(encoded));
		}
	}
	if (lonely.n)
		add_lonely(&patches, &lonely, fallback);
	*ret = apply_patches(text, &patches);
	return 0;
}
