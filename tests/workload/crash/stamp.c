// SPDX-License-Identifier: GPL-2.0
/* What is in a block: each of its words follows from file, block and generation. */
#include "crash.h"

#define MAGIC 0x73692074616d7073ULL
#define OLD_WORD 0xdead01dadead01daULL
#define STEP 0x9e3779b97f4a7c15ULL

static uint64_t first_word(const struct stamp *stamp)
{
	uint64_t word = ((uint64_t)stamp->file << 32 | stamp->block) * STEP + stamp->gen;

	word = (word ^ word >> 29) * 0xbf58476d1ce4e5b9ULL;
	return word ^ word >> 32;
}

void stamp_fill(void *block, size_t bytes, const struct stamp *stamp)
{
	uint64_t *words = block, word = first_word(stamp);

	words[0] = MAGIC;
	words[1] = (uint64_t)stamp->file << 32 | stamp->block;
	words[2] = stamp->gen;
	for (size_t i = 3; i < bytes / sizeof(*words); i++)
		words[i] = word += STEP;
}

static bool all_words(const uint64_t *words, size_t count, uint64_t word)
{
	uint64_t differ = 0;

	for (size_t i = 0; i < count; i++)
		differ |= words[i] ^ word;
	return !differ;
}

enum content stamp_read(const void *block, size_t bytes, struct stamp *stamp)
{
	const uint64_t *words = block;
	size_t count = bytes / sizeof(*words);
	uint64_t word, differ = 0;

	if (words[0] == 0 && all_words(words, count, 0))
		return CONTENT_ZEROS;
	if (words[0] == OLD_WORD && all_words(words, count, OLD_WORD))
		return CONTENT_OLD;
	if (words[0] != MAGIC)
		return CONTENT_OTHER;
	stamp->file = words[1] >> 32;
	stamp->block = words[1];
	stamp->gen = words[2];
	word = first_word(stamp);
	for (size_t i = 3; i < count; i++)
		differ |= words[i] ^ (word += STEP);
	return differ ? CONTENT_OTHER : CONTENT_STAMP;
}

void fill_old(void *buffer, size_t bytes)
{
	uint64_t *words = buffer;

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		words[i] = OLD_WORD;
}
