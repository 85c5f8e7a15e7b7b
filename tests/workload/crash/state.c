// SPDX-License-Identifier: GPL-2.0
/* Reads notes again, and knows what they promise at each mark. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"

struct note {
	char kind;	    /* '+' '-' 'z' 'p', 'm' for a mark */
	uint32_t file;	    /* or the mark's number */
	struct range range; /* gen: or the mark's limit */
};

static int parse_line(const char *line, struct note *note)
{
	*note = (struct note){ .kind = line[0] };
	switch (line[0]) {
	case '+':
	case '-':
		return sscanf(line + 1, "%" SCNu32, &note->file) == 1 ? 0 : -EINVAL;
	case 'z':
	case 'p':
		return sscanf(line + 1, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu64, &note->file,
			      &note->range.first, &note->range.count, &note->range.gen) == 4
			       ? 0
			       : -EINVAL;
	case 'm':
		return sscanf(line, "mark %" SCNu32 " %" SCNu64, &note->file, &note->range.gen) == 2
			       ? 0
			       : -EINVAL;
	}
	return -EINVAL;
}

static int add_note(struct state *state, const struct note *note)
{
	if (note->kind == 'm') {
		/* In order, so that a mark is found without a search. */
		if (note->file != state->nr_marks + 1)
			return -EINVAL;
		state->nr_marks++;
	} else {
		if (note->file >= 1 << 20 || note->range.first > state->blocks ||
		    note->range.count > state->blocks - note->range.first)
			return -EINVAL;
		if (note->file >= state->nr_files)
			state->nr_files = note->file + 1;
	}
	if (!(state->nr_notes & (state->nr_notes + 1))) {
		struct note *notes =
			realloc(state->notes, (state->nr_notes + 1) * 2 * sizeof(*notes));

		if (!notes)
			return -ENOMEM;
		state->notes = notes;
	}
	state->notes[state->nr_notes++] = *note;
	return 0;
}

static int load_lines(struct state *state, FILE *file)
{
	struct note note;
	char line[256];
	int ret;

	if (!fgets(line, sizeof(line), file) ||
	    sscanf(line, "blocks %zu %" SCNu32, &state->block_bytes, &state->blocks) != 2 ||
	    !state->blocks || state->block_bytes % 512 || state->block_bytes > MAX_BLOCK)
		return -EINVAL;
	while (fgets(line, sizeof(line), file)) {
		/* The power went amid the last line: it is not one. */
		if (!strchr(line, '\n'))
			break;
		ret = parse_line(line, &note);
		if (!ret)
			ret = add_note(state, &note);
		if (ret)
			return ret;
	}
	return ferror(file) ? -EIO : 0;
}

int state_load(struct state *state, const char *path)
{
	FILE *file = fopen(path, "r");
	int ret;

	*state = (struct state){ .limit = 1 };
	if (!file)
		return -errno;
	ret = load_lines(state, file);
	fclose(file);
	if (ret)
		return ret;
	state->files = calloc(state->nr_files + 1, sizeof(*state->files));
	return state->files ? 0 : -ENOMEM;
}

static struct file_state *file_of(struct state *state, uint32_t id)
{
	struct file_state *file = &state->files[id];

	if (!file->blocks)
		file->blocks = calloc(state->blocks, sizeof(*file->blocks));
	return file->blocks ? file : NULL;
}

/* From its line on, but it need not have come to pass. */
static int apply_may(struct state *state, const struct note *note)
{
	struct file_state *file;

	if (note->kind != '-' && note->kind != 'z')
		return 0;
	file = file_of(state, note->file);
	if (!file)
		return -ENOMEM;
	if (note->kind == '-')
		file->may_be_gone = true;
	for (uint32_t i = 0; i < note->range.count; i++) {
		struct block_state *block = &file->blocks[note->range.first + i];

		if (block->zeroed < note->range.gen)
			block->zeroed = note->range.gen;
	}
	return 0;
}

static int apply_must(struct state *state, const struct note *note, uint32_t mark)
{
	struct file_state *file;

	if (note->kind != '+' && note->kind != 'p')
		return 0;
	file = file_of(state, note->file);
	if (!file)
		return -ENOMEM;
	if (note->kind == '+')
		file->there = true;
	for (uint32_t i = 0; i < note->range.count; i++) {
		struct block_state *block = &file->blocks[note->range.first + i];

		if (block->promised < note->range.gen) {
			block->promised = note->range.gen;
			block->mark = mark;
		}
	}
	return 0;
}

/* The index after that mark's line; after all of them for one that is not there. */
static size_t after_mark(const struct state *state, size_t from, uint32_t mark)
{
	for (size_t i = from; i < state->nr_notes; i++)
		if (state->notes[i].kind == 'm' && state->notes[i].file == mark)
			return i + 1;
	return state->nr_notes;
}

int state_advance(struct state *state, uint32_t mark, bool between)
{
	size_t must = state->must, may = state->may, limit;
	int ret = 0;

	if (mark > state->nr_marks || mark < state->mark)
		return -EINVAL;
	if (mark > state->mark)
		must = after_mark(state, must, mark);
	if (may < must)
		may = must;
	if (between)
		may = after_mark(state, must, mark + 1);

	for (; !ret && state->must < must; state->must++)
		ret = apply_must(state, &state->notes[state->must], mark);
	for (; !ret && state->may < may; state->may++)
		ret = apply_may(state, &state->notes[state->may]);
	limit = after_mark(state, must, mark + 1 + between);
	state->limit = limit && state->notes[limit - 1].kind == 'm' &&
				       state->notes[limit - 1].file == mark + 1 + between
			       ? state->notes[limit - 1].range.gen
			       : UINT64_MAX;
	state->mark = mark;
	return ret;
}

void state_free(struct state *state)
{
	for (uint32_t i = 0; state->files && i < state->nr_files; i++)
		free(state->files[i].blocks);
	free(state->files);
	free(state->notes);
}
