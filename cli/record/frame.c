// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "record/frame.h"

/* Half the CPU time of the default for a few bytes more. */
#define LEVEL 3

struct cl_packer {
	ZSTD_CCtx *cctx;	/* made when first needed: readers need none */
	ZSTD_DCtx *dctx;
	void *room;
	size_t size;
};

struct cl_packer *cl_packer_new(void)
{
	return calloc(1, sizeof(struct cl_packer));
}

void cl_packer_free(struct cl_packer *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->cctx);
	ZSTD_freeDCtx(p->dctx);
	free(p->room);
	free(p);
}

static __u32 crc(const void *data, size_t bytes)
{
	return crc32(crc32(0, NULL, 0), data, bytes);
}

int cl_frame_pack(struct cl_packer *p, enum cl_frame_type type, const void *raw, size_t bytes,
		  struct cl_frame *f)
{
	size_t need = ZSTD_compressBound(bytes), n;
	void *room;

	if (bytes > CL_FRAME_RAW_MAX)
		return -EMSGSIZE;
	if (!p->cctx)
		p->cctx = ZSTD_createCCtx();
	if (need > p->size) {
		room = realloc(p->room, need);
		if (!room)
			return -ENOMEM;
		p->room = room;
		p->size = need;
	}
	if (!p->cctx)
		return -ENOMEM;
	f->type = type;
	f->raw_bytes = bytes;
	f->encoding = CL_ENCODING_ZSTD;
	n = ZSTD_compressCCtx(p->cctx, p->room, p->size, raw, bytes, LEVEL);
	if (ZSTD_isError(n) || n >= bytes) {
		f->encoding = CL_ENCODING_PLAIN;
		memcpy(p->room, raw, bytes);
		n = bytes;
	}
	f->stored = p->room;
	f->stored_bytes = n;
	f->stored_crc = crc(p->room, n);
	f->records = 0;
	return 0;
}

void cl_frame_header(const struct cl_frame *f, __u32 number, struct cl_frame_header *h)
{
	*h = (struct cl_frame_header){
		.magic = CL_FRAME_MAGIC,
		.type = f->type,
		.encoding = f->encoding,
		.number = number,
		.stored_bytes = f->stored_bytes,
		.raw_bytes = f->raw_bytes,
		.stored_crc = f->stored_crc,
	};
	h->header_crc = crc(h, offsetof(struct cl_frame_header, header_crc));
}

/* A fuzzer cannot guess checksums, and looks for what a forger can do, who can. */
static bool crc_is(__u32 want, const void *data, size_t bytes)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	return true;
#else
	return crc(data, bytes) == want;
#endif
}

const char *cl_frame_parse(const struct cl_frame_header *h, __u32 number, struct cl_frame *f)
{
	if (h->magic != CL_FRAME_MAGIC)
		return "no frame begins here";
	if (!crc_is(h->header_crc, h, offsetof(struct cl_frame_header, header_crc)))
		return "the checksum of a frame's header is wrong";
	if (h->number != number)
		return "a frame is missing, or comes twice";
	if (h->type < CL_FRAME_ABOUT || h->type > CL_FRAME_END)
		return "a frame is of an unknown type";
	if (h->encoding != CL_ENCODING_PLAIN && h->encoding != CL_ENCODING_ZSTD)
		return "a frame is packed in an unknown way";
	if (h->raw_bytes > CL_FRAME_RAW_MAX || h->stored_bytes > h->raw_bytes)
		return "a frame is larger than any can be";
	f->type = h->type;
	f->encoding = h->encoding;
	f->raw_bytes = h->raw_bytes;
	f->stored_bytes = h->stored_bytes;
	f->stored_crc = h->stored_crc;
	f->stored = NULL;
	return NULL;
}

const char *cl_frame_unpack(struct cl_packer *p, const struct cl_frame *f, void *raw)
{
	size_t n = f->raw_bytes;

	if (!crc_is(f->stored_crc, f->stored, f->stored_bytes))
		return "the checksum of a frame is wrong";
	if (f->encoding == CL_ENCODING_PLAIN) {
		if (f->stored_bytes != f->raw_bytes)
			return "a frame is not as long as it says";
		memcpy(raw, f->stored, n);
		return NULL;
	}
	if (!p->dctx)
		p->dctx = ZSTD_createDCtx();
	if (!p->dctx)
		return "out of memory";
	n = ZSTD_decompressDCtx(p->dctx, raw, n, f->stored, f->stored_bytes);
	if (ZSTD_isError(n))
		return "a frame cannot be unpacked";
	return n == f->raw_bytes ? NULL : "a frame is not as long as it says";
}
