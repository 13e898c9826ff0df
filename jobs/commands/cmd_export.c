/* palate export: a model for other tools. */
#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/snapshot/resolve.h"
#include "jobs/cli/words.h"
#include "jobs/commands/commands.h"
#include "jobs/show/export.h"

#include <stdio.h>
#include <string.h>

static const option_use TAKES[] = {
    {.name = "format", .fallback = "npy", .arg = EXPORT_FORMAT_WORDS, .help = "format of the files"},
    {.name = "output", .fallback = "export", .help = "folder to write into; made if it is missing"},
    {.name = "threads"},
    {0}};

static status run(struct comm *c, const options *o) {
  (void)c;
  status st = OK;
  int format;
  model *m = NULL;
  char dir[SNAPSHOT_PATH_MAX];
  const char *to = option_text(o, "output");
  static status (*const make[])(model *, const char *) = {export_npy, export_csv, export_ann};
  TRY(option_choice(o, "format", EXPORT_FORMAT_WORDS, &format));
  TRY(snapshot_resolve(options_argument(o, 0), false, dir));
  TRY(model_open(dir, &m));
  TRY(disk_make_folder(to));
  TRY(make[format](m, to));
  printf("%s\n", to);
done:
  model_close(m);
  return st;
}

const command CMD_EXPORT = {.name = "export",
                            .arguments = "SNAPSHOT",
                            .summary = "write factors, ids and titles for other tools",
                            .details = "npy: NumPy arrays that numpy.load can map. csv: a table of users and one of "
                                       "items. ann-benchmarks: items, users and "
                                       "the exact 100 best items of up to 10,000 users, in HDF5.\n\n"
                                       "  palate export snapshots --format npy -o arrays\n"
                                       "  palate export snapshots --format csv -o tables\n"
                                       "  palate export snapshots --format ann-benchmarks -o ann",
                            .min_arguments = 1,
                            .max_arguments = 1,
                            .mpi = false,
                            .takes = TAKES,
                            .run = run};
