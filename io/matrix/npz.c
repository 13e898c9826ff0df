#include "io/matrix/npz.h"

#include "io/base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PIECE = 1 << 16, NAME = 64 };

struct npz_array {
  char path[4096], name[NAME];
  struct archive *archive;
  npy_header header;
  off at;       /* values read */
  char *buffer; /* [PIECE] */
};

static status broken(const char *path, struct archive *a) {
  const char *why = a != NULL ? archive_error_string(a) : NULL;
  return status_fail(IO_FAILED, "%s: the zip archive is broken or cut short (%s); fetch the file again", path,
                     why != NULL ? why : "unknown error");
}

static status open_archive(const char *path, struct archive **out) {
  *out = archive_read_new();
  if (*out == NULL)
    return status_fail(NO_MEMORY, "no memory to unpack %s", path);
  FILE *file = fopen(path, "rbe");
  if (file == NULL)
    return status_fail(NO_INPUT, "cannot read %s: %s", path, strerror(errno));
  fclose(file);
  archive_read_support_format_zip_seekable(*out);
  return archive_read_open_filename(*out, path, PIECE) == ARCHIVE_OK ? OK : broken(path, *out);
}

/* The archive's next file, without the ending .npy; false at the end, or with *st set. */
static bool next_array(const char *path, struct archive *a, struct archive_entry **entry, char name[NAME], status *st) {
  int code = archive_read_next_header(a, entry);
  if (code == ARCHIVE_EOF)
    return false;
  if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
    *st = broken(path, a);
    return false;
  }
  const char *full = archive_entry_pathname(*entry);
  size_t n = full != NULL ? strlen(full) : 0;
  if (n <= 4 || n - 4 >= NAME || strcmp(full + n - 4, ".npy") != 0) {
    *st = status_fail(BAD_DATA, "%s is a zip archive with `%.64s` in it: not one of NumPy arrays alone", path,
                      full != NULL ? full : "?");
    return false;
  }
  snprintf(name, NAME, "%.*s", (int)(n - 4), full);
  return true;
}

status npz_list(const char *path, char *out, size_t room) {
  status st = OK;
  struct archive *a = NULL;
  struct archive_entry *entry;
  char name[NAME];
  size_t n = 0;
  out[0] = '\0';
  TRY(open_archive(path, &a));
  while (next_array(path, a, &entry, name, &st)) {
    if (npz_has(out, name))
      TRY(status_fail(BAD_DATA, "%s holds the array `%s` twice", path, name));
    if (n + strlen(name) + 3 < room)
      n += (size_t)snprintf(out + n, room - n, "%s%s", n > 0 ? ", " : "", name);
  }
done:
  if (a != NULL)
    archive_read_free(a);
  return st;
}

bool npz_has(const char *list, const char *name) {
  size_t n = strlen(name);
  for (const char *s = list; n > 0 && (s = strstr(s, name)) != NULL; s += n)
    if ((s == list || s[-1] == ' ') && (s[n] == ',' || s[n] == '\0'))
      return true;
  return false;
}

/* Reads n bytes; *got is less only at the end of the array. */
static status read_bytes(npz_array *a, char *to, size_t n, size_t *got) {
  for (*got = 0; *got < n;) {
    la_ssize_t more = archive_read_data(a->archive, to + *got, n - *got);
    if (more < 0)
      return broken(a->path, a->archive);
    if (more == 0)
      return OK;
    *got += (size_t)more;
  }
  return OK;
}

static status read_values(npz_array *a, off n) {
  size_t want = (size_t)n * (size_t)a->header.size, got;
  if (n > a->header.count - a->at)
    return status_fail(INTERNAL, "%s: values of %s beyond its end", a->path, a->name);
  status st = read_bytes(a, a->buffer, want, &got);
  if (st == OK && got < want)
    st = status_fail(IO_FAILED, "%s: %s.npy in it is cut short; fetch the file again", a->path, a->name);
  a->at += n;
  return st;
}

/* Reads the header byte by byte up to its end, so that the next byte is the first value's. */
static status read_header(npz_array *a) {
  status st = OK;
  size_t got, length;
  TRY(read_bytes(a, a->buffer, 12, &got));
  const unsigned char *u = (const unsigned char *)a->buffer;
  if (got == 12) { /* version 1 has two bytes of length, later ones have four */
    length = u[6] == 1 ? (size_t)10 + u[8] + ((size_t)u[9] << 8)
                       : (size_t)12 + u[8] + ((size_t)u[9] << 8) + ((size_t)u[10] << 16) + ((size_t)u[11] << 24);
    if (length > 12 && length <= NPY_HEADER_MAX) {
      size_t more;
      TRY(read_bytes(a, a->buffer + 12, length - 12, &more));
      got += more;
    }
  }
  const char *bad = npy_parse(a->buffer, got, &a->header);
  if (bad != NULL)
    TRY(status_fail(BAD_DATA, "%s: %s.npy in it cannot be read: %s", a->path, a->name, bad));
done:
  return st;
}

status npz_open(const char *path, const char *name, npz_array **out) {
  status st = OK;
  struct archive_entry *entry;
  *out = NULL;
  TRY(mem_zalloc((void *)out, 1, sizeof **out, "array of a .npz"));
  npz_array *a = *out;
  if (strlen(path) >= sizeof a->path)
    TRY(status_fail(USAGE, "the path %s is too long", path));
  snprintf(a->path, sizeof a->path, "%s", path);
  TRY(MEM_ALLOC(a->buffer, PIECE, "array of a .npz"));
  TRY(open_archive(path, &a->archive));
  do
    if (!next_array(path, a->archive, &entry, a->name, &st))
      TRY(st != OK ? st : status_fail(BAD_DATA, "%s has no array `%s`", path, name));
  while (strcmp(a->name, name) != 0);
  if (archive_entry_is_data_encrypted(entry))
    TRY(status_fail(BAD_DATA, "%s: `%s` in it needs a password; unpack it and pack it again without one", path, name));
  TRY(read_header(a));
  int64_t want = (int64_t)a->header.bytes + a->header.count * a->header.size;
  if (archive_entry_size_is_set(entry) && archive_entry_size(entry) != want)
    TRY(status_fail(BAD_DATA, "%s: %s.npy in it should have %lld bytes by its header, and has %lld", path, name,
                    (long long)want, (long long)archive_entry_size(entry)));
done:
  return st;
}

void npz_close(npz_array *a) {
  if (a == NULL)
    return;
  if (a->archive != NULL)
    archive_read_free(a->archive);
  mem_free(a->buffer);
  mem_free(a);
}

const npy_header *npz_header(const npz_array *a) {
  return &a->header;
}

static off at_once(const npz_array *a, off n) {
  off most = PIECE / (a->header.size > 0 ? a->header.size : 1);
  return n < most ? n : most;
}

status npz_integers(npz_array *a, off n, int64_t *out) {
  status st = OK;
  while (n > 0) {
    off count = at_once(a, n);
    TRY(read_values(a, count));
    if (!npy_integers(&a->header, a->buffer, count, out))
      TRY(status_fail(BAD_DATA, "%s: %s.npy in it has a number that is too large", a->path, a->name));
    out += count;
    n -= count;
  }
done:
  return st;
}

status npz_reals(npz_array *a, off n, real *out) {
  status st = OK;
  while (n > 0) {
    off count = at_once(a, n);
    TRY(read_values(a, count));
    npy_reals(&a->header, a->buffer, count, out);
    out += count;
    n -= count;
  }
done:
  return st;
}

status npz_text(npz_array *a, char *out, size_t room) {
  status st = OK;
  out[0] = '\0';
  if ((a->header.kind != 'S' && a->header.kind != 'U') || a->header.count != 1 || a->header.size > PIECE)
    return status_fail(BAD_DATA, "%s: %s.npy in it is not one text", a->path, a->name);
  TRY(read_values(a, 1));
  if (!npy_text(&a->header, a->buffer, 0, out, room))
    TRY(status_fail(BAD_DATA, "%s: %s.npy in it is not one short word", a->path, a->name));
done:
  return st;
}

status npz_skip(npz_array *a, off n) {
  status st = OK;
  while (n > 0) {
    off count = at_once(a, n);
    TRY(read_values(a, count));
    n -= count;
  }
done:
  return st;
}

status npz_finish(npz_array *a) {
  size_t got;
  status st = npz_skip(a, a->header.count - a->at);
  THEN(read_bytes(a, a->buffer, PIECE, &got));
  if (st == OK && got > 0)
    st = status_fail(BAD_DATA, "%s: %s.npy in it is longer than its header says", a->path, a->name);
  return st;
}
