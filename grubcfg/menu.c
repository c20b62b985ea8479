// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a generated grub.cfg boots; see menu.h. */

#include "grubcfg/menu.h"
#include "common/alloc.h"
#include "common/parse.h"
#include "common/strv.h"
#include "grubcfg/encode.h"
#include "grubcfg/sink-text.h"

#define BEGIN_SCRIPT "### BEGIN /etc/grub.d/"
#define END_SCRIPT "### END /etc/grub.d/"

struct reader {
	struct menu *menu;
	struct menu_entry entry; /* the one that is open */
	bool is_open;
	bool in_submenu;
	bool in_script; /* 10_linux, 10_linux_zfs */
	unsigned n_top;
};

static void entry_done(struct menu_entry *entry)
{
	free(entry->title);
	free(entry->id);
	free(entry->kernel);
	cmdline_done(&entry->line);
	*entry = (struct menu_entry){ 0 };
}

/* The text after a command, or NULL when @line is another one. */
static const char *operands(const char *line, const char *command)
{
	size_t n = strlen(command);

	if (!str_has_prefix(line, command) || (line[n] != ' ' && line[n] != '\t'))
		return NULL;
	return line + n + strspn(line + n, " \t");
}

/*
 * The next word as GRUB's commands get it; NULL at the end. One with a variable in it, for example
 * $vt_handoff, is taken as it is written.
 */
static char *next_word(const char **text)
{
	const char *start = *text + strspn(*text, " \t");
	_cleanup_free_ char *word = NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	char *plain;
	bool is_open;
	size_t n = text_word_end(start, 0, strlen(start), LAYER_GRUB_BLS, &is_open);

	if (n == 0 || *start == '#')
		return NULL;
	*text = start + n;
	word = xstrndup(start, n);
	return decode(LAYER_GRUB_SCRIPT, word, &plain, &err) < 0 ? TAKE_PTR(word) : plain;
}

/* A title has blanks, around which decode() leaves the kernel's quotes. */
static char *unquoted(char *word)
{
	size_t n = word ? strlen(word) : 0;

	if (n >= 2 && word[0] == '"' && word[n - 1] == '"') {
		memmove(word, word + 1, n - 2);
		word[n - 2] = '\0';
	}
	return word;
}

static void open_entry(struct reader *reader, const char *rest)
{
	struct menu_entry *entry = &reader->entry;

	entry_done(entry);
	*entry = (struct menu_entry){ .title = unquoted(next_word(&rest)),
				      .top = reader->n_top,
				      .is_in_submenu = reader->in_submenu,
				      .is_generated = reader->in_script };
	for (;;) {
		_cleanup_free_ char *word = next_word(&rest);

		if (!word)
			break;
		if (!entry->id &&
		    (STREQ(word, "--id") || STREQ(word, "$menuentry_id_option") ||
		     STREQ(word, "${menuentry_id_option}")))
			entry->id = unquoted(next_word(&rest));
	}
	reader->is_open = true;
	reader->menu->n_entries++;
	reader->n_top += !reader->in_submenu;
}

static void read_linux(struct reader *reader, const char *rest)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *line = NULL;
	char *word;

	if (reader->entry.kernel)
		return;
	reader->entry.kernel = next_word(&rest);
	while ((word = next_word(&rest)))
		strv_push_take(&words, word);
	line = words.n ? strv_join(&words, " ") : xstrdup("");
	cmdline_parse(&reader->entry.line, line, 0);
	*ARRAY_PUSH(reader->menu->items, reader->menu->n) = reader->entry;
	reader->entry = (struct menu_entry){ 0 };
	reader->is_open = false;
}

/* 00_header writes it in double quotes. */
static void take_choice(struct menu *menu, const char *value)
{
	value += *value == '"';
	free(menu->choice);
	menu->choice = xstrndup(value, strcspn(value, "\""));
}

static void read_line(struct reader *reader, const char *line)
{
	static const char *const commands[] = { "linux", "linux16", "linuxefi",
						"module2" };
	const char *p = line + strspn(line, " \t"), *rest;

	if (str_has_prefix(line, BEGIN_SCRIPT))
		reader->in_script = str_has_prefix(line, BEGIN_SCRIPT "10_linux");
	if (str_has_prefix(line, END_SCRIPT))
		reader->in_script = false;
	if (STREQ(p, "blscfg") || str_has_prefix(p, "blscfg "))
		reader->menu->is_bls = true;
	if (p == line && *p == '}' && reader->in_submenu) {
		reader->in_submenu = false;
		reader->n_top++;
	}
	rest = operands(p, "submenu");
	if (rest && !reader->in_submenu)
		reader->in_submenu = true;
	rest = operands(p, "menuentry");
	if (rest)
		open_entry(reader, rest);
	rest = operands(p, "set");
	if (rest && str_has_prefix(rest, "default=") && !strstr(rest, "next_entry"))
		take_choice(reader->menu, rest + strlen("default="));
	for (size_t i = 0; reader->is_open && i < ARRAY_SIZE(commands); i++) {
		rest = operands(p, commands[i]);
		if (rest)
			read_linux(reader, rest);
	}
}

void menu_read(const char *text, struct menu *ret)
{
	struct reader reader = { .menu = ret };
	_cleanup_strv_ struct strv lines = STRV_NULL;

	*ret = (struct menu){ 0 };
	strv_split(&lines, text, "\n");
	strv_for_each(line, &lines)
		read_line(&reader, line);
	entry_done(&reader.entry);
}

const struct menu_entry *menu_generated(const struct menu *menu)
{
	for (size_t i = 0; i < menu->n; i++) {
		if (menu->items[i].is_generated)
			return &menu->items[i];
	}
	return menu->n ? &menu->items[0] : NULL;
}

const struct menu_entry *menu_find(const struct menu *menu, const char *choice)
{
	const char *last = strrchr(choice, '>');
	bool is_top = !last;
	uint64_t index;

	last = last ? last + 1 : choice;
	if (parse_u64(last, &index) < 0)
		index = UINT64_MAX;
	for (size_t i = 0; i < menu->n; i++) {
		const struct menu_entry *entry = &menu->items[i];

		if ((entry->id && STREQ(entry->id, last)) ||
		    (entry->title && STREQ(entry->title, last)))
			return entry;
		/* The number of a submenu stands for its first entry. */
		if (is_top && entry->top == index)
			return entry;
	}
	return NULL;
}

void menu_done(struct menu *menu)
{
	for (size_t i = 0; i < menu->n; i++)
		entry_done(&menu->items[i]);
	free(menu->items);
	free(menu->choice);
	*menu = (struct menu){ 0 };
}
