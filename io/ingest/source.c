#include "io/ingest/source.h"

#include "io/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = 1 << 18 };

static status cannot_read(const char *path) {
  return status_fail(NO_INPUT, "cannot read %s: %s", path, strerror(errno));
}

static status look(const char *path, source_facts *out) {
  struct stat facts;
  *out = (source_facts){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* do not wait for the writer of a pipe */
  if (fd < 0)
    return cannot_read(path);
  status st = OK;
  unsigned char magic[2];
  if (fstat(fd, &facts) != 0)
    st = cannot_read(path);
  else if (!S_ISREG(facts.st_mode))
    st = status_fail(NO_INPUT,
                     "%s is not a regular file; palate reads several places of a file at once, so save a stream to a "
                     "file first",
                     path);
  else {
    ssize_t n = pread(fd, magic, 2, 0);
    out->bytes = facts.st_size;
    out->gzip = n == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    if (n < 0)
      st = cannot_read(path);
  }
  close(fd);
  return st;
}

status source_head(const char *path, source_facts *facts, char *head, size_t room, size_t *n) {
  source s = {.fd = -1};
  *n = 0;
  status st = look(path, facts);
  THEN(source_open(path, facts->gzip, 0, &s));
  THEN(source_read(&s, head, room, n));
  source_close(&s);
  return st;
}

status source_look(const char *path, off *bytes) {
  source_facts facts;
  status st = look(path, &facts);
  *bytes = facts.bytes;
  return st;
}

status source_open(const char *path, bool gzip, off from, source *out) {
  *out = (source){.path = path, .fd = -1};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return cannot_read(path);
  if (!gzip) {
    out->fd = fd;
    out->at = from;
    return OK;
  }
  gzFile gz = gzdopen(fd, "rb");
  if (gz == NULL) {
    close(fd);
    return status_fail(NO_MEMORY, "no memory to unpack %s", path);
  }
  gzbuffer(gz, PIECE);
  out->gz = gz;
  if (from > 0 && gzseek(gz, (z_off_t)from, SEEK_SET) != (z_off_t)from) {
    source_close(out);
    return status_fail(IO_FAILED, "%s: the gzip stream is broken", path);
  }
  return OK;
}

void source_close(source *s) {
  if (s->gz != NULL)
    gzclose_r(s->gz);
  else if (s->fd >= 0)
    close(s->fd);
  s->gz = NULL;
  s->fd = -1;
}

static status read_gzip(source *s, char *to, size_t room, size_t *got) {
  while (*got < room) {
    size_t want = room - *got < (1u << 30) ? room - *got : 1u << 30;
    int n = gzread(s->gz, to + *got, (unsigned)want), code = Z_OK;
    const char *text = n <= 0 ? gzerror(s->gz, &code) : "";
    if (n < 0 || (code != Z_OK && code != Z_STREAM_END))
      return status_fail(IO_FAILED, "%s: the gzip stream is broken or cut short (%s); fetch the file again", s->path,
                         code == Z_ERRNO ? strerror(errno) : text);
    if (n == 0)
      break;
    *got += (size_t)n;
  }
  return OK;
}

status source_read(void *context, char *to, size_t room, size_t *got) {
  source *s = context;
  status st = OK;
  *got = 0;
  if (s->gz != NULL)
    st = read_gzip(s, to, room, got);
  else
    while (*got < room) {
      ssize_t n = pread(s->fd, to + *got, room - *got, (off_t)(s->at + (off)*got));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return status_fail(IO_FAILED, "%s cannot be read: %s", s->path, strerror(errno));
      if (n == 0)
        break;
      *got += (size_t)n;
    }
  s->at += (off)*got;
  if (s->shown != NULL)
    progress_step(s->shown, s->shown_before + s->at, "%s", "");
  return st;
}

status source_sha256(const char *path, unsigned char sum[32]) {
  status st = OK;
  source s = {.fd = -1};
  char *buffer = NULL;
  EVP_MD_CTX *sha = EVP_MD_CTX_new();
  if (sha == NULL || EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1)
    TRY(status_fail(INTERNAL, "the OpenSSL library has no SHA-256"));
  TRY(source_open(path, false, 0, &s));
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
