/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages to the person at the terminal, on stderr. With --json each is one
 * JSON object on its line, as everything else is. Names in messages come from
 * outside: control characters are escaped here.
 */
#ifndef CONVLIST_LOG_H
#define CONVLIST_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum cl_log_level {
	CL_LOG_ERROR,
	CL_LOG_WARNING,
	CL_LOG_DEBUG,
};

/* Set by main() and by the option parser; nothing else reads them. */
void cl_log_set_json(bool json);
void cl_log_set_debug(bool debug);
bool cl_log_debug_enabled(void);

void cl_vlog(enum cl_log_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void cl_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void cl_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void cl_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
