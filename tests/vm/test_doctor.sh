#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What doctor finds on each kernel is what it found before; ext4 need not be there yet.
# A difference is news of the kernel: see tests/kernels/matrix for how to take it up.
# kernel: 6.12 6.12-stock stock-5.10 stock-6.1 stock-6.12 stock-newest
# disks: 256M
# tags: stock hooks
# limit: 90
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

doctor() { jq -r "select(.type == \"$1\") | $2" "$WORK/doctor.json"; }
hooks_of() { grep '"type":"hook"' "$1"; }
# A rule that is new since the file was made is no news of the kernel.
rules_now() { grep -F "$(jq -r 'select(.type == "rule") | "\"rule\":\"\(.rule)\""' "$golden")" "$WORK/now"; }
rules_then() { grep '"type":"rule"' "$golden"; }

# On a kernel that has it as a module, nothing has mounted one yet.
if [[ $KERNEL == stock-* ]] && grep -q ext4 /proc/filesystems; then
	die 'ext4 is there already: nothing is proved of loading it'
fi
twin_of=${KERNEL%-debug}
twin_of=${twin_of%-kcsan}
golden=$TOP/tests/kernels/$twin_of.doctor.json
usable=true status=0
# Its modules have no types yet: that is all there is to say of it.
[[ $KERNEL != stock-5.10 ]] || usable=false status=3
"$CONVLIST" doctor --json >"$WORK/doctor.json" 2>"$WORK/said" && got=0 || got=$?
equal 'exit status' "$got" "$status"
equal 'usable' "$(doctor doctor .usable)" "$usable"
if [[ $usable == true ]]; then
	equal 'nothing is missing' "$(doctor hook 'select(.how == "missing").hook')" ''
else
	check 'it says what is missing' grep -q 'the ext4 module has no type information' "$WORK/said"
fi
if [[ $KERNEL == stock-* ]]; then
	equal 'ext4 is loaded when it is asked for' "$(doctor doctor .ext4)" module
fi
jq -cf "$TOP/tests/kernels/doctor.jq" "$WORK/doctor.json" >"$WORK/now"
check 'hooks are as they were on this kernel' diff <(hooks_of "$golden") <(hooks_of "$WORK/now")
check 'rules are as decidable as they were' diff <(rules_then | sort) <(rules_now | sort)
