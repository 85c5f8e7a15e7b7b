// SPDX-License-Identifier: GPL-2.0
/* What the programs of the object share, and user space sets or reads. */
#include "emit.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct cl_config cl_cfg = {};
const volatile __u64 cl_wakeup_bytes = 64 << 10;
__u64 cl_lost[CL_LOST_WHERES] = {};
__u64 cl_last_id = 0;

struct cl_map_ring cl_ring SEC(".maps");
struct cl_map_inflight cl_inflight SEC(".maps");
struct cl_map_submitters cl_submitters SEC(".maps");
struct cl_map_calls cl_calls SEC(".maps");
struct cl_map_completing cl_completing SEC(".maps");
struct cl_map_fsyncs cl_fsyncs SEC(".maps");
struct cl_map_paths cl_paths SEC(".maps");
