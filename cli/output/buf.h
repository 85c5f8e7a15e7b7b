/* SPDX-License-Identifier: GPL-2.0 */
/* A string that grows, and the one place where foreign text is escaped. */
#ifndef CONVLIST_BUF_H
#define CONVLIST_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cl_buf {
	char *s;	/* NUL terminated once anything was added */
	size_t len, cap;
	bool oom;	/* something is missing; stays set */
};

void cl_buf_free(struct cl_buf *b);
void cl_buf_clear(struct cl_buf *b);

/* Room for so many bytes, and a NUL; false: there is none. */
bool cl_buf_grow(struct cl_buf *b, size_t more);
static inline bool cl_buf_reserve(struct cl_buf *b, size_t more)
{
	return (b->cap - b->len > more && !b->oom) || cl_buf_grow(b, more);
}

static inline void cl_buf_char(struct cl_buf *b, char c)
{
	if (!cl_buf_reserve(b, 1))
		return;
	b->s[b->len++] = c;
	b->s[b->len] = '\0';
}

static inline void cl_buf_add(struct cl_buf *b, const char *s, size_t len)
{
	if (!cl_buf_reserve(b, len))
		return;
	memcpy(b->s + b->len, s, len);
	b->len += len;
	b->s[b->len] = '\0';
}

static inline void cl_buf_puts(struct cl_buf *b, const char *s)
{
	cl_buf_add(b, s, strlen(s));
}

void cl_buf_printf(struct cl_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cl_buf_vprintf(struct cl_buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void cl_buf_u64(struct cl_buf *b, uint64_t v);
void cl_buf_s64(struct cl_buf *b, int64_t v);
void cl_buf_pad(struct cl_buf *b, size_t n);

/*
 * Both take at most max bytes and stop at a NUL.
 *
 * For a terminal: control characters (C0, DEL, C1) and bytes that are no UTF-8
 * become \xHH, a backslash is doubled; so a file's name cannot move the cursor.
 */
void cl_buf_text(struct cl_buf *b, const char *s, size_t max);
/* A JSON string with its quotes, always valid UTF-8: other bytes become U+FFFD. */
void cl_buf_json(struct cl_buf *b, const char *s, size_t max);

/* Width on a terminal: one column a character. */
size_t cl_text_width(const char *s, size_t len);

#endif
