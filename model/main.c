// SPDX-License-Identifier: GPL-2.0-only
/*
 * swapsim: project swap throughput over threads from the work and the locks
 * of one swapped-out page.  See docs/man/swapsim.1.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "benchmark.h"
#include "input.h"
#include "output.h"

#define VERSION "1"

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_CANNOT = 3 };

static const char help[] =
	"Usage: swapsim [--table] FILE\n"
	"       swapsim --benchmark\n"
	"Project swap-out throughput over the number of threads, from the "
	"instructions\n"
	"and the lock visits of one swapped-out page.  FILE is described in "
	"swapsim(1);\n"
	"'-' reads standard input.\n"
	"\n"
	"  --table              print a table instead of JSON\n"
	"  --benchmark          measure the simulator's own speed\n"
	"  --help, --version    show this, or the version\n"
	"\n"
	"Exit status: 0 done, 2 usage or input, 3 cannot run.\n";

/* Static: together they are larger than a stack should have to be. */
static struct scenario scenario;
static struct projection projection;

static int fail(int status, const struct error *error)
{
	(void)fprintf(stderr, "swapsim: %s\n", error->line);
	return status;
}

/* A full disk or a closed pipe shows here at the latest. */
static int finish(struct error *error)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_DONE;
	error_set(error, "cannot write: %s", strerror(errno));
	return fail(EXIT_CANNOT, error);
}

static int run_file(const char *file, bool table)
{
	struct error error = {""};

	if (input_read(file, &scenario, &error))
		return fail(EXIT_USAGE, &error);
	if (project(&scenario, &projection, &error))
		return fail(EXIT_CANNOT, &error);
	if (table)
		output_table(stdout, &scenario, &projection);
	else
		output_json(stdout, &scenario, &projection);
	return finish(&error);
}

static int run_benchmark(void)
{
	struct error error = {""};

	if (benchmark(stdout, &error))
		return fail(EXIT_CANNOT, &error);
	return finish(&error);
}

int main(int argc, char **argv)
{
	struct error error = {""};
	bool table = argc == 3 && !strcmp(argv[1], "--table");
	const char *last = argc > 1 ? argv[argc - 1] : "";

	if (argc == 2 && !strcmp(last, "--help")) {
		(void)fputs(help, stdout);
		return finish(&error);
	}
	if (argc == 2 && !strcmp(last, "--version")) {
		(void)puts("swapsim " VERSION);
		return finish(&error);
	}
	if (argc == 2 && !strcmp(last, "--benchmark"))
		return run_benchmark();
	if ((argc == 2 || table) && *last && (*last != '-' || !last[1]))
		return run_file(last, table);
	error_set(&error, "%s",
		  "takes [--table] FILE, or --benchmark; see 'swapsim --help'");
	return fail(EXIT_USAGE, &error);
}
