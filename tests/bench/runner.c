// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * bench-runner: how long programs take, from posix_spawn(3) to the end of wait(2)
 *
 * usage: bench-runner ROUNDS (NAME STDIN ARGV0 PROGRAM [ARGUMENT...] ++)...
 *
 * Every round runs each program once, and begins with another one than the last, so that
 * what else the machine does hits all alike. Each has to exit with status 0. Prints JSON:
 * {"rounds": N, "programs": {NAME: {"median_us": ..., "p10_us": ..., "p90_us": ...}}}
 */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define PROGRAMS_MAX 16
#define END "++"

struct program {
	const char *name;
	const char *input;
	const char *path;
	char **argv;
	uint64_t *times; /* ns */
};

static uint64_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static int run(const struct program *program, uint64_t *ret)
{
	static char locale[] = "LC_ALL=C", path[] = "PATH=/usr/sbin:/usr/bin";
	static char *const environment[] = { locale, path, NULL };
	posix_spawn_file_actions_t actions;
	uint64_t start;
	int r, status;
	pid_t pid;

	r = posix_spawn_file_actions_init(&actions);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, 0, program->input,
						     O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY,
						     0);
	if (r != 0)
		return -r;
	start = now();
	r = posix_spawn(&pid, program->path, &actions, NULL, program->argv, environment);
	if (r == 0 && waitpid(pid, &status, 0) < 0)
		r = errno;
	*ret = now() - start;
	(void)posix_spawn_file_actions_destroy(&actions);
	if (r == 0 && status != 0) {
		fprintf(stderr, "bench-runner: '%s': status 0x%x\n", program->name,
			(unsigned)status);
		return -EINVAL;
	}
	return -r;
}

/* Cuts the arguments up into programs, in place: their number, 0 for bad usage. */
static size_t parse_programs(char **argv, struct program *ret)
{
	size_t n = 0;

	while (*argv && n < PROGRAMS_MAX) {
		size_t length = 0;

		while (argv[length] && strcmp(argv[length], END) != 0)
			length++;
		if (!argv[length] || length < 4)
			return 0;
		argv[length] = NULL;
		ret[n].name = argv[0];
		ret[n].input = argv[1];
		ret[n].path = argv[3];
		argv[3] = argv[2];
		ret[n++].argv = argv + 3;
		argv += length + 1;
	}
	return *argv ? 0 : n;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static double quantile_us(const uint64_t *sorted, size_t n, size_t percent)
{
	size_t index = n * percent / 100;

	return (double)sorted[index] / 1e3;
}

static void print_results(const struct program *programs, size_t n, size_t rounds)
{
	printf("{\n  \"rounds\": %zu,\n  \"programs\": {", rounds);
	for (size_t i = 0; i < n; i++) {
		uint64_t *times = programs[i].times;

		qsort(times, rounds, sizeof(*times), compare);
		printf("%s\n    \"%s\": { \"median_us\": %.1f, \"p10_us\": %.1f, \"p90_us\": %.1f }",
		       i ? "," : "", programs[i].name, quantile_us(times, rounds, 50),
		       quantile_us(times, rounds, 10), quantile_us(times, rounds, 90));
	}
	printf("\n  }\n}\n");
}

static int run_rounds(const struct program *programs, size_t n, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++) {
		/*
		 * Rotated by two: what belongs together, such as a prepare and its release,
		 * stays together as long as it is at an even place.
		 */
		for (size_t i = 0; i < n; i++) {
			const struct program *program = &programs[(i + 2 * round) % n];
			int r = run(program, &program->times[round]);

			if (r < 0) {
				fprintf(stderr, "bench-runner: '%s': %s\n", program->name,
					strerror(-r));
				return r;
			}
		}
	}
	return 0;
}

int main(int argc, char *argv[])
{
	struct program programs[PROGRAMS_MAX] = { 0 };
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, n = 0;
	int r = 0;

	if (rounds >= 10 && rounds <= 1000000)
		n = parse_programs(argv + 2, programs);
	if (n == 0) {
		fprintf(stderr,
			"usage: bench-runner ROUNDS (NAME STDIN ARGV0 PROGRAM [ARGUMENT...] ++)...\n");
		return 2;
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		programs[i].times = calloc(rounds, sizeof(*programs[i].times));
		if (!programs[i].times)
			r = -ENOMEM;
	}
	if (r == 0)
		r = run_rounds(programs, n, rounds);
	if (r == 0)
		print_results(programs, n, rounds);
	for (size_t i = 0; i < n; i++)
		free(programs[i].times);
	return r < 0 ? 1 : 0;
}
