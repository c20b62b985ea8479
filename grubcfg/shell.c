// SPDX-License-Identifier: LGPL-2.1-or-later
/* The commands of a shell file, as far as they set variables; see shell.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "grubcfg/shell-reader.h"

/* ---------------------------------------------------------------- variables */

unsigned shell_line(const struct shell_file *file, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset; i++)
		line += file->text[i] == '\n';
	return line;
}

bool shell_is_wanted(const struct shell *shell, const char *name)
{
	for (size_t i = 0; shell->wanted[i]; i++) {
		if (STREQ(shell->wanted[i], name))
			return true;
	}
	return false;
}

const struct shell_var *shell_get(const struct shell *shell, const char *name)
{
	for (size_t i = 0; i < shell->n_vars; i++) {
		if (STREQ(shell->vars[i].name, name))
			return &shell->vars[i];
	}
	return NULL;
}

struct shell_var *shell_get_or_add(struct shell *shell, const char *name)
{
	struct shell_var *var;

	for (size_t i = 0; i < shell->n_vars; i++) {
		if (STREQ(shell->vars[i].name, name))
			return &shell->vars[i];
	}
	var = ARRAY_PUSH(shell->vars, shell->n_vars);
	var->name = xstrdup(name);
	return var;
}

int reader_forget(struct reader *r, size_t pos, const char *name, const char *why)
{
	const struct shell_file *file = &r->shell->files[r->file];
	struct shell_var *var;
	int code;

	if (shell_is_wanted(r->shell, name)) {
		code = reader_refuse(r, pos, "%s %s", name, why);
		error_remedy(r->err, "set it in a line of its own: %s=\"...\"", name);
		return code;
	}
	var = shell_get_or_add(r->shell, name);
	shell_value_done(&var->value);
	var->is_set = true;
	var->value.unknown =
		xasprintf("%s:%u: %s %s", file->path, shell_line(file, pos), name, why);
	return 0;
}

/* ---------------------------------------------------------------- simple commands */

/* A word of a command, before it is evaluated: expansions see what the words before it set. */
struct place {
	size_t start;
	size_t name; /* length of the variable's name of an assignment, else 0 */
};

struct command {
	struct place *places;
	size_t n;
	size_t n_assignments; /* in front */
	bool redirects;
};

struct commands {
	struct command *items;
	size_t n;
};

static void commands_done(struct commands *commands)
{
	for (size_t i = 0; i < commands->n; i++)
		free(commands->items[i].places);
	free(commands->items);
}

static void skip_blanks(struct reader *r)
{
	for (;;) {
		const char *p = r->text + r->pos;

		if (*p == ' ' || *p == '\t')
			r->pos++;
		else if (*p == '\\' && p[1] == '\n')
			r->pos += 2;
		else
			break;
	}
	if (r->text[r->pos] == '#')
		r->pos += strcspn(r->text + r->pos, "\n");
}

static void skip_lines(struct reader *r)
{
	skip_blanks(r);
	while (r->text[r->pos] == '\n') {
		r->pos++;
		skip_blanks(r);
	}
}

/* Length of the name of "NAME=" or "NAME+=" at the reader's position. */
static size_t assignment_name(const struct reader *r)
{
	const char *p = r->text + r->pos;
	size_t n = shell_name_length(p);

	return n && (p[n] == '=' || (p[n] == '+' && p[n + 1] == '=')) ? n : 0;
}

static int read_redirection(struct reader *r)
{
	_cleanup_(word_done) struct word word = { 0 };
	size_t start = r->pos;
	const char *p = r->text + start;

	if (str_has_prefix(p, "<<"))
		return reader_refuse(r, start,
				     "text within the file (<<) is not understood");
	r->pos += p[1] && strchr(">&|", p[1]) ? 2 : 1;
	skip_blanks(r);
	p = r->text + r->pos;
	if (!*p || strchr("\n;&|<>()", *p))
		return reader_refuse(r, start, "this redirection is not understood");
	return reader_word(r, false, &word);
}

static int read_command(struct reader *r, struct command *ret)
{
	for (;;) {
		_cleanup_(word_done) struct word word = { 0 };
		struct place place;
		size_t digits;
		int code;

		skip_blanks(r);
		if (!r->text[r->pos] || strchr("\n;&|()", r->text[r->pos]))
			return 0;
		digits = strspn(r->text + r->pos, "0123456789");
		if (r->text[r->pos + digits] && strchr("<>", r->text[r->pos + digits])) {
			ret->redirects = true;
			r->pos += digits;
			code = read_redirection(r);
			if (code < 0)
				return code;
			continue;
		}
		place.start = r->pos;
		place.name = ret->n == ret->n_assignments ? assignment_name(r) : 0;
		code = reader_word(r, false, &word);
		if (code < 0)
			return code;
		ret->n_assignments += place.name > 0;
		*ARRAY_PUSH(ret->places, ret->n) = place;
	}
}

/* "NAME" of "NAME=" at @place. */
static char *name_at(const struct reader *r, const struct place *place)
{
	return xstrndup(r->text + place->start, place->name);
}

static int refuse_plus(struct reader *r, const struct place *place, const char *name)
{
	int code = reader_refuse(r, place->start,
				 "%s+= is known to bash only: where sh is another shell, "
				 "nothing after it is read",
				 name);

	error_remedy(r->err, "write %s=\"$%s ...\"", name, name);
	return code;
}

/* Puts what the variable is already before the value that is added to it. */
static int add_present(struct reader *r, const struct place *place, const char *name,
		       struct shell_value *value)
{
	const struct shell_var *var = shell_get(r->shell, name);
	struct shell_value both = { 0 };

	if (var ? !var->is_set : shell_is_wanted(r->shell, name))
		return 0;
	if (!var) {
		(void)reader_forget(r, place->start, name,
				    "is added to, but is not set in a file");
		var = shell_get_or_add(r->shell, name);
	}
	shell_value_copy(&both, &var->value);
	for (size_t i = 0; i < value->n; i++)
		*ARRAY_PUSH(both.bytes, both.n) = value->bytes[i];
	if (!both.unknown)
		both.unknown = TAKE_PTR(value->unknown);
	shell_value_done(value);
	*value = both;
	return 0;
}

static int assign(struct reader *r, const struct place *place, bool is_word)
{
	_cleanup_free_ char *name = name_at(r, place);
	_cleanup_(word_done) struct word word = { 0 };
	struct shell_assignment *assignment;
	struct shell_var *var;
	bool adds = r->text[place->start + place->name] == '+';
	int code;

	if (adds && !r->shell->is_bash)
		return refuse_plus(r, place, name);
	r->pos = place->start + place->name + (adds ? 2 : 1);
	r->assignment = r->shell->n_assignments;
	code = reader_word(r, true, &word);
	if (code == 0 && adds)
		code = add_present(r, place, name, &word.value);
	if (code < 0)
		return code;
	if (is_word && word.expands_bare)
		return reader_forget(r, place->start, name,
				     "is exported from words that are split");
	if (word.value.unknown && shell_is_wanted(r->shell, name)) {
		code = reader_refuse(r, place->start, "the value of %s is not known (%s)",
				     name, word.value.unknown);
		error_remedy(r->err, "write the arguments out in %s=\"...\"", name);
		return code;
	}
	assignment = ARRAY_PUSH(r->shell->assignments, r->shell->n_assignments);
	assignment->name = xstrdup(name);
	assignment->file = r->file;
	assignment->line = shell_line(&r->shell->files[r->file], place->start);
	assignment->start = word.start;
	assignment->end = word.end;
	assignment->insert = word.insert;
	assignment->insert_quote = word.insert_quote;
	var = shell_get_or_add(r->shell, name);
	var->is_set = true;
	var->last = r->assignment;
	shell_value_copy(&var->value, &word.value);
	return 0;
}

/* What is in front of a command is in force for that command only, or not even that. */
static int doubt_assignments(struct reader *r, const struct command *command,
			     const char *why)
{
	for (size_t i = 0; i < command->n_assignments; i++) {
		const struct place *place = &command->places[i];
		_cleanup_free_ char *name = name_at(r, place);
		int code;

		if (r->text[place->start + place->name] == '+' && !r->shell->is_bash)
			return refuse_plus(r, place, name);
		code = reader_forget(r, place->start, name, why);
		if (code < 0)
			return code;
	}
	return 0;
}

static bool is_constant_name(const char *name)
{
	for (; *name; name++) {
		if (islower((unsigned char)*name))
			return false;
	}
	return true;
}

/* VAR="quiet" console=ttyS0 sets a variable called console: never what was meant. */
static int check_stray_arguments(struct reader *r, const struct command *command)
{
	_cleanup_free_ char *wanted = NULL;
	int code;

	for (size_t i = 0; i < command->n_assignments; i++) {
		_cleanup_free_ char *name = name_at(r, &command->places[i]);

		if (shell_is_wanted(r->shell, name) && !wanted) {
			wanted = TAKE_PTR(name);
		} else if (wanted && !is_constant_name(name)) {
			code = reader_refuse(r, command->places[i].start,
					     "'%s=' stands outside the quotes of %s",
					     name, wanted);
			error_remedy(r->err,
				     "put all arguments of %s inside one pair of "
				     "quotes",
				     wanted);
			return code;
		}
	}
	return 0;
}

/* ---------------------------------------------------------------- commands that are known */

struct known {
	const char *name;
	int (*run)(struct reader *r, const struct command *command, bool certain);
};

static int run_harmless(struct reader *r _unused_, const struct command *command _unused_,
			bool certain _unused_)
{
	return 0;
}

static int run_beyond(struct reader *r, const struct command *command,
		      bool certain _unused_)
{
	const struct place *place = &command->places[command->n_assignments];
	int code, n = (int)strcspn(r->text + place->start, " \t\n;&|<>()");

	code = reader_refuse(r, place->start, "'%.*s' could set any variable", n,
			     r->text + place->start);
	error_remedy(r->err, "keep to lines of NAME=\"value\" in this file");
	return code;
}

static int run_export(struct reader *r, const struct command *command, bool certain)
{
	for (size_t i = command->n_assignments + 1; i < command->n; i++) {
		struct place place = command->places[i];
		size_t n = shell_name_length(r->text + place.start);
		const char *p = r->text + place.start + n;
		_cleanup_free_ char *name = xstrndup(r->text + place.start, n);
		int code = 0;

		place.name = n;
		if (n && (*p == '=' || str_has_prefix(p, "+=")))
			code = certain ? assign(r, &place, true) :
					 reader_forget(r, place.start, name,
						       "is set under a condition");
		else if (!n || (*p && !strchr(" \t\n;&|<>()", *p)))
			code = run_beyond(r, command, certain);
		if (code < 0)
			return code;
	}
	return 0;
}

static int run_unset(struct reader *r, const struct command *command, bool certain)
{
	for (size_t i = command->n_assignments + 1; i < command->n; i++) {
		size_t start = command->places[i].start;
		size_t n = shell_name_length(r->text + start);
		_cleanup_free_ char *name = xstrndup(r->text + start, n);
		struct shell_var *var;
		int code;

		if (!n ||
		    (r->text[start + n] && !strchr(" \t\n;&|<>()", r->text[start + n])))
			return run_beyond(r, command, certain);
		if (!certain) {
			code = reader_forget(r, start, name, "is unset under a condition");
			if (code < 0)
				return code;
			continue;
		}
		var = shell_get_or_add(r->shell, name);
		shell_value_done(&var->value);
		var->is_set = false;
	}
	return 0;
}

static const struct known known[] = {
	{ ":", run_harmless },	   { "true", run_harmless },
	{ "echo", run_harmless },  { "test", run_harmless },
	{ "[", run_harmless },	   { "export", run_export },
	{ "unset", run_unset },	   { ".", run_beyond },
	{ "source", run_beyond },  { "eval", run_beyond },
	{ "exec", run_beyond },	   { "exit", run_beyond },
	{ "return", run_beyond },  { "set", run_beyond },
	{ "shift", run_beyond },   { "trap", run_beyond },
	{ "alias", run_beyond },   { "unalias", run_beyond },
	{ "read", run_beyond },	   { "local", run_beyond },
	{ "declare", run_beyond }, { "typeset", run_beyond },
	{ "let", run_beyond },	   { "readonly", run_beyond },
	{ "getopts", run_beyond }, { "printf", run_beyond },
	{ "mapfile", run_beyond }, { "builtin", run_beyond },
	{ "command", run_beyond }, { "readarray", run_beyond },
	{ "enable", run_beyond },  { "shopt", run_beyond },
	{ "break", run_beyond },   { "continue", run_beyond },
	{ "hash", run_beyond },	   { "wait", run_beyond },
	{ "cd", run_beyond },	   { "[[", run_beyond },
	{ "time", run_beyond },	   { "false", run_harmless },
	{ "coproc", run_beyond },
};

/* The name of the command, or NULL where it is not plain text. */
static char *command_name(const struct word *word)
{
	char *name;

	if (word->value.unknown || word->expands_bare)
		return NULL;
	name = xcalloc(word->value.n + 1, 1);
	for (size_t i = 0; i < word->value.n; i++)
		name[i] = word->value.bytes[i].c;
	return name;
}

/* NAME = value, and NAME= value: the shell looks for a command, finds none, and stops. */
static int check_blanks_around_equals(struct reader *r, const struct command *command,
				      const char *name)
{
	const struct place *places = command->places;
	size_t n = command->n_assignments;
	bool after =
		n && strchr(" \t", r->text[places[n - 1].start + places[n - 1].name + 1]);
	bool before = command->n > n + 1 && r->text[places[n + 1].start] == '=' &&
		      shell_name_length(name) == strlen(name);
	int code;

	if (!after && !before)
		return 0;
	code = reader_refuse(r, places[after ? n - 1 : n].start,
			     "a blank beside '=': a shell takes '%s' for a command",
			     name);
	error_remedy(r->err, "write NAME=\"value\", without blanks around the '='");
	return code;
}

static int check_wanted_in_front(struct reader *r, const struct command *command,
				 const char *name)
{
	for (size_t i = 0; i < command->n_assignments; i++) {
		_cleanup_free_ char *variable = name_at(r, &command->places[i]);
		int code;

		if (!shell_is_wanted(r->shell, variable))
			continue;
		code = reader_refuse(r, command->places[i].start,
				     "%s is set for the command '%s' only", variable,
				     name);
		error_remedy(r->err, "put all arguments of %s inside one pair of quotes",
			     variable);
		return code;
	}
	return 0;
}

static bool names_wanted(const struct reader *r, const char *text)
{
	for (size_t i = 0; r->shell->wanted[i]; i++) {
		if (strstr(text, r->shell->wanted[i]))
			return true;
	}
	return false;
}

static int run_named(struct reader *r, const struct command *command, bool certain)
{
	size_t start = command->places[command->n_assignments].start;
	_cleanup_(word_done) struct word word = { 0 };
	_cleanup_free_ char *name = NULL, *source = NULL;
	int code;

	r->pos = start;
	code = reader_word(r, false, &word);
	if (code < 0)
		return code;
	name = command_name(&word);
	source = xstrndup(r->text + word.start, word.end - word.start);
	if (!name || strstr(source, "\\\n") || strv_contains(&r->shell->functions, name))
		return run_beyond(r, command, certain);
	code = check_blanks_around_equals(r, command, name);
	if (code == 0)
		code = check_wanted_in_front(r, command, name);
	if (code == 0)
		code = doubt_assignments(r, command, "is set for a command");
	if (code < 0)
		return code;
	if (names_wanted(r, name)) {
		code = reader_refuse(r, start, "'%s' is not an assignment", name);
		error_remedy(r->err, "write NAME=\"value\"");
		return code;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (STREQ(known[i].name, name))
			return known[i].run(r, command, certain);
	}
	return 0; /* a program cannot change a variable */
}

static int run_command(struct reader *r, const struct command *command, bool certain)
{
	size_t end = r->pos;
	int code = 0;

	if (command->n > command->n_assignments) {
		code = run_named(r, command, certain);
	} else if (!certain || command->redirects) {
		code = doubt_assignments(r, command, "is set under a condition");
	} else {
		code = check_stray_arguments(r, command);
		for (size_t i = 0; i < command->n && code == 0; i++)
			code = assign(r, &command->places[i], false);
	}
	r->pos = end;
	return code;
}

/* ---------------------------------------------------------------- compound commands */

static int syntax_error(struct reader *r)
{
	return reader_refuse(r, r->pos, "a shell would find a syntax error here");
}

static int read_list(struct reader *r, const char *opener, const char *closer);

/* The reserved word at the reader's position, if @word is there. */
static bool at_keyword(const struct reader *r, const char *word)
{
	size_t n = strlen(word);
	const char *p = r->text + r->pos;

	return str_has_prefix(p, word) && (!p[n] || strchr(" \t\n;&|<>()", p[n]));
}

/* What is between an opening and its closing word happens perhaps, and perhaps not. */
static int read_compound(struct reader *r, const char *opener, const char *closer)
{
	size_t start = r->pos;
	int code;

	if (r->depth >= SHELL_DEPTH_MAX)
		return reader_refuse(r, r->pos, "too many levels of commands");
	r->depth++;
	r->pos += strlen(opener);
	if (STREQ(opener, "for")) {
		_cleanup_(commands_done) struct commands words = { 0 };
		_cleanup_free_ char *name = NULL;

		skip_blanks(r);
		name = xstrndup(r->text + r->pos, shell_name_length(r->text + r->pos));
		if (!*name)
			return syntax_error(r);
		code = r->apart ? 0 : reader_forget(r, r->pos, name, "is set by a loop");
		r->pos += strlen(name);
		skip_blanks(r);
		if (code == 0 && r->text[r->pos] && !strchr(";\n", r->text[r->pos]))
			code = at_keyword(r, "in") ?
				       read_command(r, ARRAY_PUSH(words.items, words.n)) :
				       syntax_error(r);
		if (code < 0)
			return code;
		r->pos += r->text[r->pos] == ';';
	}
	code = read_list(r, opener, closer);
	r->depth--;
	if (code == 1)
		code = reader_refuse(r, start, "'%s' has no '%s'", opener, closer);
	return code;
}

/* name() { ... }, from its "(" on. */
static int read_function(struct reader *r, const struct command *command)
{
	size_t start = r->pos++;

	skip_blanks(r);
	if (r->text[r->pos] != ')' || command->n != 1 || command->n_assignments)
		return reader_refuse(r, start, "a parenthesis that is not understood");
	start = command->places[0].start;
	if (!r->apart)
		strv_push_take(&r->shell->functions,
			       xstrndup(r->text + start,
					strcspn(r->text + start, " \t\n(\\")));
	r->pos++;
	skip_lines(r);
	if (!at_keyword(r, "{"))
		return reader_refuse(r, start, "a function that is not understood");
	return read_compound(r, "{", "}");
}

static const struct {
	const char *opener, *closer;
} compounds[] = {
	{ "if", "fi" },	   { "while", "done" }, { "until", "done" },
	{ "for", "done" }, { "{", "}" },
};

static const char *const beyond[] = { "case", "select", "function" };
static const char *const inner[] = { "then", "elif", "else", "do" };
static const char *const stray[] = { "fi", "done", "}", "esac" };

/* Redirections, but no more words. */
static int read_after_compound(struct reader *r, struct commands *commands)
{
	struct command *command = ARRAY_PUSH(commands->items, commands->n);
	int code = read_command(r, command);

	if (code < 0)
		return code;
	return command->n ? syntax_error(r) : 1;
}

/* One command of a list. 1: it was compound, so nothing of its list is certain. */
static int read_element(struct reader *r, struct commands *commands)
{
	struct command *command;
	int code;

	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		if (at_keyword(r, beyond[i]))
			return reader_refuse(r, r->pos, "'%s' is not understood",
					     beyond[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(stray); i++) {
		if (at_keyword(r, stray[i]))
			return syntax_error(r);
	}
	if (r->text[r->pos] == '(') {
		r->pos++;
		code = reader_skip_commands(r, r->pos - 1);
		return code < 0 ? code : read_after_compound(r, commands);
	}
	for (size_t i = 0; i < ARRAY_SIZE(compounds); i++) {
		if (!at_keyword(r, compounds[i].opener))
			continue;
		code = read_compound(r, compounds[i].opener, compounds[i].closer);
		return code < 0 ? code : read_after_compound(r, commands);
	}
	if (at_keyword(r, "!")) {
		r->pos++;
		return 1;
	}
	command = ARRAY_PUSH(commands->items, commands->n);
	code = read_command(r, command);
	if (code == 0 && r->text[r->pos] == '(') {
		code = read_function(r, command);
		commands->n--;
		free(command->places);
		return code < 0 ? code : 1;
	}
	if (code == 0 && command->n == 0 && !command->redirects)
		return syntax_error(r);
	return code;
}

/* Commands joined by && || |, up to the end of their line or ";". */
static int read_joined(struct reader *r, bool certain)
{
	_cleanup_(commands_done) struct commands commands = { 0 };
	int code = 0;

	for (;;) {
		bool is_negation = at_keyword(r, "!");
		const char *p;

		code = read_element(r, &commands);
		if (code < 0)
			return code;
		certain = certain && code == 0;
		skip_blanks(r);
		p = r->text + r->pos;
		if (is_negation)
			continue;
		if (str_has_prefix(p, ";;") || *p == '(')
			return syntax_error(r);
		if (*p != '&' && *p != '|')
			break;
		certain = false;
		r->pos += p[1] == *p ? 2 : 1;
		if (*p == '&' && p[1] != '&')
			break;
		skip_lines(r);
	}
	r->pos += r->text[r->pos] == ';';
	for (size_t i = 0; i < commands.n && !r->apart; i++) {
		code = run_command(r, &commands.items[i], certain);
		if (code < 0)
			return code;
	}
	return 0;
}

/* The parts of a compound command: which word has to come next, and whether the last part is empty. */
struct parts {
	const char *need;
	bool is_if;
	bool has_else;
	bool has_command;
};

/* "then", "elif", "else" or "do" at the reader's position. 1: none of them. */
static int read_inner(struct reader *r, struct parts *parts)
{
	const char *word = NULL;
	bool is_needed, is_allowed;

	for (size_t i = 0; i < ARRAY_SIZE(inner) && !word; i++) {
		if (at_keyword(r, inner[i]))
			word = inner[i];
	}
	if (!word)
		return 1;
	is_needed = parts->need && STREQ(word, parts->need);
	is_allowed = !parts->need && parts->is_if && !parts->has_else &&
		     str_has_prefix(word, "el");
	if (!parts->has_command || (!is_needed && !is_allowed))
		return syntax_error(r);
	parts->need = STREQ(word, "elif") ? "then" : NULL;
	parts->has_else = STREQ(word, "else");
	parts->has_command = false;
	r->pos += strlen(word);
	return 0;
}

static bool at_closer(const struct reader *r, const char *closer)
{
	return STREQ(closer, ")") ? r->text[r->pos] == ')' : at_keyword(r, closer);
}

/* From behind @opener up to @closer; both NULL: to the end of the text. 1: it ended before. */
static int read_list(struct reader *r, const char *opener, const char *closer)
{
	struct parts parts = { 0 };
	int code;

	if (opener) {
		parts.is_if = STREQ(opener, "if");
		parts.has_command = STREQ(opener, "for");
		if (closer && STREQ(closer, "done"))
			parts.need = "do";
		if (parts.is_if)
			parts.need = "then";
	}
	for (;;) {
		skip_lines(r);
		if (!r->text[r->pos])
			return closer ? 1 : 0;
		if (closer && at_closer(r, closer)) {
			if (parts.need || !parts.has_command)
				return syntax_error(r);
			r->pos += strlen(closer);
			return 0;
		}
		code = read_inner(r, &parts);
		if (code == 1) {
			code = read_joined(r, !closer);
			parts.has_command = true;
		}
		if (code < 0)
			return code;
	}
}

int reader_skip_commands(struct reader *r, size_t start)
{
	bool apart = r->apart;
	int code;

	if (r->text[r->pos] == '(')
		return reader_refuse(r, start, "arithmetic is not understood");
	if (r->depth >= SHELL_DEPTH_MAX)
		return reader_refuse(r, start, "too many levels of commands");
	r->depth++;
	r->apart = true;
	code = read_list(r, "(", ")");
	r->apart = apart;
	r->depth--;
	return code == 1 ? reader_refuse(r, start, "a parenthesis is not closed") : code;
}

int reader_check_commands(struct reader *r)
{
	r->apart = true;
	return read_list(r, NULL, NULL);
}

/* ---------------------------------------------------------------- files */

int shell_source(struct shell *shell, const char *path, const char *text, size_t size,
		 struct error *err)
{
	struct shell_file *file = ARRAY_PUSH(shell->files, shell->n_files);
	struct reader reader = {
		.shell = shell,
		.file = shell->n_files - 1,
		.err = err,
	};
	int r;

	file->path = xstrdup(path);
	file->text = xstrndup(text, size);
	reader.text = file->text;
	if (strlen(file->text) != size)
		r = reader_refuse(&reader, strlen(file->text), "a NUL byte");
	else
		r = read_list(&reader, NULL, NULL);
	if (r < 0)
		error_remedy(err, "keep to lines of NAME=\"value\" in this file");
	return r;
}

char *shell_quote(enum shell_quote quote, const char *text)
{
	static const char safe[] = "%+,-./:=@_^";
	size_t n = 0;
	char *quoted = xmalloc(4 * strlen(text) + 1);

	for (; *text; text++) {
		if (quote == SHELL_SINGLE && *text == '\'') {
			n += (size_t)(stpcpy(quoted + n, "'\\''") - (quoted + n));
			continue;
		}
		if ((quote == SHELL_DOUBLE && strchr("\"\\$`", *text)) ||
		    (quote == SHELL_BARE && !isalnum((unsigned char)*text) &&
		     !strchr(safe, *text)))
			quoted[n++] = '\\';
		quoted[n++] = *text;
	}
	quoted[n] = '\0';
	return quoted;
}

void shell_done(struct shell *shell)
{
	for (unsigned i = 0; i < shell->n_files; i++) {
		free(shell->files[i].path);
		free(shell->files[i].text);
	}
	for (size_t i = 0; i < shell->n_vars; i++) {
		free(shell->vars[i].name);
		shell_value_done(&shell->vars[i].value);
	}
	for (unsigned i = 0; i < shell->n_assignments; i++)
		free(shell->assignments[i].name);
	free(shell->files);
	free(shell->vars);
	free(shell->assignments);
	strv_done(&shell->functions);
}
