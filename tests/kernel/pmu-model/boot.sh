#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Boots a guest that runs pmu_model_test and exits with 0 if all tests passed
# and the guest's kernel had nothing to complain about.
#
#   QEMU=... KERNEL=... BUSYBOX=... [FIRMWARE="DIR DIR"] [MSR_KO=...]
#   boot.sh [RATIO [IPC [QEMU-OPTION...]]]
#
# MODEL=off boots without the model, to see that the tests can fail.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
ratio=${1:-100}
ipc=${2:-100}
[ $# -lt 1 ] || shift
[ $# -lt 1 ] || shift
: "${QEMU:?the patched qemu-system-x86_64}"
: "${KERNEL:?a bzImage}"
: "${BUSYBOX:?a static busybox}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

root=$work/root
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/lib"
make -s -C "$here" OUT="$root/bin"
cp "$BUSYBOX" "$root/bin/busybox"
[ -z "${MSR_KO:-}" ] || cp "$MSR_KO" "$root/lib/msr.ko"

# The kernel hands what it does not know on its command line to init as
# environment, and the test takes its settings from there.
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
# Messages would come between the lines of the tests.
echo 1 >/proc/sys/kernel/printk
[ ! -e /lib/msr.ko ] || export PMU_MODEL_MSR=/lib/msr.ko
/bin/pmu_model_test
echo "exit status $?"
/bin/busybox dmesg |
	/bin/busybox grep -E 'WARNING: CPU|BUG:|Oops|unknown reason|Call Trace' &&
	echo "complaints in the kernel's log"
/bin/busybox poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd"

cpu=Skylake-Client,check=off
[ "${MODEL:-on}" = off ] ||
	cpu=$cpu,x-pmu=on,x-pmu-aperf-ratio=$ratio,x-pmu-ipc=$ipc
for dir in ${FIRMWARE:-}; do
	set -- -L "$dir" "$@"
done
# shellcheck disable=SC2086
timeout "${TIMEOUT:-300}" "$QEMU" -accel tcg -smp 4 -m 1G -cpu "$cpu" \
	-nographic -no-reboot -nic none "$@" \
	-kernel "$KERNEL" -initrd "$work/initrd" \
	-append "console=ttyS0 quiet panic=-1 PMU_MODEL_RATIO=$ratio PMU_MODEL_IPC=$ipc" \
	</dev/null | tr -d '\r' | tee "$work/log"

grep -q '^exit status 0$' "$work/log" &&
	! grep -q "^complaints in the kernel's log$" "$work/log"
