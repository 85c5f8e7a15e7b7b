// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "output/buf.h"
#include "output/output.h"

static bool log_json;
static bool log_debug;

void cl_log_set_json(bool json)
{
	log_json = json;
}

void cl_log_set_debug(bool debug)
{
	log_debug = debug;
}

bool cl_log_debug_enabled(void)
{
	return log_debug;
}

void cl_vlog(enum cl_log_level level, const char *fmt, va_list ap)
{
	static const char *const names[] = { "error", "warning", "debug" };
	struct cl_buf msg = {}, line = {};

	if (level == CL_LOG_DEBUG && !log_debug)
		return;
	cl_buf_vprintf(&msg, fmt, ap);
	/* libbpf's messages end with a newline, ours do not. */
	while (msg.len && msg.s[msg.len - 1] == '\n')
		msg.s[--msg.len] = '\0';
	if (log_json) {
		cl_buf_printf(&line, "{\"schema\":%d,\"type\":\"%s\",\"message\":", CL_JSON_SCHEMA,
			      names[level]);
		cl_buf_json(&line, msg.s ? msg.s : "", msg.len);
		cl_buf_puts(&line, "}\n");
	} else {
		cl_buf_puts(&line, "convlist: ");
		if (level != CL_LOG_ERROR)
			cl_buf_printf(&line, "%s: ", names[level]);
		cl_buf_text(&line, msg.s ? msg.s : "", msg.len);
		cl_buf_puts(&line, "\n");
	}
	if (!line.oom)
		fwrite(line.s, 1, line.len, stderr);
	cl_buf_free(&line);
	cl_buf_free(&msg);
}

void cl_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cl_vlog(CL_LOG_ERROR, fmt, ap);
	va_end(ap);
}

void cl_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cl_vlog(CL_LOG_WARNING, fmt, ap);
	va_end(ap);
}

void cl_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cl_vlog(CL_LOG_DEBUG, fmt, ap);
	va_end(ap);
}
