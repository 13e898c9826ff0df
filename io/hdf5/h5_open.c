/* Opens and closes files. */
#include "io/hdf5/h5_private.h"

#include "io/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void h5_prepare(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
}

const char *h5_version(void) {
  return &H5_VERS_INFO[sizeof "HDF5 library version: " - 1];
}

status h5_open(const char *path, h5_file **out) {
  status st = OK;
  h5_file *f = NULL;
  hid_t access = H5I_INVALID_HID;
  *out = NULL;
  h5_prepare();
  TRY(MEM_ZALLOC(f, 1, "file"));
  f->id = H5I_INVALID_HID;
  f->fd = -1;
  TRY(MEM_ALLOC(f->path, (off)strlen(path) + 1, "path"));
  strcpy(f->path, path);
  /* O_NONBLOCK: do not hang if the path is a pipe. */
  f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat about;
  if (f->fd < 0 || fstat(f->fd, &about) != 0)
    TRY(status_fail(NO_INPUT, "cannot open %s: %s", path, strerror(errno)));
  if (!S_ISREG(about.st_mode))
    TRY(status_fail(NO_INPUT, "%s is not a regular file", path));
  f->size = about.st_size;
  access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_file_locking(access, false, true); /* files never change once written, and not every file system has locks */
  htri_t is_hdf5 = H5Fis_hdf5(path);
  if (is_hdf5 < 0)
    TRY(status_fail(IO_FAILED, "cannot read %s", path));
  if (is_hdf5 == 0)
    TRY(status_fail(BAD_DATA, "%s is not an HDF5 file", path));
  f->id = H5Fopen(path, H5F_ACC_RDONLY, access);
  if (f->id < 0)
    TRY(status_fail(IO_FAILED, "%s is damaged or truncated; restore it or create it again", path));
  bool summed;
  TRY(h5_walk(f, "/checksums", &summed));
  if (summed) {
    TRY(h5_attr_i64(f, "/checksums", "block_bytes", &f->block));
    if (f->block < 1 || f->block > 1 << 30)
      TRY(status_fail(BAD_DATA, "%s: /checksums has an impossible block_bytes, %lld", path, (long long)f->block));
  }
done:
  if (access >= 0)
    H5Pclose(access);
  if (st != OK) {
    h5_close(f);
    f = NULL;
  }
  *out = f;
  return st;
}

void h5_close(h5_file *f) {
  if (f == NULL)
    return;
  for (int i = 0; i < f->n_entries; i++) {
    H5Dclose(f->entries[i].dataset);
    mem_free(f->entries[i].path);
  }
  mem_free(f->entries);
  if (f->id >= 0)
    H5Fclose(f->id);
  if (f->map != NULL)
    munmap((void *)f->map, (size_t)f->size);
  if (f->fd >= 0)
    close(f->fd);
  mem_free(f->path);
  mem_free(f);
}

const char *h5_path(const h5_file *f) {
  return f->path;
}
