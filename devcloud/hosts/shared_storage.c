/*
 * Loaded into libvirtd of a compute host. Instances and volumes lie in folders that all compute hosts share, but by
 * bind mounts: statfs() shows the machine's own file system there, and libvirt would call every live migration unsafe.
 * Here these folders are shown as what they stand for, NFS.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

static const char *const SHARED[] = {"/var/lib/nova/instances", "/var/lib/nova/mnt"};

static int is_shared(const char *path) {
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++)
        if (strncmp(path, SHARED[i], strlen(SHARED[i])) == 0) return 1;
    return 0;
}

/* What libvirtd starts must see the truth. */
__attribute__((constructor)) static void not_for_children(void) { unsetenv("LD_PRELOAD"); }

int statfs(const char *path, struct statfs *seen) {
    int (*real)(const char *, struct statfs *) = dlsym(RTLD_NEXT, "statfs");
    int result = real(path, seen);
    if (result == 0 && is_shared(path)) seen->f_type = NFS_SUPER_MAGIC;
    return result;
}

int statfs64(const char *path, struct statfs64 *seen) {
    int (*real)(const char *, struct statfs64 *) = dlsym(RTLD_NEXT, "statfs64");
    int result = real(path, seen);
    if (result == 0 && is_shared(path)) seen->f_type = NFS_SUPER_MAGIC;
    return result;
}
