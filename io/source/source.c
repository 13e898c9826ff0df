#include "io/source/source.h"

#include "io/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 18 };

static status cannot_read(const char *name) {
  return status_fail(NO_INPUT, "cannot read %s: %s", name, strerror(errno));
}

status source_head(const char *name, const char *file, source_facts *facts, char *head, size_t room, size_t *n) {
  source s = {.fd = -1};
  struct stat about;
  *facts = (source_facts){0};
  *n = 0;
  if (stat(file, &about) != 0)
    return cannot_read(name);
  if (!S_ISREG(about.st_mode))
    return status_fail(NO_INPUT, "%s is not a regular file%s", name,
                       S_ISDIR(about.st_mode) ? "; it is a folder: name the files in it" : "");
  facts->bytes = about.st_size;
  status st = source_open(name, file, KIND_TEXT, 0, &s);
  THEN(source_read(&s, head, room, n));
  source_close(&s);
  file_kind packed = recognise(head, *n);
  facts->kind = packed;
  if (packed == KIND_ZIP)
    THEN(unpack_zip_kind(name, file, &facts->kind));
  if (st != OK || !unpack_knows(facts->kind)) {
    *n = packed == facts->kind ? *n : 0;
    return st;
  }
  facts->packed = packed;
  THEN(source_open(name, file, packed, 0, &s));
  THEN(source_read(&s, head, room, n));
  source_close(&s);
  facts->kind = recognise(head, *n);
  return st;
}

status source_refuse(const char *name, const source_facts *facts, bool hdf5) {
  bool packed = facts->packed != KIND_TEXT;
  if (facts->kind == KIND_TEXT || (facts->kind == KIND_HDF5 && hdf5 && !packed))
    return OK;
  return recognise_refuse(facts->kind, name, packed ? unpack_word(facts->packed) : NULL);
}

static status open_packed(const char *name, const char *file, file_kind packed, off from, source *out) {
  status st = OK;
  char *dropped = NULL;
  TRY(unpack_open(name, file, packed, &out->packed));
  if (from > 0)
    TRY(mem_alloc(&dropped, PIECE, 1, "unpacked bytes"));
  for (size_t got = 0; from > 0; from -= (off)got) {
    TRY(unpack_read(out->packed, dropped, (size_t)(from < PIECE ? from : PIECE), &got));
    if (got == 0)
      TRY(status_fail(IO_FAILED, "%s became shorter while it was read", name));
  }
done:
  mem_free(dropped);
  if (st != OK)
    source_close(out);
  return st;
}

status source_open(const char *name, const char *file, file_kind packed, off from, source *out) {
  *out = (source){.name = name, .fd = -1};
  if (packed != KIND_TEXT)
    return open_packed(name, file, packed, from, out);
  out->fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* do not wait for the writer of a pipe */
  out->at = from;
  return out->fd < 0 ? cannot_read(name) : OK;
}

void source_close(source *s) {
  unpack_close(s->packed);
  if (s->fd >= 0)
    close(s->fd);
  s->packed = NULL;
  s->fd = -1;
}

status source_read(void *context, char *to, size_t room, size_t *got) {
  source *s = context;
  status st = OK;
  *got = 0;
  if (s->packed != NULL)
    st = unpack_read(s->packed, to, room, got);
  else
    while (*got < room) {
      ssize_t n = pread(s->fd, to + *got, room - *got, (off_t)(s->at + (off)*got));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return status_fail(IO_FAILED, "%s cannot be read: %s", s->name, strerror(errno));
      if (n == 0)
        break;
      *got += (size_t)n;
    }
  s->at += (off)*got;
  if (s->shown != NULL)
    progress_step(s->shown, s->shown_before + s->at, "%s", "");
  return st;
}

status source_sha256(const char *name, const char *file, unsigned char sum[32]) {
  status st = OK;
  source s = {.fd = -1};
  char *buffer = NULL;
  EVP_MD_CTX *sha = EVP_MD_CTX_new();
  if (sha == NULL || EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1)
    TRY(status_fail(INTERNAL, "the OpenSSL library has no SHA-256"));
  TRY(source_open(name, file, KIND_TEXT, 0, &s));
  TRY(mem_alloc(&buffer, PIECE, 1, "hash buffer"));
  for (size_t got = PIECE; got == PIECE;) {
    TRY(source_read(&s, buffer, PIECE, &got));
    EVP_DigestUpdate(sha, buffer, got);
  }
  EVP_DigestFinal_ex(sha, sum, NULL);
done:
  mem_free(buffer);
  source_close(&s);
  EVP_MD_CTX_free(sha);
  return st;
}
