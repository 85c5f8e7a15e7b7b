// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "model/event_table.h"
#include "record/frame.h"
#include "record/reader.h"
#include "util.h"

struct cl_reader {
	FILE *file;
	struct cl_packer *packer;
	unsigned char *stored, *raw;	/* as large as any frame so far */
	size_t stored_size, raw_size;
	struct cl_frame frame;
	__u32 frames;
	uint64_t offset, records;
	struct cl_events events;
	struct cl_about about;
	struct cl_about_end end;
	bool over, ended;
	const char *wrong;
	union cl_any_event grown;
};

/* 1: read; 0: the file ends before its first byte; NULL: *wrong is set. */
static bool get(struct cl_reader *r, void *to, size_t len, const char *cut)
{
	size_t n = fread(to, 1, len, r->file);

	r->offset += n;
	if (n == len)
		return true;
	r->wrong = ferror(r->file) ? "it cannot be read" : cut;
	return false;
}

#define NO_END "it has no end: the recorder was killed, or could not write"
#define CUT_OFF "it is cut off in the middle of a frame"

static bool make_room(struct cl_reader *r, unsigned char **room, size_t *size, size_t need)
{
	unsigned char *p;

	if (*room && need <= *size)
		return true;
	p = realloc(*room, need ? need : 1);
	if (!p) {
		r->wrong = "out of memory";
		return false;
	}
	*room = p;
	*size = need;
	return true;
}

/* The next frame into r->frame and r->raw, which grow as frames do; false: r->wrong is set. */
static bool get_frame(struct cl_reader *r)
{
	struct cl_frame_header h;
	struct cl_frame *f = &r->frame;
	uint64_t at = r->offset;
	int c = getc(r->file);

	if (c == EOF) {
		r->wrong = ferror(r->file) ? "it cannot be read" : NO_END;
		return false;
	}
	ungetc(c, r->file);
	if (get(r, &h, sizeof(h), CUT_OFF))
		r->wrong = cl_frame_parse(&h, r->frames, f);
	if (!r->wrong && make_room(r, &r->stored, &r->stored_size, f->stored_bytes) &&
	    make_room(r, &r->raw, &r->raw_size, f->raw_bytes) &&
	    get(r, r->stored, f->stored_bytes, CUT_OFF)) {
		f->stored = r->stored;
		r->wrong = cl_frame_unpack(r->packer, f, r->raw);
	}
	if (r->wrong)
		r->offset = at;
	r->frames++;
	return !r->wrong;
}

static int begin(struct cl_reader *r)
{
	struct cl_file_header h;

	if (!get(r, &h, sizeof(h), "it is no recording of convlist"))
		return ferror(r->file) ? -EIO : -EINVAL;
	if (memcmp(h.magic, CL_FILE_MAGIC, sizeof(h.magic))) {
		r->wrong = "it is no recording of convlist";
		return -EINVAL;
	}
	if (!h.version || h.version > CL_FILE_VERSION) {
		r->wrong = "it was written by a later version of convlist";
		return -ENOTSUP;
	}
	if (!get_frame(r))
		return ferror(r->file) ? -EIO : -EINVAL;
	r->wrong = r->frame.type == CL_FRAME_ABOUT ?
			   cl_about_parse(&r->about, r->raw, r->frame.raw_bytes) :
			   "it does not begin with what it is";
	return r->wrong ? -EINVAL : 0;
}

int cl_reader_new(FILE *f, struct cl_reader **out, const char **wrong)
{
	struct cl_reader *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	*wrong = "out of memory";
	if (!r)
		return -ENOMEM;
	r->file = f;
	r->packer = cl_packer_new();
	if (r->packer) {
		err = begin(r);
		*wrong = r->wrong;
	}
	if (err) {
		cl_reader_free(r);
		return err;
	}
	*out = r;
	return 0;
}

void cl_reader_free(struct cl_reader *r)
{
	if (!r)
		return;
	cl_about_free(&r->about);
	cl_events_free(&r->events);
	cl_packer_free(r->packer);
	free(r->stored);
	free(r->raw);
	free(r);
}

const struct cl_about *cl_reader_about(const struct cl_reader *r)
{
	return &r->about;
}

static void at_end(struct cl_reader *r)
{
	r->wrong = cl_about_end_parse(&r->end, r->raw, r->frame.raw_bytes);
	if (r->wrong)
		return;
	r->ended = true;
	if (r->end.full)
		r->wrong = "it ends early: it could not be written any further";
	else if (r->end.records != r->records)
		r->wrong = "its end tells of another number of records";
	else if (getc(r->file) != EOF)
		r->wrong = "there is something behind its end";
}

/* The next frame of records into r->events; false: there is none. */
static bool next_frame(struct cl_reader *r)
{
	if (r->over)
		return false;
	r->over = true;
	if (!get_frame(r))
		return false;
	switch (r->frame.type) {
	case CL_FRAME_EVENTS:
		r->wrong = cl_events_open(&r->events, r->raw, r->frame.raw_bytes);
		r->over = r->wrong;
		break;
	case CL_FRAME_END:
		at_end(r);
		break;
	case CL_FRAME_ABOUT:
		r->wrong = "it begins twice";
		break;
	}
	return !r->over;
}

/* A record from before its kind got more fields: they are zeros. */
static void grow(struct cl_reader *r, const void **record, size_t *len)
{
	const struct cl_event *e = *record;
	const struct cl_event_info *info;

	if (*len < sizeof(*e) || e->size_bytes != *len)
		return;
	info = cl_event_info(e->kind);
	if (!info || *len >= info->size_bytes || *len != r->about.size_bytes[e->kind])
		return;
	memset(&r->grown, 0, info->size_bytes);
	memcpy(&r->grown, e, *len);
	r->grown.e.size_bytes = info->size_bytes;
	*record = &r->grown;
	*len = info->size_bytes;
}

enum cl_entry cl_reader_next(struct cl_reader *r, const void **record, size_t *len)
{
	enum cl_entry entry;

	for (;;) {
		entry = cl_events_next(&r->events, record, len);
		if (entry == CL_ENTRY_MARK)
			return entry;
		if (entry == CL_ENTRY_RECORD) {
			r->records++;
			grow(r, record, len);
			return entry;
		}
		if (!next_frame(r))
			return CL_ENTRY_NONE;
	}
}

const char *cl_reader_wrong(const struct cl_reader *r, uint64_t *at_bytes)
{
	*at_bytes = r->offset;
	return r->wrong;
}

const struct cl_about_end *cl_reader_end(const struct cl_reader *r)
{
	return r->ended ? &r->end : NULL;
}

int cl_reader_looks_like(const char *path)
{
	int fd __cleanup_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char magic[sizeof(CL_FILE_MAGIC)] = "";

	if (fd < 0)
		return -errno;
	if (read(fd, magic, sizeof(magic) - 1) < 0)
		return -errno;
	return !strcmp(magic, CL_FILE_MAGIC);
}
