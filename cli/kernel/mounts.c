// SPDX-License-Identifier: GPL-2.0
#include "mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Blanks and the like stand in the table as \040 and so on. In place. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0');
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = 0;
}

static char *field(const char *s, size_t len)
{
	char *copy = strndup(s, len);

	if (copy)
		unescape(copy);
	return copy;
}

/*
 * "36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw": any number
 * of optional fields comes before the dash.
 */
static int parse_line(char *line, struct cl_mount *m)
{
	char *dash = strstr(line, " - "), *root, *point, *type, *source, *save;
	unsigned int major, minor;

	memset(m, 0, sizeof(*m));
	if (!dash || sscanf(line, "%*u %*u %u:%u", &major, &minor) != 2)
		return -EINVAL;
	*dash = 0;
	strtok_r(line, " ", &save);
	strtok_r(NULL, " ", &save);
	strtok_r(NULL, " ", &save);
	root = strtok_r(NULL, " ", &save);
	point = strtok_r(NULL, " ", &save);
	type = strtok_r(dash + 3, " \n", &save);
	source = strtok_r(NULL, " \n", &save);
	if (!root || !point || !type)
		return -EINVAL;
	m->dev = cl_mkdev(major, minor);
	m->root = field(root, strlen(root));
	m->point = field(point, strlen(point));
	m->type = field(type, strlen(type));
	m->source = field(source ? source : "", source ? strlen(source) : 0);
	return m->root && m->point && m->type && m->source ? 0 : -ENOMEM;
}

static void free_mount(struct cl_mount *m)
{
	free(m->root);
	free(m->point);
	free(m->type);
	free(m->source);
}

int cl_mounts_read(struct cl_mounts *mounts)
{
	FILE *f __cleanup_file = fopen("/proc/self/mountinfo", "re");
	char *line __cleanup_free = NULL;
	size_t size = 0, room = 0;

	memset(mounts, 0, sizeof(*mounts));
	if (!f)
		return -errno;
	while (getline(&line, &size, f) > 0) {
		int err;

		if (mounts->nr == room) {
			size_t want = room ? room * 2 : 32;
			struct cl_mount *more = realloc(mounts->mount, want * sizeof(*more));

			if (!more) {
				cl_mounts_free(mounts);
				return -ENOMEM;
			}
			mounts->mount = more;
			room = want;
		}
		err = parse_line(line, &mounts->mount[mounts->nr]);
		if (!err) {
			mounts->nr++;
			continue;
		}
		free_mount(&mounts->mount[mounts->nr]);
		if (err == -ENOMEM) {
			cl_mounts_free(mounts);
			return err;
		}
	}
	return 0;
}

void cl_mounts_free(struct cl_mounts *mounts)
{
	for (size_t i = 0; i < mounts->nr; i++)
		free_mount(&mounts->mount[i]);
	free(mounts->mount);
	memset(mounts, 0, sizeof(*mounts));
}

const struct cl_mount *cl_mounts_find(const struct cl_mounts *mounts, uint32_t dev)
{
	const struct cl_mount *found = NULL;

	for (size_t i = 0; i < mounts->nr; i++) {
		const struct cl_mount *m = &mounts->mount[i];

		if (m->dev != dev)
			continue;
		if (!strcmp(m->root, "/"))
			return m;
		if (!found)
			found = m;
	}
	return found;
}

/* What is left of inner below root; NULL: it is not below it. */
static const char *below(const char *inner, const char *root)
{
	size_t len = strlen(root);

	if (!strcmp(root, "/"))
		return inner;
	if (strncmp(inner, root, len) || (inner[len] && inner[len] != '/'))
		return NULL;
	return inner + len;
}

bool cl_full_path(uint32_t dev, const char *inner, char *buf, size_t size)
{
	const struct cl_mount *best = NULL;
	const char *rest = NULL;
	struct cl_mounts mounts;
	bool found;

	if (cl_mounts_read(&mounts)) {
		snprintf(buf, size, "%s", inner);
		return false;
	}
	for (size_t i = 0; i < mounts.nr; i++) {
		const struct cl_mount *m = &mounts.mount[i];
		const char *left = m->dev == dev ? below(inner, m->root) : NULL;

		if (!left || (best && strcmp(m->root, "/")))
			continue;
		if (best && !strcmp(best->root, "/"))
			continue;
		best = m;
		rest = left;
	}
	found = best;
	if (!best)
		snprintf(buf, size, "%s", inner);
	else if (!strcmp(best->point, "/"))
		snprintf(buf, size, "%s", *rest ? rest : "/");
	else
		snprintf(buf, size, "%s%s", best->point, strcmp(rest, "/") ? rest : "");
	cl_mounts_free(&mounts);
	return found;
}
