/* SPDX-License-Identifier: GPL-2.0 */
/* Small things that every part of the program uses. */
#ifndef CONVLIST_UTIL_H
#define CONVLIST_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/* Exit statuses of every subcommand; documented in convlist(8). */
enum cl_exit {
	CL_EXIT_OK = 0,
	CL_EXIT_VIOLATION = 1,
	CL_EXIT_USAGE = 2,
	CL_EXIT_CANNOT_RUN = 3,
	CL_EXIT_INCONCLUSIVE = 4,
};

static inline void cl_free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void cl_close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cl_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* One cleanup path for locals: int fd __cleanup_fd = -1; */
#define __cleanup_free __attribute__((cleanup(cl_free_ptr)))
#define __cleanup_file __attribute__((cleanup(cl_close_file)))
#define __cleanup_fd __attribute__((cleanup(cl_close_fd)))

/* The kernel's dev_t, as events carry it, from and to its two halves. */
static inline uint32_t cl_mkdev(uint32_t major, uint32_t minor)
{
	return major << 20 | (minor & 0xfffff);
}

static inline uint32_t cl_dev_major(uint32_t dev)
{
	return dev >> 20;
}

static inline uint32_t cl_dev_minor(uint32_t dev)
{
	return dev & 0xfffff;
}

/* CLOCK_MONOTONIC, as the hooks stamp their records. */
uint64_t cl_now_ns(void);

/* Doubly linked lists, as in the kernel. */
struct cl_list {
	struct cl_list *next, *prev;
};

static inline void cl_list_init(struct cl_list *l)
{
	l->next = l->prev = l;
}

static inline bool cl_list_empty(const struct cl_list *l)
{
	return l->next == l;
}

static inline void cl_list_add_tail(struct cl_list *l, struct cl_list *head)
{
	l->next = head;
	l->prev = head->prev;
	head->prev->next = l;
	head->prev = l;
}

/* Leaves the entry empty, so that it may be deleted again. */
static inline void cl_list_del(struct cl_list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	cl_list_init(l);
}

/* Safe against deletion of the entry at hand. */
#define cl_list_for_each_safe(pos, tmp, head) \
	for ((pos) = (head)->next, (tmp) = (pos)->next; (pos) != (head); \
	     (pos) = (tmp), (tmp) = (pos)->next)

#endif
