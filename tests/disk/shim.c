/* A disk that can be told to misbehave: preloaded into the server, it stands between SQLite and the kernel. Only files
 * under DISK_FOLDER are touched. What it does, the four numbers in the file DISK_CONTROL say, mapped into this process, so
 * that whoever writes that file changes the disk at once:
 *
 *   write_errno    writes fail with it             sync_errno     syncs fail with it, after they were done
 *   sync_ms        a sync takes so much longer     held           no sync returns while this is not 0
 *
 * Each sync is a line in DISK_LOG, written before it returns: file, when it began, when it ended (microseconds since 1970),
 * and its errno. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct control {
    volatile int32_t write_errno, sync_errno, sync_ms, held;
};

static struct control healthy;
static struct control *control = &healthy;
static const char *folder;
static int log_file = -1;

__attribute__((constructor)) static void load(void) {
    const char *path = getenv("DISK_CONTROL"), *log_path = getenv("DISK_LOG");
    folder = getenv("DISK_FOLDER");
    if (!path || !log_path || !folder) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof healthy, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) control = mapped;
    log_file = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Whether it is one of the data's; its name without the folder, then. */
static const char *ours(int file, char *path, size_t size) {
    char link[40];
    if (!folder) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    size_t prefix = strlen(folder);
    return !strncmp(path, folder, prefix) && path[prefix] == '/' ? path + prefix + 1 : NULL;
}

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void rest(long ms) {
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR) {}
}

static int synced(int file, long call) {
    char path[512], line[640];
    const char *name = ours(file, path, sizeof path);
    if (!name) return (int)syscall(call, file);
    int64_t begun = now_us();
    if (control->sync_ms > 0) rest(control->sync_ms);
    while (control->held) rest(1);
    int outcome = (int)syscall(call, file), error = outcome < 0 ? errno : control->sync_errno;
    int length = snprintf(line, sizeof line, "%s %lld %lld %d\n", name, (long long)begun, (long long)now_us(), error);
    if (log_file >= 0 && syscall(SYS_write, log_file, line, (size_t)length) < 0) abort();
    errno = error;
    return error ? -1 : 0;
}

int fsync(int file) { return synced(file, SYS_fsync); }
int fdatasync(int file) { return synced(file, SYS_fdatasync); }

/* Whether this write is to fail; errno is set then. */
static int fails(int file) {
    char path[512];
    int error = control->write_errno;
    if (!error || !ours(file, path, sizeof path)) return 0;
    errno = error;
    return 1;
}

ssize_t write(int file, const void *bytes, size_t count) {
    return fails(file) ? -1 : (ssize_t)syscall(SYS_write, file, bytes, count);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    return fails(file) ? -1 : (ssize_t)syscall(SYS_pwrite64, file, bytes, count, at);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) { return pwrite64(file, bytes, count, at); }
