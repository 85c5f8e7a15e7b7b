// SPDX-License-Identifier: GPL-2.0
#include "symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "util.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool cl_symbol_matters(const char *name)
{
	static const char *const begins[] = {
		"ext4_", "aio_", "jbd2_", "iomap_dio_", "file_write_and_wait", "flush_aio_dio",
		"blkdev_issue_flush", "submit_bh", "bh_submit", "io_write",
	};

	/* Of most others the first character differs. */
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (name[0] == begins[i][0] && !strncmp(name, begins[i], strlen(begins[i])))
			return true;
	return false;
}

/* False: out of memory. */
static bool add(struct cl_symbols *s, const char *name, size_t *room)
{
	if (s->nr == *room) {
		size_t want = *room ? *room * 2 : 1024;
		char **more = realloc(s->name, want * sizeof(*more));

		if (!more)
			return false;
		s->name = more;
		*room = want;
	}
	s->name[s->nr] = strdup(name);
	return s->name[s->nr++];
}

static void read_all(struct cl_symbols *s)
{
	FILE *file __cleanup_file = fopen(s->table ?: "/proc/kallsyms", "re");
	char line[512];
	size_t room = 0;

	/* "ffffffff81000000 t name", and behind a tab the module; many thousands of them. */
	while (file && fgets(line, sizeof(line), file)) {
		char *type = strchr(line, ' '), *name;

		if (!type || (type[1] != 't' && type[1] != 'T') || type[2] != ' ')
			continue;
		name = type + 3;
		if (!cl_symbol_matters(name))
			continue;
		name[strcspn(name, "\t\n ")] = 0;
		if (!add(s, name, &room)) {
			cl_warn("out of memory: some functions of the kernel are taken as missing");
			cl_symbols_free(s);
			break;
		}
	}
	if (s->nr)
		qsort(s->name, s->nr, sizeof(*s->name), compare_names);
	s->read = true;
}

/*
 * clang's ".llvm.<hash>" is a static function made unique: its arguments are
 * what they were. gcc's ".isra.", ".constprop." and ".part." have others, and a
 * program that reads the first argument would read something else.
 */
const char *cl_symbols_find(struct cl_symbols *s, const char *function, const char **changed)
{
	size_t len = strlen(function);

	*changed = NULL;
	if (!s->read)
		read_all(s);
	if (s->nr && bsearch(&function, s->name, s->nr, sizeof(*s->name), compare_names))
		return function;
	for (size_t i = 0; i < s->nr; i++) {
		const char *symbol = s->name[i];

		if (strncmp(symbol, function, len) || symbol[len] != '.')
			continue;
		if (!strncmp(symbol + len, ".llvm.", 6))
			return symbol;
		if (!strstr(symbol + len, ".cold"))
			*changed = symbol;
	}
	return NULL;
}

void cl_symbols_free(struct cl_symbols *s)
{
	for (size_t i = 0; i < s->nr; i++)
		free(s->name[i]);
	free(s->name);
	*s = (struct cl_symbols){ .table = s->table };
}
