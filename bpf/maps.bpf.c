// SPDX-License-Identifier: GPL-2.0
/* What the programs of the object share, and user space sets or reads. */
#include "stat.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct cl_config cl_cfg = {};
const volatile __u64 cl_wakeup_bytes = 64 << 10;
const volatile __u32 cl_reads = 0;	/* they are watched: completions have an id */
const volatile __u32 cl_page_bits = 12;
#undef cl_stat_by
const volatile __u32 cl_stat_by = CL_STAT_OFF;
const volatile __u8 cl_stat_zeroes[sizeof(struct cl_stat_visible)] = {};
__u64 cl_stat_full = 0;		/* values that found no room in stat's tables */
__u32 cl_stat_used = 0;		/* places of cl_stat_figures */
__u32 cl_stat_all = 0;
__u64 cl_lost[CL_LOST_WHERES] = {};
__u64 cl_last_id = 0;
__u64 cl_tracked = 0;		/* entries of cl_inflight */
__u64 cl_completing = 0;	/* of cl_tasks, cl_interrupted: a libaio completion has begun */
__u64 cl_unannounced = 0;	/* conversions whose write was not seen to be done */
__u32 cl_writes_hooked = 0;	/* set by user space: all that writes lead to is hooked, too */
__u64 cl_fsyncs_failed = 0;	/* none yet: nothing to look up */

struct cl_map_ring cl_ring SEC(".maps");
struct cl_map_inflight cl_inflight SEC(".maps");
struct cl_map_submitters cl_submitters SEC(".maps");
struct cl_map_tasks cl_tasks SEC(".maps");
struct cl_map_interrupted cl_interrupted SEC(".maps");
struct cl_map_fsyncs cl_fsyncs SEC(".maps");
struct cl_map_paths cl_paths SEC(".maps");
struct cl_map_failed cl_failed SEC(".maps");
struct cl_map_written_back cl_written_back SEC(".maps");
struct cl_map_stat_index cl_stat_index SEC(".maps");
struct cl_map_stat_figures cl_stat_figures SEC(".maps");
struct cl_map_stat_visible cl_stat_visible SEC(".maps");
