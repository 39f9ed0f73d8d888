/* A disk that fails on demand. Loaded before the C library (LD_PRELOAD), it counts the bytes that
   are written to files below a folder. After so many it lets the process be killed in the middle of
   a write, or lets writes fail; it can hand writes on in small pieces; and it can keep a log of all
   that is written, brought to the disk, renamed. Nothing else is touched. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char below[PATH_MAX];
static long long kill_at = -1, fail_at = -1, piece = 0, count = 0;
static int failing = 0, sync_fails = 0, log_fd = -1;

void disk_arm(const char *folder, long long kill, long long fail, int error, long long small,
              int sync_error, int log) {
  strncpy(below, folder, sizeof below - 1);
  kill_at = kill; fail_at = fail; failing = error; piece = small; sync_fails = sync_error;
  log_fd = log; count = 0;
}
long long disk_count(void) { return count; }

static int ours(int fd) {
  char link[64], path[PATH_MAX];
  if (!*below || fd == log_fd) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  size_t size = strlen(below);
  return !strncmp(path, below, size) && (!path[size] || path[size] == '/');
}
static long long inode(int fd) { struct stat s; return fstat(fd, &s) ? -1 : (long long)s.st_ino; }
static void note(const char *form, ...) {
  char line[PATH_MAX + 128];
  va_list rest;
  if (log_fd < 0) return;
  va_start(rest, form);
  int n = vsnprintf(line, sizeof line, form, rest);
  va_end(rest);
  syscall(SYS_write, log_fd, line, n);
}
static long long place(int fd) {
  struct stat s;
  if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &s) ? 0 : s.st_size;
  return lseek(fd, 0, SEEK_CUR);
}
static ssize_t put(int fd, const void *data, size_t size, long long at) {
  if (piece > 0 && size > (size_t)piece) size = piece;
  if (fail_at >= 0 && count + (long long)size > fail_at) {
    if (count >= fail_at) { errno = failing; return -1; }
    size = fail_at - count;
  }
  int last = kill_at >= 0 && count + (long long)size >= kill_at;
  if (last) size = kill_at - count;
  ssize_t n = at >= 0 ? syscall(SYS_pwrite64, fd, data, size, at)
                      : syscall(SYS_write, fd, data, size);
  if (last) syscall(SYS_kill, getpid(), SIGKILL);
  if (n > 0) count += n;
  return n;
}
static ssize_t written(int fd, const void *data, size_t size, long long at) {
  if (!ours(fd)) return at >= 0 ? syscall(SYS_pwrite64, fd, data, size, at)
                                : syscall(SYS_write, fd, data, size);
  long long start = at >= 0 ? at : place(fd);
  ssize_t n = put(fd, data, size, at);
  if (n > 0 && log_fd >= 0) {
    note("write %lld %lld %lld\n", inode(fd), start, (long long)n);
    syscall(SYS_write, log_fd, data, n);
  }
  return n;
}
ssize_t write(int fd, const void *data, size_t size) { return written(fd, data, size, -1); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  return written(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) {
  return written(fd, data, size, at);
}
ssize_t writev(int fd, const struct iovec *parts, int n) {
  if (!ours(fd)) return syscall(SYS_writev, fd, parts, n);
  for (int i = 0; i < n; i++) if (parts[i].iov_len) return written(fd, parts[i].iov_base,
                                                                   parts[i].iov_len, -1);
  return 0;
}
/* What would go past us: those who ask for it write by themselves then. */
ssize_t sendfile(int out, int in, off_t *at, size_t size) {
  if (ours(out)) { errno = EINVAL; return -1; }
  return syscall(SYS_sendfile, out, in, at, size);
}
ssize_t sendfile64(int out, int in, off_t *at, size_t size) { return sendfile(out, in, at, size); }
ssize_t copy_file_range(int in, off_t *a, int out, off_t *b, size_t size, unsigned flags) {
  if (ours(out)) { errno = EXDEV; return -1; }
  return syscall(SYS_copy_file_range, in, a, out, b, size, flags);
}
int ftruncate(int fd, off_t size) {
  if (ours(fd)) note("cut %lld %lld\n", inode(fd), (long long)size);
  return syscall(SYS_ftruncate, fd, size);
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }
static int synced(int fd, long call) {
  if (ours(fd)) {
    if (sync_fails && fail_at >= 0 && count >= fail_at) { errno = failing; return -1; }
    note("sync %lld\n", inode(fd));
  }
  return syscall(call, fd);
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }
int rename(const char *old, const char *new) {
  struct stat s;
  if (*below && !strncmp(new, below, strlen(below)) && !stat(old, &s))
    note("name %lld %s\n", (long long)s.st_ino, new);
  return syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0);
}
