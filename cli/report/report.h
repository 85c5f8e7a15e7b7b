/* SPDX-License-Identifier: GPL-2.0 */
/* What report gathers while a recording goes by: constant memory but for inodes. */
#ifndef CONVLIST_REPORT_H
#define CONVLIST_REPORT_H

#include "model/model.h"

struct cl_out;
struct cl_report;

/* top: how many of each kind are listed. NULL when out of memory. */
struct cl_report *cl_report_new(size_t top);
void cl_report_free(struct cl_report *r);
/* To be added to the model. */
const struct cl_sink *cl_report_sink(struct cl_report *r);

/* After cl_model_end(): writes under way are part of it. */
void cl_report_print(struct cl_report *r, struct cl_out *o);

#endif
