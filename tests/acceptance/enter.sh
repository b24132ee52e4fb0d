#!/bin/sh
# enter.sh ROOT COMMAND…: runs the command on a machine whose root is ROOT, as `unshare --mount --pid --fork` starts it.
# This shell is pid 1 there: when the command ends, so does everything that it left running, as in a power cut.
# The network stays the caller's: the machine inside has to reach its package sources.
set -eu
root=$1
shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/mnt/machine"
cd "$root"
pivot_root . mnt/machine
cd /
umount -l /mnt/machine
status=0
"$@" || status=$?
exit "$status"
