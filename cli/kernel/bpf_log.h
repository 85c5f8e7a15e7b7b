/* SPDX-License-Identifier: GPL-2.0 */
/* What libbpf has to say: shown with --debug alone, and remembered for messages of our own. */
#ifndef CONVLIST_BPF_LOG_H
#define CONVLIST_BPF_LOG_H

void cl_bpf_log_init(void);

/* Forgets what was remembered: call it before a step that may fail. */
void cl_bpf_log_reset(void);

/* The program that the last failure was about; "" when libbpf named none. */
const char *cl_bpf_log_program(void);

#endif
