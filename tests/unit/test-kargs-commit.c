// SPDX-License-Identifier: LGPL-2.1-or-later

/* Commit, recovery, rollback and history, with a sink that takes its file for the line. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "common/alloc.h"
#include "common/json.h"
#include "common/log.h"
#include "grubcfg/commit.h"
#include "grubcfg/preflight.h"
#include "tree-fixture.h"

#define COMMAND "kargs set a=1"

static int plain_read(const struct tree *tree, const struct sink *sink,
		      struct cmdline *ret, _unused_ struct error *err)
{
	_cleanup_free_ char *text = NULL;
	int r = tree_read(tree, sink->path, &text, NULL);

	if (r == 0)
		cmdline_parse(ret, text, 0);
	return r;
}

static int plain_write(struct tree *tree, const struct sink *sink,
		       const struct cmdline *wanted, struct error *err)
{
	_cleanup_free_ char *line = cmdline_format(wanted);
	_cleanup_free_ char *text = xasprintf("%s\n", line);

	return tree_write(tree, sink->path, text, strlen(text), 0644, err);
}

/* What it reads is not what was written: somebody interferes. */
static int stubborn_read(const struct tree *tree, const struct sink *sink,
			 struct cmdline *ret, struct error *err)
{
	if (tree->edits.n == 0) {
		cmdline_parse(ret, "something else", 0);
		return 0;
	}
	return plain_read(tree, sink, ret, err);
}

static const struct sink_type plain = { "plain", plain_read, plain_write };
static const struct sink_type stubborn = { "stubborn", stubborn_read, plain_write };

struct host {
	struct fixture *f;
	struct tree tree;
	struct bootpath boot;
};

static int host_setup(void **state)
{
	struct host *h = xcalloc(1, sizeof(*h));
	_cleanup_error_ struct error err = ERROR_NULL;
	void *fixture;

	assert_int_equal(fixture_setup(&fixture), 0);
	(void)umask(022); /* what others can write is not read */
	assert_done(json_load(&err), &err);
	log_setup(LOG_TO_NOTHING, LOG_ERR);
	h->f = fixture;
	fixture_add(h->f, "boot/cmdline.txt = quiet\netc/\nvar/lib/\n");
	h->tree = (struct tree){ .root = &h->f->root, .root_path = h->f->dir };
	h->boot.name = "test";
	(void)sinks_push(&h->boot.sinks, &plain, "boot/cmdline.txt", NULL, SINK_BOTH);
	(void)sinks_push(&h->boot.sinks, &plain, "etc/kernel/cmdline", NULL, SINK_FUTURE);
	*state = h;
	return 0;
}

static int host_teardown(void **state)
{
	struct host *h = *state;
	void *fixture = h->f;

	tree_done(&h->tree);
	bootpath_done(&h->boot);
	free(h);
	return fixture_teardown(&fixture);
}

static void wish(struct changes *changes, const char *arg)
{
	changes_push(changes, CHANGE_SET, arg);
}

/* Adds @arg to every sink and commits: the id in *@ret_id, which may be NULL. */
static int commit_arg(struct host *h, const char *arg, char **ret_id, struct error *err)
{
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_free_ char *id = NULL;
	int r = 0;

	wish(&changes, arg);
	tree_done(&h->tree);
	for (size_t i = 0; r == 0 && i < h->boot.sinks.n; i++) {
		const struct sink *sink = &h->boot.sinks.items[i];
		_cleanup_cmdline_ struct cmdline line = { 0 };

		r = plain_read(&h->tree, sink, &line, err);
		if (r == -ENOENT || r == 0) {
			cmdline_insert(&line, line.n, arg);
			r = sink->type->write(&h->tree, sink, &line, err);
		}
	}
	if (r == 0)
		r = commit(&h->tree, &h->boot, &changes, COMMAND, &id, err);
	if (r == 0 && ret_id)
		*ret_id = TAKE_PTR(id);
	tree_done(&h->tree);
	return r;
}

static void committed(struct host *h, const char *arg)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(commit_arg(h, arg, NULL, &err), &err);
}

static void rolled_back(struct host *h, const char *id)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_free_ char *done = NULL;

	assert_done(commit_rollback(&h->tree, id, false, &done, &notes, &err), &err);
	if (id)
		assert_text(done, id);
}

static void assert_file(const struct host *h, const char *path, const char *text)
{
	_cleanup_free_ char *now =
		fixture_has(h->f, path) ? fixture_get(h->f, path) : NULL;

	assert_text(now, text);
}

static void a_commit_writes_every_sink_and_a_rollback_takes_it_back(void **state)
{
	struct host *h = *state;
	_cleanup_free_ char *before = fixture_dump(h->f, "boot"), *after = NULL;

	committed(h, "a=1");
	assert_file(h, "boot/cmdline.txt", "quiet a=1\n");
	assert_file(h, "etc/kernel/cmdline", "a=1\n");
	rolled_back(h, NULL);
	after = fixture_dump(h->f, "boot");
	assert_text(after, before);
	assert_false(fixture_has(h->f, "etc/kernel"));
	assert_true(fixture_has(h->f, "etc"));
}

static void a_rollback_takes_a_touch_back(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_free_ char *id = NULL, *path = fixture_path(h->f, "boot/cmdline.txt");
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_sec = 12345 } };
	struct stat st;

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_done(tree_touch(&h->tree, "boot/cmdline.txt", &err), &err);
	assert_done(commit(&h->tree, &h->boot, &changes, COMMAND, &id, &err), &err);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_mtime > 12345);
	rolled_back(h, id);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mtime, 12345);
}

static void history_tells_who_and_what(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_commit_records_ struct commit_records records = { 0 };

	(void)setenv("SUDO_UID", "4294967", 1);
	committed(h, "a=1");
	(void)unsetenv("SUDO_UID");
	committed(h, "b=2");
	rolled_back(h, NULL);
	assert_done(commit_history(&h->tree, &records, &err), &err);
	assert_int_equal(records.n, 2);
	assert_text(records.items[0].command, COMMAND);
	if (geteuid() == 0)
		assert_text(records.items[0].who, "uid 4294967");
	assert_int_equal(records.items[0].state, RECORD_DONE);
	assert_int_equal(records.items[0].changes.n, 1);
	assert_text(records.items[0].changes.items[0].arg, "a=1");
	assert_int_equal(records.items[0].n_files, 2);
	assert_int_equal(records.items[1].state, RECORD_ROLLED_BACK);
	assert_true(strcmp(records.items[0].id, records.items[1].id) != 0);
}

static void a_rollback_of_an_earlier_change_names_the_file_in_its_way(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_free_ char *first = NULL, *done = NULL;

	assert_done(commit_arg(h, "a=1", &first, &err), &err);
	committed(h, "b=2");
	assert_failed(commit_rollback(&h->tree, first, false, &done, &notes, &err),
		      -ESTALE, &err, "'/boot/cmdline.txt' was changed", "kargs history");
	assert_file(h, "boot/cmdline.txt", "quiet a=1 b=2\n");
	rolled_back(h, NULL);
	rolled_back(h, first);
	assert_file(h, "boot/cmdline.txt", "quiet\n");
	assert_failed(commit_rollback(&h->tree, first, false, &done, &notes, &err),
		      -EALREADY, &err, first, NULL);
	assert_failed(commit_rollback(&h->tree, NULL, false, &done, &notes, &err),
		      -ENOENT, &err, "no change to roll back", "kargs history");
	assert_failed(commit_rollback(&h->tree, "x", false, &done, &notes, &err), -ENOENT,
		      &err, "'x'", "kargs history");
}

static void a_removed_file_is_somebodys_change_too(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_free_ char *done = NULL;

	committed(h, "a=1");
	fixture_remove(h->f, "boot/cmdline.txt");
	assert_failed(commit_rollback(&h->tree, NULL, false, &done, &notes, &err),
		      -ESTALE, &err, "was removed", "--force");
	assert_file(h, "etc/kernel/cmdline", "a=1\n");
	assert_done(commit_rollback(&h->tree, NULL, true, &done, &notes, &err), &err);
	assert_file(h, "boot/cmdline.txt", "quiet\n");
}

/* A kernel that is gone took its entry with it: that is no reason to refuse, nor to bring it back. */
static void the_entry_of_a_removed_kernel_stays_away(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_free_ char *done = NULL;

	fixture_set(h->f, "boot/loader/entries/old.conf", "quiet\n");
	(void)sinks_push(&h->boot.sinks, &plain, "boot/loader/entries/old.conf", NULL,
			 SINK_INSTALLED);
	committed(h, "a=1");
	fixture_remove(h->f, "boot/loader/entries/old.conf");
	assert_done(commit_rollback(&h->tree, NULL, false, &done, &notes, &err), &err);
	assert_file(h, "boot/cmdline.txt", "quiet\n");
	assert_false(fixture_has(h->f, "boot/loader/entries/old.conf"));
	assert_int_equal(notes.n, 1);
	assert_contains(notes.items[0], "old.conf' was removed since");
}

static void what_reads_back_differently_is_taken_back(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *records = NULL;

	fixture_set(h->f, "boot/other", "quiet\n");
	(void)sinks_push(&h->boot.sinks, &stubborn, "boot/other", NULL, SINK_BOTH);
	assert_failed(commit_arg(h, "a=1", NULL, &err), -EIO, &err,
		      "nothing was changed: '/boot/other' does not have",
		      "which program");
	assert_file(h, "boot/cmdline.txt", "quiet\n");
	assert_file(h, "boot/other", "quiet\n");
	assert_false(fixture_has(h->f, "etc/kernel"));
	records = fixture_dump(h->f, KARGS_STATE_DIR);
	assert_lacks(records, "record.json");
}

static void a_file_changed_since_it_was_read_is_refused(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_free_ char *id = NULL;

	assert_done(tree_write(&h->tree, "boot/cmdline.txt", "quiet a\n", 8, 0644, &err),
		    &err);
	fixture_set(h->f, "boot/cmdline.txt", "quiet b\n");
	assert_failed(commit(&h->tree, &h->boot, &changes, COMMAND, &id, &err), -ESTALE,
		      &err, "'/boot/cmdline.txt' just now", "run it again");
	assert_file(h, "boot/cmdline.txt", "quiet b\n");
}

/* ---------------------------------------------------------------- recovery */

/* Sets the state of the only record back, as if its process had died in it. */
static void set_state(const struct host *h, const char *id, enum record_state state)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_record_ struct record record = { 0 };

	assert_done(record_load(&h->f->root, id, &record, &err), &err);
	record.state = state;
	assert_done(record_save(&h->f->root, &record, &err), &err);
}

static void recovered(struct host *h, int expected)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	int r = commit_recover(&h->tree, &err);

	assert_done(MIN(r, 0), &err);
	assert_int_equal(r, expected);
}

static void an_unfinished_change_is_taken_back_once(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *id = NULL, *unfinished = NULL, *none = NULL;

	recovered(h, 0);
	assert_done(commit_arg(h, "a=1", &id, &err), &err);
	recovered(h, 0);
	set_state(h, id, RECORD_PREPARED);
	unfinished = commit_unfinished(&h->tree);
	assert_text(unfinished, id);
	recovered(h, 1);
	assert_file(h, "boot/cmdline.txt", "quiet\n");
	assert_false(fixture_has(h->f, "etc/kernel"));
	none = commit_unfinished(&h->tree);
	assert_null(none);
	recovered(h, 0);
}

/* What recovery needs is looked at before it begins. */
static void recovery_waits_for_its_file_systems(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_free_ char *id = NULL, *rolled = NULL;

	fixture_add(h->f, "boot/efi/there = 1\n");
	assert_done(commit_arg(h, "a=1", &id, &err), &err);
	set_state(h, id, RECORD_PREPARED);
	/* Not mounted, and what it hides looks the same. */
	fixture_add(h->f, "etc/fstab = UUID=2 /boot vfat noauto 0 2\n"
			  "proc/self/mountinfo = 20 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	h->f->root.is_host = true;
	assert_failed(commit_recover(&h->tree, &err), -ENXIO, &err,
		      "'/boot' is not mounted", "mount /boot");
	error_done(&err);
	h->f->root.is_host = false;
	set_state(h, id, RECORD_DONE);
	h->f->root.is_host = true;
	assert_failed(commit_rollback(&h->tree, NULL, true, &rolled, &notes, &err),
		      -ENXIO, &err, "'/boot' is not mounted", "mount /boot");
	h->f->root.is_host = false;
	assert_file(h, "boot/cmdline.txt", "quiet a=1\n");
	set_state(h, id, RECORD_PREPARED);
	recovered(h, 1);
	assert_file(h, "boot/cmdline.txt", "quiet\n");
}

static void old_records_are_removed(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_commit_records_ struct commit_records records = { 0 };
	_cleanup_free_ char *first = NULL, *damaged = NULL, *json = NULL, *path = NULL;

	assert_done(commit_arg(h, "damaged=1", &damaged, &err), &err);
	assert_done(commit_arg(h, "first=1", &first, &err), &err);
	for (unsigned i = 2; i <= RECORD_KEEP; i++) {
		_cleanup_free_ char *arg = xasprintf("a%u=1", i);

		committed(h, arg);
	}
	path = xasprintf(KARGS_STATE_DIR "/%s", first);
	assert_true(fixture_has(h->f, path));
	json = xasprintf(KARGS_STATE_DIR "/%s/record.json", damaged);
	fixture_set(h->f, json, "{");
	committed(h, "last=1");
	assert_false(fixture_has(h->f, path));
	assert_true(fixture_has(h->f, json));
	fixture_remove(h->f, json);
	assert_done(commit_history(&h->tree, &records, &err), &err);
	assert_int_equal(records.n, RECORD_KEEP);
	assert_text(records.items[0].changes.items[0].arg, "a2=1");
	assert_text(records.items[RECORD_KEEP - 1].changes.items[0].arg, "last=1");
	rolled_back(h, records.items[RECORD_KEEP - 1].id);
}

static void somebodys_edit_after_a_crash_is_his(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *id = NULL;

	assert_done(commit_arg(h, "a=1", &id, &err), &err);
	set_state(h, id, RECORD_PREPARED);
	fixture_set(h->f, "boot/cmdline.txt", "mine\n");
	recovered(h, 1);
	assert_file(h, "boot/cmdline.txt", "mine\n");
	assert_false(fixture_has(h->f, "etc/kernel/cmdline"));
}

/* While programs ran, they may have written it; long after that, somebody else has. */
static void what_programs_wrote_is_taken_back_and_later_edits_are_not(void **state)
{
	struct host *h = *state;
	static const time_t ages[] = { 3600, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_free_ char *id = NULL, *kept = NULL,
				    *path = fixture_path(h->f, "boot/cmdline.txt");
		const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
						   { .tv_sec = time(NULL) + ages[i] } };

		assert_done(commit_arg(h, "a=1", &id, &err), &err);
		set_state(h, id, RECORD_REGENERATING);
		fixture_set(h->f, "boot/cmdline.txt", "another\n");
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		recovered(h, 1);
		assert_file(h, "boot/cmdline.txt", ages[i] ? "another\n" : "quiet\n");
		/* Whoever wrote it: it is not lost. */
		kept = xasprintf("var/lib/hosttune/kept/%s-1-cmdline.txt", id);
		assert_file(h, kept, ages[i] ? NULL : "another\n");
		assert_false(fixture_has(h->f, "etc/kernel"));
		fixture_set(h->f, "boot/cmdline.txt", "quiet\n");
	}
}

/* Programs that we run do not write the configuration. */
static void an_edit_of_the_configuration_after_a_crash_is_kept(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *id = NULL;

	(void)sinks_push(&h->boot.sinks, &plain, "etc/default/grub", NULL, SINK_BOTH);
	assert_done(commit_arg(h, "a=1", &id, &err), &err);
	set_state(h, id, RECORD_REGENERATING);
	fixture_set(h->f, "etc/default/grub", "mine\n");
	recovered(h, 1);
	assert_file(h, "etc/default/grub", "mine\n");
	assert_file(h, "boot/cmdline.txt", "quiet\n");
}

static void an_edit_during_a_rollback_that_died_is_kept(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *id = NULL;

	assert_done(commit_arg(h, "a=1", &id, &err), &err);
	set_state(h, id, RECORD_ROLLING_BACK);
	fixture_set(h->f, "boot/cmdline.txt", "mine\n");
	recovered(h, 1);
	assert_file(h, "boot/cmdline.txt", "mine\n");
	assert_false(fixture_has(h->f, "etc/kernel"));
}

/* Not mounted is not removed: nothing may be taken for done. */
static void a_file_whose_directory_is_gone_is_waited_for(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_free_ char *id = NULL, *done = NULL, *boot = fixture_path(h->f, "boot"),
			    *away = fixture_path(h->f, "away");

	assert_done(commit_arg(h, "a=1", &id, &err), &err);
	assert_int_equal(rename(boot, away), 0);
	assert_failed(commit_rollback(&h->tree, NULL, true, &done, &notes, &err), -ENXIO,
		      &err, "'/boot' is not there, where 'cmdline.txt' was", "mount");
	assert_file(h, "etc/kernel/cmdline", "a=1\n");
	set_state(h, id, RECORD_PREPARED);
	assert_failed(commit_recover(&h->tree, &err), -ENXIO, &err,
		      "'/boot' is not there", "mount");
	assert_file(h, "etc/kernel/cmdline", "a=1\n");
	assert_int_equal(rename(away, boot), 0);
	recovered(h, 1);
	assert_file(h, "boot/cmdline.txt", "quiet\n");
}

/* A clock that goes back: the last change is the one that was made last. */
static void ids_are_in_the_order_of_the_changes(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *first = NULL, *second = NULL;

	fixture_set(h->f, KARGS_STATE_DIR "/20991231T000000Z-9/before.0", "x");
	assert_done(commit_arg(h, "a=1", &first, &err), &err);
	assert_text(first, "20991231T000000Z-10");
	assert_done(commit_arg(h, "b=2", &second, &err), &err);
	assert_text(second, "20991231T000000Z-11");
	rolled_back(h, NULL);
	assert_file(h, "boot/cmdline.txt", "quiet a=1\n");
}

static void a_record_that_cannot_be_made_leaves_nothing(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_add(h->f, "var/lib/hosttune -> nowhere\n");
	assert_failed(commit_arg(h, "a=1", NULL, &err), -ENOENT, &err,
		      "nothing was changed: ", NULL);
	assert_file(h, "boot/cmdline.txt", "quiet\n");
}

static void an_unfinished_rollback_is_finished(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_commit_records_ struct commit_records records = { 0 };
	_cleanup_free_ char *id = NULL;

	assert_done(commit_arg(h, "a=1", &id, &err), &err);
	set_state(h, id, RECORD_ROLLING_BACK);
	fixture_set(h->f, "boot/cmdline.txt", "quiet\n"); /* it came so far */
	recovered(h, 1);
	assert_false(fixture_has(h->f, "etc/kernel"));
	assert_done(commit_history(&h->tree, &records, &err), &err);
	assert_int_equal(records.items[0].state, RECORD_ROLLED_BACK);
}

static void a_directory_without_record_is_removed(void **state)
{
	struct host *h = *state;

	fixture_set(h->f, KARGS_STATE_DIR "/20200101T000000Z-1/before.0", "x");
	fixture_set(h->f, KARGS_STATE_DIR "/20200101T000000Z-1/.record.json.new", "{");
	recovered(h, 0);
	assert_false(fixture_has(h->f, KARGS_STATE_DIR "/20200101T000000Z-1"));
}

static void a_damaged_record_is_an_error_that_says_what_to_do(void **state)
{
	struct host *h = *state;
	static const char *const damages[] = { "", "{", "[]", "{\"version\":1}" };

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		_cleanup_error_ struct error err = ERROR_NULL;

		fixture_set(h->f, KARGS_STATE_DIR "/20200101T000000Z-1/record.json",
			    damages[i]);
		assert_failed(commit_recover(&h->tree, &err), -EINVAL, &err, "is damaged",
			      "move the directory away");
	}
	fixture_set(h->f, KARGS_STATE_DIR "/20200101T000000Z-1/record.json",
		    "{\"version\":2,\"state\":\"done\"}");
	{
		_cleanup_error_ struct error err = ERROR_NULL;

		assert_failed(commit_recover(&h->tree, &err), -EPROTONOSUPPORT, &err,
			      "another version", "compare");
	}
}

static void a_damaged_copy_is_not_restored(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_free_ char *id = NULL, *path = NULL, *done = NULL;

	assert_done(commit_arg(h, "a=1", &id, &err), &err);
	path = xasprintf(KARGS_STATE_DIR "/%s/before.0", id);
	fixture_set(h->f, path, "quieT\n");
	assert_failed(commit_rollback(&h->tree, NULL, false, &done, &notes, &err),
		      -EBADMSG, &err,
		      "nothing was changed: the copy of '/boot/cmdline.txt'", NULL);
	assert_file(h, "boot/cmdline.txt", "quiet a=1\n");
	assert_file(h, "etc/kernel/cmdline", "a=1\n");
	recovered(h, 0);
}

/* Every command that reads records refuses, and nothing of the host changes. */
static void assert_not_trusted(struct host *h, const char *cause)
{
	_cleanup_error_ struct error recover = ERROR_NULL, history = ERROR_NULL,
				     rollback = ERROR_NULL;
	_cleanup_commit_records_ struct commit_records records = { 0 };
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_free_ char *done = NULL;

	assert_failed(commit_recover(&h->tree, &recover), -EPERM, &recover, cause,
		      "see who made it");
	assert_failed(commit_history(&h->tree, &records, &history), -EPERM, &history,
		      cause, "see who made it");
	assert_failed(commit_rollback(&h->tree, NULL, true, &done, &notes, &rollback),
		      -EPERM, &rollback, cause, "see who made it");
	assert_file(h, "boot/cmdline.txt", "quiet a=1\n");
	assert_file(h, "etc/kernel/cmdline", "a=1\n");
}

/* A record says which bytes are written where: nobody but root may say so. */
static void records_that_others_can_write_are_not_read(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *id = NULL, *directory = NULL, *json = NULL;
	const char *paths[] = { "var/lib/hosttune", KARGS_STATE_DIR, NULL, NULL };

	assert_done(commit_arg(h, "a=1", &id, &err), &err);
	directory = xasprintf(KARGS_STATE_DIR "/%s", id);
	json = xasprintf("%s/record.json", directory);
	paths[2] = directory;
	paths[3] = json;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *full = fixture_path(h->f, paths[i]),
				    *cause = xasprintf("'/%s' is not root's alone",
						       paths[i]);
		const mode_t mode = i == 3 ? 0600 : 0700;

		assert_int_equal(chmod(full, mode | 0002), 0);
		assert_not_trusted(h, cause);
		assert_int_equal(chmod(full, mode | 0020), 0);
		assert_not_trusted(h, cause);
		assert_int_equal(chmod(full, mode), 0);
		if (geteuid() != 0) {
			unit_skip("only root can give files away");
			continue;
		}
		assert_int_equal(chown(full, 65534, (gid_t)-1), 0);
		assert_not_trusted(h, cause);
		assert_int_equal(chown(full, 0, (gid_t)-1), 0);
	}
	rolled_back(h, id);
}

static void no_record_is_made_where_others_can_write(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *full = fixture_path(h->f, "var/lib/hosttune");

	fixture_add(h->f, "var/lib/hosttune/\n");
	assert_int_equal(chmod(full, 01777), 0);
	assert_failed(commit_arg(h, "a=1", NULL, &err), -EPERM, &err,
		      "'/var/lib/hosttune' is not root's alone", "see who made it");
	assert_file(h, "boot/cmdline.txt", "quiet\n");
	assert_false(fixture_has(h->f, KARGS_STATE_DIR));
}

/* ---------------------------------------------------------------- the lock and the checks */

static int try_lock(void *arg)
{
	const struct host *h = arg;
	_cleanup_error_ struct error err = ERROR_NULL;
	int fd = -1;

	return commit_lock(&h->tree, &fd, &err) == -EBUSY && err.remedy ? 0 : 1;
}

static void only_one_kargs_works_on_a_root(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *before = fixture_dump(h->f, "."), *after = NULL;

	assert_done(commit_lock(&h->tree, &fd, &err), &err);
	assert_int_equal(unit_exit_status(unit_run(try_lock, h)), 0);
	after = fixture_dump(h->f, ".");
	assert_text(after, before);
}

static void other_package_managers_are_waited_for(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *path = fixture_path(h->f, "var/lib/dpkg/lock");
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	_cleanup_close_ int fd = -1;

	fixture_add(h->f, "var/lib/dpkg/lock =\n");
	assert_done(preflight(&h->tree, &h->boot, &err), &err);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &range), 0);
	assert_failed(preflight(&h->tree, &h->boot, &err), -EBUSY, &err,
		      "'/var/lib/dpkg/lock' is locked", "wait");
	fixture_remove(h->f, "var/lib/dpkg/lock");
	fixture_add(h->f, "var/lib/pacman/db.lck =\n");
	assert_failed(preflight(&h->tree, &h->boot, &err), -EBUSY, &err, "db.lck", "wait");
}

/* A root that claims to be the host's own, with mounts and signs of its own. */
static void mounts_of_fstab_have_to_be_there(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	h->f->root.is_host = true;
	fixture_add(h->f,
		    "etc/fstab = # comment /boot\\nUUID=1 / ext4 defaults 0 1\\n"
		    "UUID=2 /boot ext4 defaults 0 2\\nUUID=3 /data ext4 defaults 0 2\n"
		    "proc/self/mountinfo = 20 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	assert_failed(preflight(&h->tree, &h->boot, &err), -ENXIO, &err,
		      "'/boot' is not mounted", "mount /boot");
	error_done(&err);
	fixture_add(h->f, "proc/self/mountinfo = 20 1 8:1 / / rw - ext4 /dev/sda1 rw\\n"
			  "21 20 8:2 / /boot rw - ext4 /dev/sda2 rw\n");
	assert_done(preflight(&h->tree, &h->boot, &err), &err);
	/* Not mounted by itself, but it is where the arguments are. */
	fixture_add(h->f, "etc/fstab = UUID=2 /boot vfat noauto 0 2\n"
			  "proc/self/mountinfo = 20 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	assert_failed(preflight_mounts(&h->tree, &h->boot, &err), -ENXIO, &err,
		      "'/boot' is not mounted", "mount /boot");
	error_done(&err);
	/* Or something is to be written there. */
	fixture_add(h->f, "etc/fstab = UUID=2 /etc/other ext4 noauto 0 2\n");
	assert_done(preflight(&h->tree, &h->boot, &err), &err);
	assert_done(tree_write(&h->tree, "etc/other/cmdline", "x\n", 2, 0644, &err), &err);
	assert_failed(preflight(&h->tree, &h->boot, &err), -ENXIO, &err,
		      "'/etc/other' is not mounted", "mount /etc/other");
	h->f->root.is_host = false;
}

static void a_container_is_refused(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	h->f->root.is_host = true;
	fixture_add(h->f, "run/systemd/container = lxc\n");
	assert_failed(preflight(&h->tree, &h->boot, &err), -ENOPKG, &err, "container",
		      "on the host");
	h->f->root.is_host = false;
}

static void a_chroot_is_refused(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	h->f->root.is_host = true;
	fixture_add(h->f, "proc/1/root -> ../../etc\n");
	assert_failed(preflight(&h->tree, &h->boot, &err), -EXDEV, &err, "chroot",
		      "--root");
	h->f->root.is_host = false;
}

static void a_missing_program_is_told_before(void **state)
{
	struct host *h = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	struct step *step = ARRAY_PUSH(h->boot.steps, h->boot.n_steps);

	step->kind = STEP_RUN;
	strv_push(&step->argv, "update-something");
	/* Below another root, it is left to somebody else. */
	assert_done(preflight(&h->tree, &h->boot, &err), &err);
	h->f->root.is_host = true;
	assert_failed(preflight(&h->tree, &h->boot, &err), -ENOENT, &err,
		      "'update-something'", "install");
	h->f->root.is_host = false;
}

#define COMMIT_TEST(test) cmocka_unit_test_setup_teardown(test, host_setup, host_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COMMIT_TEST(a_commit_writes_every_sink_and_a_rollback_takes_it_back),
		COMMIT_TEST(a_rollback_takes_a_touch_back),
		COMMIT_TEST(history_tells_who_and_what),
		COMMIT_TEST(a_rollback_of_an_earlier_change_names_the_file_in_its_way),
		COMMIT_TEST(a_removed_file_is_somebodys_change_too),
		COMMIT_TEST(the_entry_of_a_removed_kernel_stays_away),
		COMMIT_TEST(what_reads_back_differently_is_taken_back),
		COMMIT_TEST(a_file_changed_since_it_was_read_is_refused),
		COMMIT_TEST(an_unfinished_change_is_taken_back_once),
		COMMIT_TEST(recovery_waits_for_its_file_systems),
		COMMIT_TEST(old_records_are_removed),
		COMMIT_TEST(somebodys_edit_after_a_crash_is_his),
		COMMIT_TEST(what_programs_wrote_is_taken_back_and_later_edits_are_not),
		COMMIT_TEST(an_edit_of_the_configuration_after_a_crash_is_kept),
		COMMIT_TEST(an_edit_during_a_rollback_that_died_is_kept),
		COMMIT_TEST(a_file_whose_directory_is_gone_is_waited_for),
		COMMIT_TEST(ids_are_in_the_order_of_the_changes),
		COMMIT_TEST(a_record_that_cannot_be_made_leaves_nothing),
		COMMIT_TEST(an_unfinished_rollback_is_finished),
		COMMIT_TEST(a_directory_without_record_is_removed),
		COMMIT_TEST(a_damaged_record_is_an_error_that_says_what_to_do),
		COMMIT_TEST(a_damaged_copy_is_not_restored),
		COMMIT_TEST(records_that_others_can_write_are_not_read),
		COMMIT_TEST(no_record_is_made_where_others_can_write),
		COMMIT_TEST(only_one_kargs_works_on_a_root),
		COMMIT_TEST(other_package_managers_are_waited_for),
		COMMIT_TEST(mounts_of_fstab_have_to_be_there),
		COMMIT_TEST(a_container_is_refused),
		COMMIT_TEST(a_chroot_is_refused),
		COMMIT_TEST(a_missing_program_is_told_before),
	};

	return cmocka_run_group_tests_name("kargs-commit", tests, NULL, NULL);
}
