// Puts on record, in their order, what a program writes to its database and what it has the system sync: a disk that loses all but
// the latter can be made of that. Loaded in front of the C library (LD_PRELOAD); FOREWARN_WRITES names the record.
//
// An entry: 'W' (written), 'S' (synced), 'T' (cut to a length) or 'D' (removed), the length of the path (4 bytes), where (8 bytes), how many bytes
// (8 bytes), the path, the bytes. Each is on record before whoever asked for it goes on.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;

// Whether this is a file of the database that outlives the power.
static int is_name_of_ours(const char *path) {
  return strstr(path, ".sqlite") != NULL && strstr(path, "-shm") == NULL;
}

// The same, and which.
static int is_ours(int file, char *path, size_t most) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, most - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_name_of_ours(path);
}

static void put(char what, const char *path, uint64_t at, const void *bytes, uint64_t count) {
  if (record < 0) record = open(getenv("FOREWARN_WRITES"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  uint32_t length = strlen(path);
  uint64_t held = bytes == NULL ? 0 : count;
  char head[21];
  head[0] = what;
  memcpy(head + 1, &length, 4);
  memcpy(head + 5, &at, 8);
  memcpy(head + 13, &held, 8);
  struct iovec parts[3] = {{head, sizeof head}, {(void *)path, length}, {(void *)bytes, held}};
  // In one piece, or the record is worth nothing.
  if (writev(record, parts, held > 0 ? 3 : 2) != (ssize_t)(sizeof head + length + held)) abort();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static ssize_t written(ssize_t count, int file, const void *bytes, int64_t at) {
  char path[4096];
  if (count > 0 && is_ours(file, path, sizeof path)) put('W', path, at, bytes, count);
  return count;
}

ssize_t write(int file, const void *bytes, size_t count) {
  pthread_mutex_lock(&one);
  off_t at = lseek(file, 0, SEEK_CUR);
  ssize_t done = written(REAL(write)(file, bytes, count), file, bytes, at);
  pthread_mutex_unlock(&one);
  return done;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
  pthread_mutex_lock(&one);
  ssize_t done = written(REAL(pwrite)(file, bytes, count, at), file, bytes, at);
  pthread_mutex_unlock(&one);
  return done;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  pthread_mutex_lock(&one);
  ssize_t done = written(REAL(pwrite64)(file, bytes, count, at), file, bytes, at);
  pthread_mutex_unlock(&one);
  return done;
}

static int noted(int failed, int file, char what, int64_t at) {
  char path[4096];
  if (!failed && is_ours(file, path, sizeof path)) put(what, path, at, NULL, 0);
  return failed;
}

int unlink(const char *path) {
  pthread_mutex_lock(&one);
  int failed = REAL(unlink)(path);
  if (!failed && is_name_of_ours(path)) put('D', path, 0, NULL, 0);
  pthread_mutex_unlock(&one);
  return failed;
}

int fsync(int file) {
  pthread_mutex_lock(&one);
  int failed = noted(REAL(fsync)(file), file, 'S', 0);
  pthread_mutex_unlock(&one);
  return failed;
}

int fdatasync(int file) {
  pthread_mutex_lock(&one);
  int failed = noted(REAL(fdatasync)(file), file, 'S', 0);
  pthread_mutex_unlock(&one);
  return failed;
}

int ftruncate(int file, off_t length) {
  pthread_mutex_lock(&one);
  int failed = noted(REAL(ftruncate)(file, length), file, 'T', length);
  pthread_mutex_unlock(&one);
  return failed;
}

int ftruncate64(int file, off64_t length) {
  pthread_mutex_lock(&one);
  int failed = noted(REAL(ftruncate64)(file, length), file, 'T', length);
  pthread_mutex_unlock(&one);
  return failed;
}
