# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # whoever sources this uses them
# Sourced: what the kernel's log has when the kernel, or a rule of its own, is broken.

# Stock has many data races that KCSAN tells of: those of ext4 and its journal count.
BUG='BUG: ([^K]|K[^C])|BUG: KCSAN: .*(ext4|jbd2|aio_dio)'
# It cannot be trusted to go on.
PANIC="Kernel panic|Oops:|$BUG|general protection fault|kernel BUG at"
SPLAT="WARNING: |$BUG|possible circular locking|possible recursive locking|INFO: task .* blocked|INFO: lockdep|suspicious RCU usage|soft lockup|UBSAN:"
