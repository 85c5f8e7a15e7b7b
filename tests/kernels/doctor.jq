# SPDX-License-Identifier: GPL-2.0
# What doctor --json says of a kernel, without what is of a machine or a minor release.
select(.type != "filesystem") | del(.schema)
| if .type == "doctor" then .kernel |= (split(".")[0:2] | join(".")) | del(.may_load_bpf, .lockdown) else . end
