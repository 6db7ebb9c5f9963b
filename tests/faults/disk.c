/* A disk that fails when it is told to, between SQLite and the kernel (LD_PRELOAD): while the file `full` is in the folder BOUILLON_DISK,
   nothing more can be written to the database's files; while `broken` is there, what was written can't be made durable. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int told(int fd, const char *what) {
    char path[512], link[64], name[512];
    const char *folder = getenv("BOUILLON_DISK");
    int saved = errno, yes = 0;
    if (folder) {
        snprintf(path, sizeof path, "%s/%s", folder, what);
        if (access(path, F_OK) == 0) {
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            ssize_t n = readlink(link, name, sizeof name - 1);
            name[n < 0 ? 0 : n] = 0;
            yes = strstr(name, "bouillon.sqlite") != NULL;
        }
    }
    errno = saved;
    return yes;
}

static ssize_t put(int fd, const void *from, size_t n, off_t at) {
    if (told(fd, "full")) {
        /* As when the last block is half full: some of it still goes to the disk. */
        syscall(SYS_pwrite64, fd, from, n / 2, at);
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, from, n, at);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at) { return put(fd, from, n, at); }
ssize_t pwrite64(int fd, const void *from, size_t n, off_t at) { return put(fd, from, n, at); }

static int sync_to_disk(int fd, long call) {
    if (told(fd, "broken")) {
        errno = EIO;
        return -1;
    }
    return syscall(call, fd);
}

int fsync(int fd) { return sync_to_disk(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_to_disk(fd, SYS_fdatasync); }
