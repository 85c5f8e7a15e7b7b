// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "opt.h"
#include "output/buf.h"
#include "source/vector.h"
#include "util.h"

#define MAX_FIELDS 32

static int fail(struct cl_vector_parsed *p, const char *what, const char *word)
{
	struct cl_buf b = {};

	cl_buf_text(&b, word, 60);
	snprintf(p->error, sizeof(p->error), "%s '%s'", what, b.s ? b.s : "");
	cl_buf_free(&b);
	return -EINVAL;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/*
 * Takes the next word off *s, its quotes and escapes undone in place. NULL at
 * the end of the line or at a comment; *bad when quotes or escapes are wrong.
 */
static char *next_word(char **s, bool *bad)
{
	char *in = *s, *out, *word;
	bool quoted = false;

	while (isspace((unsigned char)*in))
		in++;
	if (!*in || *in == '#')
		return NULL;
	for (word = out = in; *in && (quoted || !isspace((unsigned char)*in)); in++) {
		if (*in == '"') {
			quoted = !quoted;
			continue;
		}
		if (*in != '\\') {
			*out++ = *in;
			continue;
		}
		in++;
		if (*in == 'x' && hex_digit(in[1]) >= 0 && hex_digit(in[2]) >= 0) {
			*out = hex_digit(in[1]) << 4 | hex_digit(in[2]);
			*bad |= !*out++;
			in += 2;
		} else if (*in == '\\' || *in == '"') {
			*out++ = *in;
		} else {
			*bad = true;
			break;
		}
	}
	*bad |= quoted;
	*s = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

/* "ts" and "ts_ns" both name ts_ns. */
static bool names_field(const char *key, const char *name)
{
	size_t len = strlen(key);

	if (strncmp(key, name, len))
		return false;
	return !name[len] || !strcmp(name + len, "_ns") || !strcmp(name + len, "_bytes");
}

static const struct cl_field *find_field(const struct cl_field *f, const char *key)
{
	for (; f->name; f++)
		if (names_field(key, f->name))
			return f;
	return NULL;
}

static int parse_u32(const char *s, __u32 *v)
{
	uint64_t u;

	if (cl_parse_u64(s, &u) || u > UINT32_MAX)
		return -EINVAL;
	*v = u;
	return 0;
}

static int parse_enum(const struct cl_field *f, const char *s, __u32 *v)
{
	unsigned int i;

	for (i = 0; i < f->nr_names; i++) {
		if (!strcmp(f->names[i], s)) {
			*v = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* -5, -EIO or 0 */
static int parse_error(const char *s, __s32 *v)
{
	int64_t n;

	if (!cl_parse_s64(s, &n) && n <= 0 && n >= -4095) {
		*v = n;
		return 0;
	}
	for (n = 1; s[0] == '-' && n < 134; n++) {
		const char *name = strerrorname_np(n);

		if (name && !strcmp(name, s + 1)) {
			*v = -n;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_flags(char *s, __u16 *v)
{
	char *save, *name;
	unsigned int i;

	for (name = strtok_r(s, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < CL_FLAG_BITS; i++)
			if (!strcmp(cl_flag_names[i], name))
				break;
		if (i == CL_FLAG_BITS)
			return -EINVAL;
		*v |= 1 << i;
	}
	return 0;
}

static int parse_path(struct cl_vector_parsed *p, const char *s)
{
	size_t len = strlen(s);

	if (!len || len >= CL_PATH_MAX)
		return -EINVAL;
	memcpy(p->event.path.path, s, len + 1);
	p->event.path.len_bytes = len;
	p->len = sizeof(p->event.path) + len + 1;
	return 0;
}

static int parse_field(struct cl_vector_parsed *p, const struct cl_field *f, char *s)
{
	void *field = p->event.bytes + f->offset;

	switch (f->type) {
	case CL_FIELD_U32:
		return parse_u32(s, field);
	case CL_FIELD_U64:
	case CL_FIELD_TIME:
		return cl_parse_u64(s, field);
	case CL_FIELD_S64:
		return cl_parse_s64(s, field);
	case CL_FIELD_BOOL:
		return parse_u32(s, field) || *(__u32 *)field > 1 ? -EINVAL : 0;
	case CL_FIELD_ENUM:
		return parse_enum(f, s, field);
	case CL_FIELD_ERROR:
		return parse_error(s, field);
	case CL_FIELD_DEV:	/* no names: what they mean hangs on the machine */
		return strchr(s, ':') ? cl_parse_dev(s, field) : -EINVAL;
	case CL_FIELD_FLAGS:
		return parse_flags(s, field);
	case CL_FIELD_COMM:
		if (strlen(s) >= CL_COMM_LEN)
			return -EINVAL;
		strcpy(field, s);
		return 0;
	case CL_FIELD_PATH:
		return parse_path(p, s);
	}
	return -EINVAL;
}

static int set_defaults(struct cl_vector_parsed *p, const struct cl_field *fields,
			const struct cl_field **seen, unsigned int nr_seen)
{
	const struct cl_field *f;
	unsigned int i;

	for (f = fields; f->name; f++) {
		for (i = 0; i < nr_seen && seen[i] != f; i++)
			;
		if (i < nr_seen)
			continue;
		if (f->required)
			return fail(p, "missing field", f->name);
		if (f->type == CL_FIELD_S64)
			*(__s64 *)(p->event.bytes + f->offset) = f->def;
	}
	return 0;
}

static int parse_record(struct cl_vector_parsed *p, const char *kind, char *rest)
{
	const struct cl_field *seen[MAX_FIELDS], *f;
	const struct cl_event_info *info;
	unsigned int nr = 0, i;
	char *word, *value;
	bool bad = false;
	int err;

	p->event.e.kind = cl_event_kind(kind, strlen(kind));
	info = cl_event_info(p->event.e.kind);
	if (!info)
		return fail(p, "unknown kind", kind);
	p->len = info->size_bytes;
	while ((word = next_word(&rest, &bad)) && !bad) {
		value = strchr(word, '=');
		if (!value)
			return fail(p, "not key=value:", word);
		*value++ = '\0';
		f = find_field(cl_event_header_fields, word);
		if (!f)
			f = find_field(info->fields, word);
		if (!f)
			return fail(p, "unknown field", word);
		for (i = 0; i < nr; i++)
			if (seen[i] == f)
				return fail(p, "given twice:", word);
		if (nr == MAX_FIELDS || parse_field(p, f, value))
			return fail(p, "bad value for", f->name);
		seen[nr++] = f;
	}
	if (bad)
		return fail(p, "bad quotes or escapes in", kind);
	err = set_defaults(p, cl_event_header_fields, seen, nr);
	if (!err)
		err = set_defaults(p, info->fields, seen, nr);
	if (err)
		return err;
	p->event.e.size_bytes = p->len;
	if (cl_event_check(&p->event, p->len))
		return fail(p, "impossible values in", info->name);
	return CL_VECTOR_RECORD;
}

static int parse_needs(char *names, __u32 *needs)
{
	char *save, *name;
	int i;

	for (name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < CL_NEEDS; i++)
			if (!strcmp(cl_need_name(1 << i), name))
				break;
		if (i == CL_NEEDS)
			return -EINVAL;
		*needs |= 1 << i;
	}
	return 0;
}

static int parse_hooks(struct cl_vector_parsed *p, char *rest)
{
	bool bad = false;
	char *word;
	int err;

	while ((word = next_word(&rest, &bad)) && !bad) {
		if (!strncmp(word, "missing=", 8))
			err = parse_needs(word + 8, &p->missing);
		else if (!strncmp(word, "inferred=", 9))
			err = parse_needs(word + 9, &p->inferred);
		else if (!strncmp(word, "unwatched=", 10))
			err = parse_needs(word + 10, &p->unwatched);
		else
			return fail(p, "unknown field", word);
		if (err)
			return fail(p, "unknown name in", word);
	}
	return bad ? fail(p, "bad quotes or escapes in", "hooks") : CL_VECTOR_HOOKS;
}

/* Bytes as they are, unchecked: what the model makes of them is the test. */
static int parse_raw(struct cl_vector_parsed *p, char *rest)
{
	bool bad = false;
	char *word = next_word(&rest, &bad);
	size_t n;

	for (n = 0; word && word[2 * n]; n++) {
		int high = hex_digit(word[2 * n]);
		int low = high < 0 ? -1 : hex_digit(word[2 * n + 1]);

		if (low < 0 || n == sizeof(p->event))
			return fail(p, "bad bytes in", "raw");
		p->event.bytes[n] = high << 4 | low;
	}
	p->len = n;
	return bad || !n || next_word(&rest, &bad) ? fail(p, "bad bytes in", "raw") :
						     CL_VECTOR_RECORD;
}

int cl_vector_parse(char *line, struct cl_vector_parsed *p)
{
	bool bad = false;
	char *kind;

	memset(p, 0, sizeof(*p));
	kind = next_word(&line, &bad);
	if (bad)
		return fail(p, "bad quotes or escapes in", kind);
	if (!kind)
		return CL_VECTOR_BLANK;
	if (!strcmp(kind, "hooks"))
		return parse_hooks(p, line);
	if (!strcmp(kind, "raw"))
		return parse_raw(p, line);
	return parse_record(p, kind, line);
}
