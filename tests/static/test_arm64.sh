#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The whole program builds for arm64, and judges and reads recordings there as here
# (by an emulator of programs: BPF is compiled, not loaded).
. "$(dirname "$0")/../lib/test.sh"
cd "$TOP" || exit

if [[ $(uname -m) == aarch64 ]]; then
	skip arm64 'this is an arm64 machine: the other tests are about it'
	exit 0
fi
if ! command -v ld.lld >/dev/null; then
	skip arm64 'no linker for arm64 here (apt-get install lld)'
	exit 0
fi
said=$(tests/arm64/sysroot build 2>&1) || {
	[[ $? == 77 ]] || die "tests/arm64/sysroot build: $said"
	skip arm64 "$(tail -n 1 <<<"$said")"
	exit 0
}
root=$(tests/arm64/sysroot path)
cat >"$WORK/convlist" <<TEXT
#!/bin/sh
exec $(tests/arm64/sysroot emulator) -L $root $TOP/out/arm64/convlist "\$@"
TEXT
chmod +x "$WORK/convlist"

check 'it builds without a warning' make -s WERROR=1 arm64
check 'it is for arm64' grep -q 'Machine: *AArch64' <(readelf -h out/arm64/convlist)
# As on any machine, kprobes read their arguments from registers of that one.
check 'the BPF programs are for arm64' bash -c '! cmp -s out/bpf/trace.bpf.o out/arm64/bpf/trace.bpf.o'
check 'it runs' grep -q '^convlist ' <("$WORK/convlist" --version)
said=$(CONVLIST=$WORK/convlist tests/golden/run 2>&1) || fail 'golden tests' "$(grep '^not ok' <<<"$said" | head -n 3 | tr '\n' ' ')"
at_least 'golden tests, judged there' "$(grep -c '^ok' <<<"$said")" 50
[[ $FAILED == 0 ]]
