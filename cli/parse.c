// SPDX-License-Identifier: GPL-2.0
/* Numbers, sizes, durations and devices as people write them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "opt.h"
#include "util.h"

int cl_parse_u64(const char *s, uint64_t *v)
{
	char *end;

	/* strtoull() takes blanks and a minus sign. */
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	*v = strtoull(s, &end, s[0] == '0' && (s[1] | 0x20) == 'x' ? 16 : 10);
	if (*end)
		return -EINVAL;
	return -errno;
}

int cl_parse_s64(const char *s, int64_t *v)
{
	uint64_t u, limit = INT64_MAX;
	bool minus = *s == '-';
	int err;

	err = cl_parse_u64(s + minus, &u);
	if (err)
		return err;
	if (u > limit + minus)
		return -ERANGE;
	*v = minus ? (int64_t)(0 - u) : (int64_t)u;
	return 0;
}

struct unit {
	const char *suffix;
	double factor;
};

/* A decimal number with one of the units; the first unit is that of no suffix. */
static int parse_units(const char *s, const struct unit *units, uint64_t *v)
{
	const struct unit *u;
	double number;
	char *end;

	if (!isdigit((unsigned char)*s) && *s != '.')
		return -EINVAL;
	if (s[0] == '0' && (s[1] | 0x20) == 'x')
		return -EINVAL;
	number = strtod(s, &end);
	if (end == s)
		return -EINVAL;
	for (u = units; u->suffix; u++) {
		if (strcasecmp(end, u->suffix))
			continue;
		number *= u->factor;
		if (!(number < 9.2e18))
			return -ERANGE;
		*v = (uint64_t)(number + 0.5);
		return 0;
	}
	return -EINVAL;
}

int cl_parse_size(const char *s, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },	     { "k", 1 << 10 },	 { "m", 1 << 20 },
		{ "g", 1 << 30 },    { "kib", 1 << 10 }, { "mib", 1 << 20 },
		{ "gib", 1 << 30 },  {}
	};

	return parse_units(s, units, bytes);
}

int cl_parse_duration(const char *s, uint64_t *ns)
{
	static const struct unit units[] = {
		{ "", 1e9 },   { "s", 1e9 }, { "ms", 1e6 },  { "us", 1e3 },
		{ "ns", 1 },   { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 }, {}
	};

	return parse_units(s, units, ns);
}

int cl_parse_dev(const char *s, uint32_t *dev)
{
	unsigned int major, minor;
	struct stat st;
	char path[256];
	int end = 0;

	if (sscanf(s, "%4u:%7u%n", &major, &minor, &end) == 2 && !s[end]) {
		if (major >= 1 << 12 || minor >= 1 << 20)
			return -ERANGE;
		*dev = cl_mkdev(major, minor);
		return 0;
	}
	if (!*s)
		return -EINVAL;
	snprintf(path, sizeof(path), "%s%s", strchr(s, '/') ? "" : "/dev/", s);
	if (stat(path, &st))
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	*dev = cl_mkdev(major(st.st_rdev), minor(st.st_rdev));
	return 0;
}
