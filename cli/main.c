// SPDX-License-Identifier: GPL-2.0
/* Dispatch to the subcommands; the only place that ends the process. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "kernel/btf_types.h"
#include "log.h"
#include "util.h"

#ifndef CONVLIST_VERSION
#define CONVLIST_VERSION "unknown"
#endif

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
#define X(name, fn, summary) { #name, fn, summary },
#include "commands.def"
#undef X
};

static void print_help(FILE *f)
{
	size_t i;

	fprintf(f, "Usage: convlist [--debug] [--btf FILE] COMMAND [OPTIONS]\n\n"
		   "Watches ext4 direct writes from the device to the promise of fsync: when the\n"
		   "data was done, when the program saw it complete, when the extent was converted\n"
		   "from unwritten, and which journal commit and fsync made that durable.\n\n"
		   "Commands:\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-9s  %s\n", commands[i].name, commands[i].summary);
	fprintf(f, "  %-9s  %s\n  %-9s  %s\n", "help", "print this help, or a command's", "version",
		"print the version");
	fprintf(f, "\n  --debug     say more on stderr, libbpf's words as well\n"
		   "  --btf FILE  the kernel's types are in FILE: for a kernel without its own\n");
	fprintf(f, "\n'convlist COMMAND --help' tells more. Exit status: 0 ok, 1 violation,\n"
		   "2 wrong usage, 3 could not run, 4 inconclusive.\n");
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* How many arguments argv[1] takes when it is an option of all commands; -1 after a message. */
static int global_option(int argc, char **argv)
{
	const char *value = NULL;
	int used = 1;

	if (!strcmp(argv[1], "--debug")) {
		cl_log_set_debug(true);
		return 1;
	}
	if (!strncmp(argv[1], "--btf=", 6)) {
		value = argv[1] + 6;
	} else if (!strcmp(argv[1], "--btf")) {
		value = argc > 2 ? argv[2] : NULL;
		used = 2;
	} else {
		return 0;
	}
	if (!value || !*value) {
		cl_err("--btf needs a file");
		return -1;
	}
	cl_types_use_file(value);
	return used;
}

static int run(int argc, char **argv)
{
	const struct command *c;

	while (argc > 1) {
		int used = global_option(argc, argv);

		if (used < 0)
			return CL_EXIT_USAGE;
		if (!used)
			break;
		argc -= used;
		argv += used;
	}
	if (argc < 2) {
		print_help(stderr);
		return CL_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "version") || !strcmp(argv[1], "--version")) {
		printf("convlist %s\n", CONVLIST_VERSION);
		return CL_EXIT_OK;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		char *help[] = { argc > 2 ? argv[2] : NULL, "--help", NULL };

		c = argc > 2 ? find_command(argv[2]) : NULL;
		if (c)
			return c->run(2, help);
		if (argc <= 2) {
			print_help(stdout);
			return CL_EXIT_OK;
		}
		argv++;
	} else {
		c = find_command(argv[1]);
		if (c)
			return c->run(argc - 1, argv + 1);
	}
	cl_err("unknown command '%s'; try 'convlist --help'", argv[1]);
	return CL_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	/* A reader that is gone shows as an error where it is written to. */
	signal(SIGPIPE, SIG_IGN);
	return run(argc, argv);
}
