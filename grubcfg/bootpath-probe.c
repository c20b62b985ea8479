// SPDX-License-Identifier: LGPL-2.1-or-later
/* Looking at a host's files; see bootpath-internal.h. */

#include "common/alloc.h"
#include "grubcfg/bootpath-internal.h"

const char *const probe_esps[] = { "boot", "efi", "boot/efi", NULL };

char *probe_program(const struct probe *probe, const char *name)
{
	static const char *const directories[] = { "usr/sbin", "usr/bin", "sbin", "bin" };

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", directories[i], name);

		if (tree_exists(probe->tree, path))
			return TAKE_PTR(path);
	}
	return NULL;
}

bool probe_has_program(const struct probe *probe, const char *name)
{
	_cleanup_free_ char *path = probe_program(probe, name);

	return path != NULL;
}

char *probe_text(const struct probe *probe, const char *path)
{
	struct unreadable *unreadable = probe->unreadable;
	char *text;
	int r = tree_read(probe->tree, path, &text, NULL);

	if (r == 0)
		return text;
	if (r != -ENOENT && r != -ENOTDIR && !unreadable->path) {
		unreadable->error = r;
		unreadable->path = xstrdup(path);
	}
	return NULL;
}

char *probe_setting(const struct probe *probe, const char *path, const char *key)
{
	_cleanup_free_ char *text = probe_text(probe, path), *value = NULL;
	size_t n = strlen(key);

	for (char *next = text; next;) {
		const char *line = strsep(&next, "\n");
		size_t end;

		line += strspn(line, " \t");
		if (strncmp(line, key, n) != 0 || line[n] != '=')
			continue;
		line += n + 1;
		end = strlen(line);
		while (end && strchr(" \t\r", line[end - 1]))
			end--;
		if (end >= 2 && (*line == '"' || *line == '\'') &&
		    line[end - 1] == *line) {
			line++;
			end -= 2;
		}
		free(value);
		value = xstrndup(line, end);
	}
	return TAKE_PTR(value);
}

/* Four bytes of attributes, then UTF-16; what these variables say is ASCII. */
char *probe_loader_variable(const struct probe *probe, const char *name)
{
	_cleanup_free_ char *data = NULL, *path = NULL;
	char *text;
	size_t size, n = 0;

	path = xasprintf("sys/firmware/efi/efivars/%s-"
			 "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
			 name);
	if (tree_read(probe->tree, path, &data, &size) < 0 || size < 4)
		return NULL;
	text = xmalloc(size);
	for (size_t i = 4; i + 1 < size && data[i]; i += 2)
		text[n++] = data[i + 1] ? '?' : data[i];
	text[n] = '\0';
	return text;
}

void probe_run(struct probe *probe, enum step_kind kind, const char *program, ...)
{
	struct step *step = ARRAY_PUSH(probe->boot->steps, probe->boot->n_steps);
	va_list ap;

	step->kind = kind;
	step->timeout_s = 600;
	strv_pushf(&step->argv, "/%s", program);
	va_start(ap, program);
	for (const char *arg; (arg = va_arg(ap, const char *));)
		strv_push(&step->argv, arg);
	va_end(ap);
}

/* Names begin with MACHINE_ID- or the token of /etc/kernel/entry-token. */
bool probe_has_token(const struct probe *probe, const char *name)
{
	_cleanup_free_ char *text = probe_text(probe, "etc/kernel/entry-token");
	size_t n = text ? strcspn(text, " \t\n") : 0;

	if (n && strncmp(name, text, n) == 0 && name[n] == '-')
		return true;
	return probe->machine_id && str_has_prefix(name, probe->machine_id);
}

void probe_start(struct probe *probe)
{
	static const char *const paths[] = { "etc/os-release", "usr/lib/os-release" };
	static const char *const keys[] = { "ID", "ID_LIKE" };
	_cleanup_free_ char *name = NULL, *id = probe_text(probe, "etc/machine-id");

	for (size_t i = 0; i < ARRAY_SIZE(paths) && !probe->os_ids.n; i++) {
		name = probe_setting(probe, paths[i], "PRETTY_NAME");
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			_cleanup_free_ char *value =
				probe_setting(probe, paths[i], keys[k]);

			strv_split(&probe->os_ids, value ? value : "", " ");
		}
		if (name)
			strv_pushf(&probe->boot->evidence, "/%s: %s", paths[i], name);
		free(TAKE_PTR(name));
	}
	if (id && strspn(id, "0123456789abcdef") == 32)
		probe->machine_id = xstrndup(id, 32);
	probe->loader_info = probe_loader_variable(probe, "LoaderInfo");
}

void probe_done(struct probe *probe)
{
	strv_done(&probe->os_ids);
	free(probe->machine_id);
	free(probe->loader_info);
	free(probe->mkconfig);
	free(probe->mkconfig_text);
	free(probe->grub_cfg);
	free(probe->grub_cfg_text);
	free(probe->unreadable->path);
}
