# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced: devices of the device mapper, where no udev makes their nodes.

# dm_create NAME TABLE: says the device's node.
dm_create() {
	dmsetup create "$1" --table "$2" >/dev/null
	echo "/dev/$(dmsetup info -c --noheadings -o blkdevname "$1")"
}

# Another table under a device that is in use.
dm_reload() {
	dmsetup suspend "$1"
	dmsetup load "$1" --table "$2"
	dmsetup resume "$1"
}
