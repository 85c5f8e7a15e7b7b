// SPDX-License-Identifier: GPL-2.0
#include "bpf_log.h"

#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "log.h"

static char failed_program[128];

/* Every message about a program begins with its name: "prog 'x': ...". */
static void remember(const char *message)
{
	const char *name = strstr(message, "prog '"), *end;

	if (!name)
		return;
	name += strlen("prog '");
	end = strchr(name, '\'');
	if (end)
		snprintf(failed_program, sizeof(failed_program), "%.*s", (int)(end - name), name);
}

static int on_message(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	if (level == LIBBPF_WARN) {
		char message[512];

		vsnprintf(message, sizeof(message), fmt, again);
		remember(message);
	}
	va_end(again);
	if (cl_log_debug_enabled() && level != LIBBPF_DEBUG)
		cl_vlog(CL_LOG_DEBUG, fmt, ap);
	return 0;
}

void cl_bpf_log_init(void)
{
	libbpf_set_print(on_message);
}

void cl_bpf_log_reset(void)
{
	failed_program[0] = 0;
}

const char *cl_bpf_log_program(void)
{
	return failed_program;
}
