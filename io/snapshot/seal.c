#define _GNU_SOURCE
#include "io/snapshot/seal.h"

#include "io/base/disk.h"
#include "io/base/mem.h"
#include "io/snapshot/checkpoint.h"
#include "io/snapshot/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char SEAL[] = "SHA256SUMS";

/* Limits far above what a snapshot has: files, and so lines of the seal. */
enum { FILES_MAX = 10000, SEAL_BYTES_MAX = 1 << 22, PATH_ROOM = DISK_PATH_MAX + 300 };

typedef struct file {
  char *name;
  char digest[SEAL_DIGEST_MAX]; /* from the seal (of MEASURED_FILE: from the manifest); "" if it is in neither */
  bool plain, there;
} file;

typedef struct files {
  file *list;
  int n, room;
} files;

static void free_files(files *f) {
  for (int i = 0; i < f->n; i++)
    free(f->list[i].name);
  mem_free(f->list);
  *f = (files){0};
}

static status add_file(files *f, const char *name, size_t length, file **out) {
  if (f->n == FILES_MAX)
    return status_fail(BAD_DATA, "a snapshot has at most %d files", FILES_MAX);
  if (f->n == f->room) {
    status st = MEM_REALLOC(f->list, f->room * 2 + 16, "files of the snapshot");
    if (st != OK)
      return st;
    f->room = f->room * 2 + 16;
  }
  f->list[f->n] = (file){.name = strndup(name, length)};
  if (f->list[f->n].name == NULL)
    return status_fail(NO_MEMORY, "no memory for the files of the snapshot");
  *out = &f->list[f->n++];
  return OK;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const file *)a)->name, ((const file *)b)->name);
}

static file *find_file(const files *f, const char *name) {
  for (int i = 0; i < f->n; i++)
    if (strcmp(f->list[i].name, name) == 0)
      return &f->list[i];
  return NULL;
}

bool seal_is_there(const char *dir) {
  char path[PATH_ROOM];
  snprintf(path, sizeof path, "%s/%s", dir, SEAL);
  return access(path, F_OK) == 0;
}

static status digest_of(int fd, const char *path, char *out) {
  enum { BUFFER = 1 << 20 };
  unsigned char sum[32];
  char *buffer = NULL;
  EVP_MD_CTX *sha = EVP_MD_CTX_new();
  status st = OK;
  if (sha == NULL || EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1)
    TRY(status_fail(INTERNAL, "the OpenSSL library has no SHA-256"));
  TRY(MEM_ALLOC(buffer, BUFFER, "digest"));
  for (;;) {
    ssize_t n = read(fd, buffer, BUFFER);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      TRY(status_fail(IO_FAILED, "cannot read %s: %s", path, strerror(errno)));
    if (n == 0)
      break;
    EVP_DigestUpdate(sha, buffer, (size_t)n);
  }
  EVP_DigestFinal_ex(sha, sum, NULL);
  for (int i = 0; i < 32; i++)
    snprintf(out + 2 * i, 3, "%02x", sum[i]);
done:
  mem_free(buffer);
  EVP_MD_CTX_free(sha);
  return st;
}

/* Opens a plain file without following a link or waiting for a pipe. BAD_DATA if it is something else. */
static status open_plain(const char *path, int *fd) {
  struct stat about;
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (*fd < 0)
    return status_fail(NO_INPUT, "cannot open %s: %s", path, strerror(errno));
  if (fstat(*fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(*fd);
    return status_fail(BAD_DATA, "%s is not a plain file", path);
  }
  return OK;
}

status seal_digest(const char *path, char *out) {
  int fd;
  status st = open_plain(path, &fd);
  if (st != OK)
    return st;
  st = digest_of(fd, path, out);
  close(fd);
  return st;
}

/* Returns true for files that a run writes for itself: they are not part of the snapshot. */
static bool is_scratch(const char *name) {
  return disk_is_partial(name) || checkpoint_is_file(name) || strcmp(name, "resume.json") == 0;
}

/* Lists everything in the folder but the seal. */
static status list_folder(const char *dir, bool remove_scratch, files *out) {
  DIR *d = opendir(dir);
  if (d == NULL)
    return status_fail(NO_INPUT, "cannot read the snapshot %s: %s", dir, strerror(errno));
  status st = OK;
  for (struct dirent *e; st == OK && (e = readdir(d)) != NULL;) {
    struct stat about;
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || strcmp(e->d_name, SEAL) == 0)
      continue;
    if (remove_scratch && is_scratch(e->d_name) && unlinkat(dirfd(d), e->d_name, 0) == 0)
      continue;
    file *f = find_file(out, e->d_name);
    if (f == NULL)
      st = add_file(out, e->d_name, strlen(e->d_name), &f);
    if (st == OK) {
      f->there = true;
      f->plain = fstatat(dirfd(d), e->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode);
    }
  }
  closedir(d);
  if (out->n > 0)
    qsort(out->list, (size_t)out->n, sizeof *out->list, by_name);
  return st;
}

/* Gives the measured model, if it is there and not in the seal, the digest that the manifest has of it. A manifest that
 * cannot be read has none: it is itself checked against the seal. */
static status take_measured(const char *dir, files *all) {
  file *f = find_file(all, MEASURED_FILE);
  json_t *manifest = NULL;
  if (f == NULL || f->digest[0] != '\0')
    return OK;
  status st = snapshot_read_json(dir, "manifest.json", &manifest);
  const char *digest = json_string_value(json_object_get(json_object_get(manifest, "refit"), "measured_sha256"));
  if (digest != NULL && strlen(digest) == SEAL_DIGEST_MAX - 1)
    memcpy(f->digest, digest, SEAL_DIGEST_MAX);
  json_decref(manifest);
  return st == NO_MEMORY ? st : OK;
}

/* Returns true for names that a seal may have: a file of the folder, without characters that would break its line. */
static bool good_name(const char *name) {
  if (name[0] == '\0' || name[0] == '.' || strlen(name) > 255)
    return false;
  for (const char *at = name; *at != '\0'; at++)
    if (*at == '/' || *at == '\\' || (unsigned char)*at < 0x20 || *at == 0x7f)
      return false;
  return true;
}

/* Syncs a file, makes it read-only, and writes its line of the seal. A file with a digest has no line: its digest is
 * checked. */
static status seal_file(const char *dir, const file *f, char *line, size_t room) {
  char path[PATH_ROOM], digest[SEAL_DIGEST_MAX];
  int fd;
  snprintf(path, sizeof path, "%s/%s", dir, f->name);
  status st = open_plain(path, &fd);
  if (st != OK)
    return st;
  struct stat about;
  if (fstat(fd, &about) != 0 || fchmod(fd, about.st_mode & 0444) != 0)
    st = status_fail(IO_FAILED, "cannot make %s read-only: %s", path, strerror(errno));
  THEN(digest_of(fd, path, digest));
  if (st != OK)
    close(fd);
  else
    st = disk_sync_close(fd, path);
  if (st == OK && f->digest[0] == '\0')
    snprintf(line, room, "%s  %s\n", digest, f->name);
  else if (st == OK && strcmp(digest, f->digest) != 0)
    st = status_fail(BAD_DATA, "%s has changed since manifest.json was written; remove both, and publish again", path);
  return st;
}

status seal_write(const char *dir) {
  enum { LINE = SEAL_DIGEST_MAX + 260 };
  files all = {0};
  char *text = NULL, path[PATH_ROOM];
  status st = OK;
  if (seal_is_there(dir))
    return status_fail(CANNOT_CREATE, "the snapshot %s is already sealed", dir);
  TRY(list_folder(dir, true, &all));
  if (find_file(&all, MODEL_FILE) == NULL)
    TRY(status_fail(BAD_DATA, "%s has no model.h5, so there is nothing to seal", dir));
  TRY(take_measured(dir, &all));
  TRY(MEM_ZALLOC(text, (off)all.n * LINE + 1, "seal"));
  for (int i = 0; i < all.n; i++) {
    if (!all.list[i].plain || !good_name(all.list[i].name))
      TRY(status_fail(BAD_DATA, "%s/%s does not belong in a snapshot, which has only plain files; move it away", dir,
                      all.list[i].name));
    TRY(seal_file(dir, &all.list[i], text + strlen(text), LINE));
  }
  snprintf(path, sizeof path, "%s/%s", dir, SEAL);
  TRY(disk_sync_folder(path)); /* the names must be on disk before the seal */
  TRY(disk_replace(path, text, (int64_t)strlen(text)));
  if (chmod(path, 0444) != 0)
    st = status_fail(IO_FAILED, "cannot make %s read-only: %s", path, strerror(errno));
done:
  mem_free(text);
  free_files(&all);
  return st;
}

/* Reads a seal. Its lines are 64 hex digits, two blanks (or a blank and '*'), and a name. */
static status read_seal(const char *dir, files *out) {
  char path[PATH_ROOM], *text = NULL;
  int64_t n;
  status st = OK;
  snprintf(path, sizeof path, "%s/%s", dir, SEAL);
  if (access(path, F_OK) != 0)
    return status_fail(access(dir, F_OK) == 0 ? BAD_DATA : NO_INPUT, "%s is not sealed: it has no %s", dir, SEAL);
  TRY(disk_slurp(path, SEAL_BYTES_MAX, &text, &n));
  if ((int64_t)strlen(text) != n)
    TRY(status_fail(IO_FAILED, "%s is damaged: it has a NUL byte", path));
  for (char *line = text; *line != '\0';) {
    char *end = strchr(line, '\n');
    if (end == NULL)
      TRY(status_fail(IO_FAILED, "%s is damaged: its last line has no end", path));
    *end = '\0';
    size_t hex = strspn(line, "0123456789abcdef");
    if (hex != 64 || line[64] != ' ' || (line[65] != ' ' && line[65] != '*') || !good_name(line + 66) ||
        strcmp(line + 66, SEAL) == 0 || find_file(out, line + 66) != NULL)
      TRY(status_fail(IO_FAILED, "%s is damaged: not a line of a checksum file: %.100s", path, line));
    file *f;
    TRY(add_file(out, line + 66, strlen(line + 66), &f));
    memcpy(f->digest, line, 64);
    line = end + 1;
  }
  if (out->n == 0)
    TRY(status_fail(IO_FAILED, "%s is damaged: it is empty", path));
done:
  mem_free(text);
  return st;
}

static status fault_of(const char *dir, const file *f, const char **fault) {
  char path[PATH_ROOM], digest[SEAL_DIGEST_MAX];
  *fault = NULL;
  if (!f->there)
    *fault = "missing";
  else if (f->digest[0] == '\0')
    *fault = "not in the seal";
  else if (!f->plain)
    *fault = "not a plain file";
  if (*fault != NULL)
    return OK;
  snprintf(path, sizeof path, "%s/%s", dir, f->name);
  status st = seal_digest(path, digest);
  if (st == NO_MEMORY || st == INTERNAL)
    return st;
  if (st != OK)
    *fault = "cannot be read";
  else if (strcmp(digest, f->digest) != 0)
    *fault = "changed";
  return OK;
}

status seal_verify(const char *dir, seal_visit *visit, void *context) {
  files all = {0};
  int faults = 0;
  char first[512] = "";
  status st = OK;
  TRY(read_seal(dir, &all));
  TRY(list_folder(dir, false, &all));
  TRY(take_measured(dir, &all));
  for (int i = 0; i < all.n; i++) {
    const char *fault;
    TRY(fault_of(dir, &all.list[i], &fault));
    if (fault != NULL && faults++ == 0)
      snprintf(first, sizeof first, "%.255s: %s", all.list[i].name, fault);
    if (visit != NULL)
      visit(context, all.list[i].name, fault);
  }
  if (faults > 0)
    st = status_fail(IO_FAILED, "the seal of %s is broken (%s%s); restore the snapshot, or roll back to another", dir,
                     first, faults > 1 ? ", and others" : "");
done:
  free_files(&all);
  return st;
}
