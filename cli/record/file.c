// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "log.h"
#include "output/buf.h"
#include "record/file.h"
#include "util.h"

struct cl_record_file {
	int fd;
	bool regular;
	int error;
	char *path, *tmp;	/* tmp: its name until it is whole; NULL: its own */
	uint64_t bytes;		/* whole frames */
	__u32 frames;
	struct cl_packer *packer;
};

static int failed(struct cl_record_file *file, int err, const char *what)
{
	if (!file->error) {
		file->error = err;
		cl_err("%s: %s: %s%s", file->path, what, strerror(-err),
		       file->tmp ? "; nothing is saved" :
				   "; the recording ends here, and can be read up to here");
	}
	return file->error;
}

static int write_all(int fd, struct iovec *v, int nr)
{
	ssize_t n;

	while (nr) {
		n = writev(fd, v, nr);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		for (; nr && (size_t)n >= v->iov_len; v++, nr--)
			n -= v->iov_len;
		if (nr) {
			v->iov_base = (char *)v->iov_base + n;
			v->iov_len -= n;
		}
	}
	return 0;
}

/* What fits only in part is taken back, which also makes room for an end frame. */
static int write_whole(struct cl_record_file *file, struct iovec *v, int nr, size_t bytes)
{
	int err = write_all(file->fd, v, nr);

	if (!err) {
		file->bytes += bytes;
		return 0;
	}
	if (file->regular && (ftruncate(file->fd, file->bytes) ||
			      lseek(file->fd, file->bytes, SEEK_SET) < 0))
		cl_debug("%s: %s", file->path, strerror(errno));
	return err;
}

static int add(struct cl_record_file *file, const struct cl_frame *f)
{
	struct cl_frame_header h;
	struct iovec v[] = { { &h, sizeof(h) }, { f->stored, f->stored_bytes } };
	int err;

	cl_frame_header(f, file->frames, &h);
	err = write_whole(file, v, ARRAY_SIZE(v), sizeof(h) + f->stored_bytes);
	if (!err)
		file->frames++;
	return err;
}

int cl_record_file_add(struct cl_record_file *file, const struct cl_frame *f)
{
	int err;

	if (file->error)
		return file->error;
	err = add(file, f);
	return err ? failed(file, err, "cannot write") : 0;
}

static int add_text(struct cl_record_file *file, enum cl_frame_type type, const struct cl_buf *text)
{
	struct cl_frame f;
	int err;

	err = cl_frame_pack(file->packer, type, text->s, text->len, &f);
	return err ? err : add(file, &f);
}

/* Whatever else is there may be all that somebody has of it. */
static int may_replace(const char *path)
{
	char magic[sizeof(CL_FILE_MAGIC)] = "";
	int fd __cleanup_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return 0;
	if (read(fd, magic, sizeof(magic) - 1) < 0)
		return -errno;
	return strcmp(magic, CL_FILE_MAGIC) ? -EEXIST : 0;
}

static int open_file(struct cl_record_file *file, bool atomic)
{
	struct stat st;

	if (atomic && asprintf(&file->tmp, "%s.%d.tmp", file->path, (int)getpid()) < 0) {
		file->tmp = NULL;
		return -ENOMEM;
	}
	/* Names of files and commands are nobody else's business. */
	file->fd = open(file->tmp ? file->tmp : file->path,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file->fd < 0 || fstat(file->fd, &st))
		return -errno;
	file->regular = S_ISREG(st.st_mode);
	return 0;
}

static int write_beginning(struct cl_record_file *file, const struct cl_about *about)
{
	struct cl_file_header h = { .magic = CL_FILE_MAGIC, .version = CL_FILE_VERSION };
	struct iovec v = { &h, sizeof(h) };
	struct cl_buf text = {};
	int err;

	err = cl_about_write(about, &text);
	if (!err)
		err = write_whole(file, &v, 1, sizeof(h));
	if (!err)
		err = add_text(file, CL_FRAME_ABOUT, &text);
	cl_buf_free(&text);
	return err;
}

static void release(struct cl_record_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->tmp)
		unlink(file->tmp);
	free(file->tmp);
	free(file->path);
	cl_packer_free(file->packer);
	free(file);
}

int cl_record_file_create(const char *path, const struct cl_about *about, bool atomic,
			  struct cl_record_file **out)
{
	struct cl_record_file *file = calloc(1, sizeof(*file));
	int err;

	if (!file)
		return -ENOMEM;
	file->fd = -1;
	file->path = strdup(path);
	file->packer = cl_packer_new();
	err = file->path && file->packer ? may_replace(path) : -ENOMEM;
	if (!err)
		err = open_file(file, atomic);
	if (!err)
		err = write_beginning(file, about);
	if (err) {
		if (err == -EEXIST)
			cl_err("%s exists and is no recording: it is not replaced", path);
		else
			cl_err("%s: %s", path, strerror(-err));
		release(file);
		return err;
	}
	*out = file;
	return 0;
}

int cl_record_file_end(struct cl_record_file *file, const struct cl_about_end *end,
		       uint64_t *bytes)
{
	struct cl_about_end told = end ? *end : (struct cl_about_end){};
	struct cl_buf text = {};
	int err = 0;

	/* After an error only if there is room by chance: it is said already. */
	told.full = file->error;
	if (end)
		err = cl_about_end_write(&told, &text);
	if (end && !err)
		err = add_text(file, CL_FRAME_END, &text);
	cl_buf_free(&text);
	if (!err && file->regular && fsync(file->fd))
		err = -errno;
	if (err && !file->error)
		failed(file, err, "cannot write its end");
	err = file->error;
	*bytes = file->bytes;
	if (!err && end && file->tmp) {
		if (rename(file->tmp, file->path)) {
			err = -errno;
			cl_err("%s: %s", file->path, strerror(-err));
		} else {
			free(file->tmp);
			file->tmp = NULL;
		}
	}
	release(file);
	return err;
}
