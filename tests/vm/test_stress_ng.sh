#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# stress-ng's file and asynchronous stressors, and dpkg, are never misjudged.
# kernel: 6.12 6.12-stock stock-6.1 stock-6.12 stock-newest
# disks: 4G
# machine: -m 4096
# tags: programs
# when: long
# limit: 900
# long-limit: 1800
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/programs.sh"

traced_ext4
if use_programs forky; then
	judged stress-ng chroot "$ROOT" /tmp/stress_ng /mnt/stress "$LOAD_SECONDS"
	at_least 'stress-ng: writes on unwritten extents' "$(summary writes)" 100
	judged dpkg chroot "$ROOT" /tmp/packages /mnt/dpkg "$LOAD_SECONDS" "${PACKAGES[@]}"
	leave_programs
fi
checked_ext4 'stress-ng and dpkg'
