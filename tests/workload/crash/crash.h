/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The crash proof: programs write and note what fsync promised them; a log of
 * what reached the device is replayed to many points, and what is there then is
 * compared with the notes.
 *
 * Functions return 0 or a positive count, or a negative errno.
 */
#ifndef CRASH_H
#define CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- stamp.c: every block says where and when it was written ---- */

/*
 * A block is the unit that is written, promised and compared: as large as a block
 * of the file system, so that no crash tears it.
 */
#define MAX_BLOCK 4096

struct stamp {
	uint32_t file;
	uint32_t block;
	uint64_t gen; /* grows with each write of any file, from 1 */
};

enum content {
	CONTENT_ZEROS,
	CONTENT_STAMP,
	CONTENT_OLD,   /* what fill_old() left on the device */
	CONTENT_OTHER, /* neither, or a mixture */
};

void stamp_fill(void *block, size_t bytes, const struct stamp *stamp);
enum content stamp_read(const void *block, size_t bytes, struct stamp *stamp);
void fill_old(void *buffer, size_t bytes);

/* ---- dm.c: the device mapper's ioctls, with no process for each ---- */

int dm_open(void);
int dm_message(int dm, const char *name, const char *message);
/* A throw-away snapshot of a device; its node is written to path. */
int dm_create_snapshot(int dm, const char *name, const char *origin, const char *cow, char *path,
		       size_t size);
int dm_remove(int dm, const char *name);
int dm_device_sectors(const char *path, uint64_t *sectors);

/* ---- notes.c: what was promised, written as text that checker reads again ---- */

/*
 *   blocks BYTES COUNT        first line: size of a block, blocks in a file
 *   z FILE FIRST COUNT GEN    from now on these may be zeros
 *   - FILE                    from now on the file may be gone
 *   + FILE                    the file is there
 *   p FILE FIRST COUNT GEN    the blocks hold this generation or a newer one
 *   mark N LIMIT              the '+' and 'p' since the last mark hold at mark N of
 *                             the log; LIMIT: no generation from there on had been
 *                             given out when mark N - 1 was in the log
 */
struct notes {
	int fd;
	int dm;		 /* -1: no log to put marks into */
	const char *log; /* the log's name in the device mapper */
	uint64_t marks;
	uint64_t limit;
	char *text; /* what is to be written with the next mark */
	size_t length, size;
};

struct range {
	uint32_t first, count;
	uint64_t gen;
};

int notes_open(struct notes *notes, const char *path, const char *log, size_t block_bytes,
	       uint32_t blocks);
int notes_add(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));
int notes_flush(struct notes *notes);
/* gen: the newest that was given out; it is read after the mark is in the log. */
int notes_mark(struct notes *notes, const _Atomic uint64_t *gen);
void notes_close(struct notes *notes);

/* ---- state.c: what the notes promise at a point of the log ---- */

struct block_state {
	uint64_t promised; /* this generation or a newer one; 0: nothing */
	uint64_t zeroed;   /* the newest generation that is zeros; 0: the file's first */
	uint32_t mark;	   /* that promised */
};

struct file_state {
	bool there; /* promised */
	bool may_be_gone;
	struct block_state *blocks;
};

struct state {
	size_t block_bytes;
	uint32_t blocks; /* of each file */
	struct file_state *files;
	uint32_t nr_files;
	uint32_t mark;	/* what is promised up to here... */
	uint64_t limit; /* ...with no generation from here on */
	uint32_t nr_marks;
	struct note *notes;
	size_t nr_notes, must, may;
};

int state_load(struct state *state, const char *path);
/* mark: what is promised; between: things after it may have happened already. */
int state_advance(struct state *state, uint32_t mark, bool between);
void state_free(struct state *state);

/* ---- check.c: what a directory holds, compared with the state ---- */

struct findings {
	uint64_t compared; /* blocks */
	uint64_t kept;	   /* promised ones that are there */
	uint64_t missing;  /* promised, and zeros */
	uint64_t older;	   /* promised, and an older generation */
	uint64_t foreign;  /* the device's or another file's old data, or a mixture */
	uint64_t future;   /* not written yet: the proof itself is broken */
	uint64_t gone;	   /* files that are promised and not there */
	uint64_t shown;	   /* of these, told one by one */
};

int check_directory(const struct state *state, const char *dir, const char *where,
		    struct findings *findings);
bool findings_bad(const struct findings *findings);
void findings_print(const struct findings *findings);

/* ---- log.c: the log of dm-log-writes ---- */

#define LOG_FLUSH (1 << 0)
#define LOG_FUA (1 << 1)
#define LOG_DISCARD (1 << 2)
#define LOG_MARK (1 << 3)

struct log_entry {
	uint64_t sector, sectors; /* of 512 bytes, on the device */
	uint64_t data;		  /* offset in the log, bytes */
	uint32_t flags;
	uint32_t mark; /* of LOG_MARK: its number; 0: another one */
};

struct log {
	int fd;
	struct log_entry *entries;
	size_t nr;
	char *buffer;
	size_t buffer_size;
};

int log_open(struct log *log, const char *path);
/* Does what the entry says to a device. */
int log_apply(struct log *log, const struct log_entry *entry, int device);
void log_close(struct log *log);

/* ---- the subcommands ---- */

int cmd_write(int argc, char **argv);
int cmd_replay(int argc, char **argv);

#endif
