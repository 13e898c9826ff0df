/* palate info: shows what is inside a dataset or a snapshot. */
#include "io/snapshot/snapshot.h"
#include "jobs/commands/commands.h"
#include "jobs/show/info.h"

#include <stdlib.h>
#include <sys/stat.h>

static const option_use TAKES[] = {
    {.name = "groups", .flag_help = "list the taste groups of a snapshot: size, label, top titles"},
    {.name = "json"},
    {0}};

static status run(struct comm *c, const options *o) {
  (void)c;
  const char *path = options_argument(o, 0);
  char dir[SNAPSHOT_PATH_MAX];
  struct stat about;
  json_t *info = NULL;
  bool folder = stat(path, &about) != 0 || S_ISDIR(about.st_mode);
  status st;
  if (!folder && option_flag(o, "groups"))
    return status_fail(USAGE, "--groups is for snapshots, and %s is a file", path);
  if (folder) {
    st = snapshot_resolve(path, false, dir);
    if (st == OK)
      st = info_snapshot(dir, option_flag(o, "groups"), &info);
  } else
    st = info_dataset(path, &info);
  if (st != OK)
    return st;
  if (option_flag(o, "json")) {
    if (json_dumpf(info, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF)
      st = status_fail(IO_FAILED, "standard output cannot be written");
  } else if (folder)
    info_snapshot_show(info, stdout);
  else
    info_dataset_show(info, stdout);
  json_decref(info);
  return st;
}

const command CMD_INFO = {
    .name = "info",
    .arguments = "DATASET|SNAPSHOT",
    .summary = "show what is inside a dataset or a snapshot",
    .details = "Reads a dataset once, as a whole. If SNAPSHOT is a folder of snapshots, its published one is "
               "shown.\n\n"
               "  palate info movies.h5\n"
               "  palate info snapshots --groups\n"
               "  palate info snapshots --json | jq .metrics.model",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = false,
    .takes = TAKES,
    .run = run};
