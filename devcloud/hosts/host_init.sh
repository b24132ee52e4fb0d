#!/bin/sh
# Becomes pid 1 of a devcloud host: builds the host's own root over the machine's and hands over to runit.
# Runs inside fresh mount, pid, network, UTS and IPC namespaces; all that it mounts dies with them.
# Environment: HOST, FOLDER (the host's folder: upper, work, root), STATE (hidden from the host), SHARED (NAME=TARGET pairs).
set -eu
mount --make-rprivate /
root=$FOLDER/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$FOLDER/upper,workdir=$FOLDER/work" "$root"
hostname "$HOST"

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir -p "$root/dev/pts" "$root/dev/shm" "$root/dev/net" "$root/run/lock" "$root/run/service"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 net/tun:10:200; do
    name=${node%%:*} numbers=${node#*:}
    mknod -m 666 "$root/dev/$name" c "${numbers%:*}" "${numbers#*:}"
done

# The state folder holds the other hosts and the secrets: a host sees only what it shares.
mkdir -p "$root$STATE"
mount -t tmpfs -o mode=755 tmpfs "$root$STATE"
for pair in $SHARED; do
    mkdir -p "$root${pair#*=}"
    mount --rbind "${pair%%=*}" "$root${pair#*=}"
done

cd "$root"
mkdir -p run/old
pivot_root . run/old
exec /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root \
    "DEVCLOUD_HOST=$STATE:$HOST" /bin/sh -c 'cd / && umount -l /run/old && exec runsvdir -P /run/service'
