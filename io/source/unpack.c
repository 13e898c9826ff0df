#include "io/source/unpack.h"

#include "io/base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = 1 << 18, MEMBERS = 1000 /* files of an archive looked at */, SHOWN = 5 /* … and named */ };

struct unpacker {
  const char *name; /* not owned */
  file_kind kind;
  int fd;
  bool ended;
  struct archive *archive; /* all but gzip */
  /* gzip: zlib itself, as libarchive does not check its checksums */
  z_stream zlib;
  bool inside; /* a member of the file has begun and not ended */
  unsigned char *packed;
};

bool unpack_knows(file_kind kind) {
  return kind >= KIND_GZIP && kind <= KIND_ZIP;
}

const char *unpack_word(file_kind kind) {
  static const char *const WORDS[] = {"gzip", "bzip2", "xz", "zstd", "zip"};
  return unpack_knows(kind) ? WORDS[kind - KIND_GZIP] : "";
}

static status broken(const unpacker *u, const char *why) {
  return status_fail(IO_FAILED, "%s: the %s stream is broken or cut short (%s); fetch the file again", u->name,
                     unpack_word(u->kind), why != NULL ? why : "unknown error");
}

static status trailing(const unpacker *u) {
  return status_fail(IO_FAILED, "%s: something that is not %s follows the end of its %s data; fetch the file again",
                     u->name, unpack_word(u->kind), unpack_word(u->kind));
}

/* ---- gzip ---- */

/* The next packed bytes, if all are used; u->zlib.avail_in is 0 afterwards at the end of the file. */
static status fill(unpacker *u) {
  ssize_t n = 0;
  if (u->zlib.avail_in > 0)
    return OK;
  do
    n = read(u->fd, u->packed, PIECE);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return status_fail(IO_FAILED, "%s cannot be read: %s", u->name, strerror(errno));
  u->zlib.next_in = u->packed;
  u->zlib.avail_in = (unsigned)n;
  return OK;
}

/* Between members: another one, the end, or NULs up to the end. Anything else would be data lost without a word. */
static status next_member(unpacker *u) {
  status st = OK;
  TRY(fill(u));
  u->inside = u->zlib.avail_in > 0 && *u->zlib.next_in == 0x1f;
  u->ended = !u->inside;
  if (u->inside && inflateReset(&u->zlib) != Z_OK)
    TRY(status_fail(INTERNAL, "zlib cannot begin again"));
  while (u->ended && u->zlib.avail_in > 0) {
    for (unsigned i = 0; i < u->zlib.avail_in; i++)
      if (u->zlib.next_in[i] != 0)
        TRY(trailing(u));
    u->zlib.avail_in = 0;
    TRY(fill(u));
  }
done:
  return st;
}

static status read_gzip(unpacker *u, char *to, size_t room, size_t *got) {
  status st = OK;
  z_stream *z = &u->zlib;
  while (*got < room && !u->ended) {
    if (!u->inside) {
      TRY(next_member(u));
      continue;
    }
    TRY(fill(u));
    if (z->avail_in == 0)
      TRY(broken(u, "unexpected end of file"));
    size_t want = room - *got < 1u << 30 ? room - *got : 1u << 30;
    z->next_out = (unsigned char *)to + *got;
    z->avail_out = (unsigned)want;
    int code = inflate(z, Z_NO_FLUSH);
    *got += want - z->avail_out;
    if (code == Z_STREAM_END)
      u->inside = false;
    else if (code != Z_OK && code != Z_BUF_ERROR)
      TRY(broken(u, z->msg));
  }
done:
  return st;
}

/* ---- the others, by libarchive ---- */

/* What a file manager adds to an archive beside its files. */
static bool is_extra(const char *path) {
  const char *slash = strrchr(path, '/'), *last = slash != NULL ? slash + 1 : path;
  return strncmp(path, "__MACOSX/", 9) == 0 || strcmp(last, ".DS_Store") == 0 || strcmp(last, "Thumbs.db") == 0;
}

static status open_archive(unpacker *u, bool zip) {
  static const int FILTER[] = {
      [KIND_BZIP2] = ARCHIVE_FILTER_BZIP2, [KIND_XZ] = ARCHIVE_FILTER_XZ, [KIND_ZSTD] = ARCHIVE_FILTER_ZSTD};
  struct archive *a = u->archive = archive_read_new();
  if (a == NULL)
    return status_fail(NO_MEMORY, "no memory to unpack %s", u->name);
  if (lseek(u->fd, 0, SEEK_SET) != 0)
    return status_fail(IO_FAILED, "%s cannot be read: %s", u->name, strerror(errno));
  if (zip)
    archive_read_support_format_zip_seekable(a);
  else {
    archive_read_support_format_empty(a);
    archive_read_support_format_raw(a);
    archive_read_support_filter_by_code(a, FILTER[u->kind]);
  }
  return archive_read_open_fd(a, u->fd, PIECE) == ARCHIVE_OK ? OK : broken(u, archive_error_string(a));
}

/* Refuses a zip archive that has not just one file: says what is in it. */
static status refuse_members(const unpacker *u, char *const *members, int n) {
  if (n == 0)
    return status_fail(BAD_DATA, "%s is a zip archive without any file in it", u->name);
  char list[512] = "";
  size_t used = 0;
  for (int i = 0; i < n && i < SHOWN && used < sizeof list; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", members[i]);
  return status_fail(BAD_DATA,
                     "%s is a zip archive of %d%s files (%s%s); unpack it with `unzip %s` and name the files to read, "
                     "or read one of them: unzip -p %s '%s' | palate ingest - …",
                     u->name, n, n == MEMBERS ? " or more" : "", list, n > SHOWN ? ", …" : "", u->name, u->name,
                     members[0]);
}

/* Looks at the archive's next file; false at the end of the archive, or with *st set. A name that cannot be shown in
 * the locale is only a warning of libarchive's. */
static bool next_entry(const unpacker *u, struct archive_entry **entry, status *st) {
  int code = archive_read_next_header(u->archive, entry);
  if (code < ARCHIVE_WARN)
    *st = broken(u, archive_error_string(u->archive));
  return code == ARCHIVE_OK || code == ARCHIVE_WARN;
}

/* Finds which kind of files the archive is; KIND_ZIP: it holds one file, its entry `at`. BAD_DATA for several. */
static status look_at_members(unpacker *u, file_kind *kind, int *at) {
  status st = OK;
  struct archive_entry *entry;
  char *members[MEMBERS] = {NULL};
  char head[4];
  int n = 0;
  *kind = KIND_ZIP;
  if (pread(u->fd, head, 4, 0) == 4 && memcmp(head, "PK\5\6", 4) == 0) /* its end at its beginning */
    TRY(refuse_members(u, members, 0));
  TRY(open_archive(u, true));
  for (int i = 0; n < MEMBERS && next_entry(u, &entry, &st); i++) {
    const char *path = archive_entry_pathname(entry);
    path = path != NULL ? path : archive_entry_pathname_utf8(entry);
    path = path != NULL ? path : "?";
    if (archive_entry_filetype(entry) == AE_IFDIR || is_extra(path))
      continue;
    if (archive_entry_is_data_encrypted(entry))
      TRY(status_fail(BAD_DATA, "%s: `%s` in it needs a password; unpack it first: unzip %s", u->name, path, u->name));
    TRY(MEM_ALLOC(members[n], (off)strlen(path) + 1, "names of an archive"));
    strcpy(members[n++], path);
    *at = i;
  }
  TRY(st);
  *kind = recognise_members((const char *const *)members, n);
  if (*kind == KIND_ZIP && n != 1)
    TRY(refuse_members(u, members, n));
done:
  for (int i = 0; i < n; i++)
    mem_free(members[i]);
  archive_read_free(u->archive);
  u->archive = NULL;
  return st;
}

/* Leaves the archive at the data of the one file in it. */
static status open_zip(unpacker *u) {
  status st = OK;
  struct archive_entry *entry;
  file_kind kind;
  int at = 0;
  TRY(look_at_members(u, &kind, &at));
  if (kind != KIND_ZIP)
    TRY(recognise_refuse(kind, u->name, NULL));
  TRY(open_archive(u, true));
  for (int i = 0; i <= at && next_entry(u, &entry, &st); i++) {
  }
done:
  return st;
}

static status open_packed(unpacker *u) {
  status st = OK;
  struct archive_entry *entry;
  TRY(open_archive(u, false));
  int code = archive_read_next_header(u->archive, &entry);
  u->ended = code == ARCHIVE_EOF; /* without content */
  if (code != ARCHIVE_OK && !u->ended)
    TRY(broken(u, archive_error_string(u->archive)));
done:
  return st;
}

/* libarchive ends where what follows the data of a bzip2 file is not bzip2: only NULs may. */
static status check_end(const unpacker *u) {
  char rest[4096];
  int64_t at = archive_filter_bytes(u->archive, -1);
  for (ssize_t n; u->kind == KIND_BZIP2 && (n = pread(u->fd, rest, sizeof rest, at)) > 0; at += n)
    for (ssize_t i = 0; i < n; i++)
      if (rest[i] != 0)
        return trailing(u);
  return OK;
}

static status read_archive(unpacker *u, char *to, size_t room, size_t *got) {
  status st = OK;
  while (*got < room && !u->ended) {
    la_ssize_t n = archive_read_data(u->archive, to + *got, room - *got);
    if (n < 0)
      TRY(broken(u, archive_error_string(u->archive)));
    *got += (size_t)n;
    u->ended = n == 0;
    if (u->ended)
      TRY(check_end(u));
  }
done:
  return st;
}

/* ---- both ---- */

status unpack_zip_kind(const char *name, const char *file, file_kind *kind) {
  int at;
  unpacker u = {.name = name, .kind = KIND_ZIP, .fd = open(file, O_RDONLY | O_CLOEXEC)};
  if (u.fd < 0)
    return status_fail(NO_INPUT, "cannot read %s: %s", name, strerror(errno));
  status st = look_at_members(&u, kind, &at);
  close(u.fd);
  return st;
}

status unpack_open(const char *name, const char *file, file_kind kind, unpacker **out) {
  status st = OK;
  unpacker *u = NULL;
  TRY(MEM_ZALLOC(u, 1, "unpacker"));
  *u = (unpacker){.name = name, .kind = kind, .fd = open(file, O_RDONLY | O_CLOEXEC)};
  if (u->fd < 0)
    TRY(status_fail(NO_INPUT, "cannot read %s: %s", name, strerror(errno)));
  if (kind == KIND_GZIP) {
    TRY(MEM_ALLOC(u->packed, PIECE, "packed bytes"));
    if (inflateInit2(&u->zlib, 15 + 16) != Z_OK)
      TRY(status_fail(NO_MEMORY, "no memory to unpack %s", name));
    u->inside = true;
  } else
    TRY(kind == KIND_ZIP ? open_zip(u) : open_packed(u));
done:
  if (st != OK) {
    unpack_close(u);
    u = NULL;
  }
  *out = u;
  return st;
}

status unpack_read(unpacker *u, char *to, size_t room, size_t *got) {
  *got = 0;
  return u->kind == KIND_GZIP ? read_gzip(u, to, room, got) : read_archive(u, to, room, got);
}

void unpack_close(unpacker *u) {
  if (u == NULL)
    return;
  if (u->kind == KIND_GZIP)
    inflateEnd(&u->zlib);
  archive_read_free(u->archive);
  if (u->fd >= 0)
    close(u->fd);
  mem_free(u->packed);
  mem_free(u);
}
