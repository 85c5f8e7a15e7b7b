// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/buf.h"

void cl_buf_free(struct cl_buf *b)
{
	free(b->s);
	memset(b, 0, sizeof(*b));
}

void cl_buf_clear(struct cl_buf *b)
{
	b->len = 0;
	if (b->s)
		b->s[0] = '\0';
}

bool cl_buf_grow(struct cl_buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;
	char *s;

	if (b->oom)
		return false;
	while (cap - b->len <= more)
		cap *= 2;
	s = realloc(b->s, cap);
	if (!s) {
		b->oom = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

void cl_buf_vprintf(struct cl_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int len;

	if (!cl_buf_reserve(b, 0))
		return;
	room = b->cap - b->len;
	va_copy(again, ap);
	len = vsnprintf(b->s + b->len, room, fmt, ap);
	if (len >= 0 && (size_t)len >= room && cl_buf_reserve(b, len))
		len = vsnprintf(b->s + b->len, b->cap - b->len, fmt, again);
	va_end(again);
	if (len >= 0 && !b->oom)
		b->len += len;
	b->s[b->len] = '\0';
}

void cl_buf_printf(struct cl_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cl_buf_vprintf(b, fmt, ap);
	va_end(ap);
}

/* Most of what is printed is numbers: by printf they are half of what a trace costs. */
void cl_buf_u64(struct cl_buf *b, uint64_t v)
{
	char digits[20], *first = digits + sizeof(digits);

	do
		*--first = '0' + v % 10;
	while (v /= 10);
	cl_buf_add(b, first, digits + sizeof(digits) - first);
}

void cl_buf_s64(struct cl_buf *b, int64_t v)
{
	if (v < 0)
		cl_buf_add(b, "-", 1);
	cl_buf_u64(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void cl_buf_pad(struct cl_buf *b, size_t n)
{
	if (!cl_buf_reserve(b, n))
		return;
	memset(b->s + b->len, ' ', n);
	b->len += n;
	b->s[b->len] = '\0';
}

/*
 * Decodes one character of UTF-8; returns its length and sets *cp, or 0 when
 * the bytes are none: stray, cut off, overlong, a surrogate or too large.
 */
static size_t utf8_decode(const unsigned char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n, i;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] < 0xe0)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] < 0xf0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] < 0xf5)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	*cp = s[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return n;
}

static bool is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

/* How many bytes from here on need no look: neither escaped anywhere nor part of a sequence. */
static size_t plain_run(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

void cl_buf_text(struct cl_buf *b, const char *s, size_t max)
{
	size_t len = strnlen(s, max), i, n, k;
	uint32_t cp;

	for (i = 0; i < len; i += n) {
		n = plain_run(s + i, len - i);
		if (n) {
			cl_buf_add(b, s + i, n);
			continue;
		}
		n = utf8_decode((const unsigned char *)s + i, len - i, &cp);
		if (!n || is_control(cp)) {
			n = n ? n : 1;
			for (k = 0; k < n; k++)
				cl_buf_printf(b, "\\x%02x", (unsigned char)s[i + k]);
		} else if (cp == '\\') {
			cl_buf_puts(b, "\\\\");
		} else {
			cl_buf_add(b, s + i, n);
		}
	}
}

void cl_buf_json(struct cl_buf *b, const char *s, size_t max)
{
	size_t len = strnlen(s, max), i, n;
	uint32_t cp;

	cl_buf_puts(b, "\"");
	for (i = 0; i < len; i += n) {
		n = plain_run(s + i, len - i);
		if (n) {
			cl_buf_add(b, s + i, n);
			continue;
		}
		n = utf8_decode((const unsigned char *)s + i, len - i, &cp);
		if (!n) {
			cl_buf_puts(b, "\\ufffd");
			n = 1;
		} else if (cp == '"' || cp == '\\') {
			cl_buf_printf(b, "\\%c", (int)cp);
		} else if (is_control(cp)) {
			cl_buf_printf(b, "\\u%04x", (unsigned int)cp);
		} else {
			cl_buf_add(b, s + i, n);
		}
	}
	cl_buf_puts(b, "\"");
}

size_t cl_text_width(const char *s, size_t len)
{
	size_t width = 0, i;

	for (i = 0; i < len; i++)
		width += ((unsigned char)s[i] & 0xc0) != 0x80;
	return width;
}
