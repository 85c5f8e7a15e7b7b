# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by scripts that get packages of another suite or architecture from the
# archive that this machine's apt is set up for. What apt knows and has installed
# is left as it is. The script sets NAME, which its messages begin with.

# Exit status: the packages cannot be had from here.
UNAVAILABLE=77

say() { echo "$NAME: $*" >&2; }
die() {
	say "$*"
	exit 1
}
unavailable() {
	say "$*"
	exit "$UNAVAILABLE"
}

# One line for each suite that apt is set up for: address and name.
# shellcheck disable=SC2016 # the dollars are apt's and awk's
archives() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 2>/dev/null | awk '$3 == "main" && /debian/ { print $1, $2 }'
}

# The archive of a suite: the one that apt uses for a suite of that kind.
archive_of() {
	local uri release kind=main found=''
	[[ $1 != *-security ]] || kind=security
	while read -r uri release; do
		case $release in
		*-security*) [[ $kind == security ]] && found=$uri && break ;;
		*-updates | *-backports) [[ $kind == main && -z $found ]] && found=$uri ;;
		*) [[ $kind == main ]] && found=$uri && break ;;
		esac
	done < <(archives)
	[[ -n $found ]] && echo "$found"
}

# private_apt TOOL ARGUMENT...: as set_up_apt has prepared it.
private_apt() {
	local tool=$1
	shift
	"$tool" -q -o "Dir::Etc::sourcelist=$APT_DIR/sources.list" -o Dir::Etc::sourceparts=- \
		-o "Dir::State::lists=$APT_DIR/lists" -o "Dir::Cache=$APT_DIR/cache" \
		-o APT::Sandbox::User= -o "APT::Architecture=$APT_ARCH" \
		-o "APT::Architectures=$APT_ARCH" -o Acquire::Languages=none \
		-o Acquire::Retries=2 "$@"
}

# set_up_apt FOLDER ARCHITECTURE SUITES: reads the suites' lists of packages.
set_up_apt() {
	local suite uri keys=/usr/share/keyrings/debian-archive-keyring.gpg
	APT_DIR=$1 APT_ARCH=$2
	command -v apt-get >/dev/null || unavailable 'there is no apt-get here'
	mkdir -p "$APT_DIR/lists/partial" "$APT_DIR/cache/archives/partial"
	for suite in $3; do
		uri=$(archive_of "$suite") ||
			unavailable "apt is set up for no archive that has $suite"
		echo "deb $([[ ! -f $keys ]] || echo "[signed-by=$keys]") $uri $suite main"
	done >"$APT_DIR/sources.list"
	# It ends well after warnings, too, with lists of yesterday or none.
	if ! private_apt apt-get update >"$APT_DIR/log" 2>&1 || grep -q '^[EW]:' "$APT_DIR/log"; then
		tail -n 5 "$APT_DIR/log" >&2
		unavailable "the package lists of $3 cannot be read"
	fi
}
