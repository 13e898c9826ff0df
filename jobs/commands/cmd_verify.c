/* palate verify: does a snapshot still hold what it was sealed with? */
#include "io/base/log.h"
#include "io/snapshot/seal.h"
#include "io/snapshot/snapshot.h"
#include "jobs/commands/commands.h"

#include <jansson.h>
#include <stdio.h>

static const option_use TAKES[] = {{.name = "json"}, {0}};

static void show(void *context, const char *name, const char *fault) {
  (void)context;
  char safe[1024];
  printf("%s: %s\n", text_printable(name, safe, sizeof safe), fault != NULL ? fault : "OK");
}

static void collect(void *files, const char *name, const char *fault) {
  char safe[1024];
  json_object_set_new(files, text_printable(name, safe, sizeof safe), json_string(fault != NULL ? fault : "OK"));
}

static status run(struct comm *c, const options *o) {
  (void)c;
  char dir[SNAPSHOT_PATH_MAX];
  const char *given = options_argument(o, 0);
  status st = snapshot_resolve(given, false, dir);
  /* Even without model.h5 a snapshot can be verified. */
  if (st != OK && seal_is_there(given)) {
    snprintf(dir, sizeof dir, "%s", given);
    st = OK;
  }
  if (st != OK)
    return st;
  if (!option_flag(o, "json"))
    return seal_verify(dir, show, NULL);
  json_t *files = json_object();
  st = seal_verify(dir, collect, files);
  char safe[SNAPSHOT_PATH_MAX];
  json_t *all = json_pack("{s:s, s:b, s:o}", "snapshot", text_printable(dir, safe, sizeof safe), "whole",
                          (int)(st == OK), "files", files);
  json_dumpf(all, stdout, JSON_INDENT(2));
  putchar('\n');
  json_decref(all);
  return st;
}

const command CMD_VERIFY = {.name = "verify",
                            .arguments = "SNAPSHOT",
                            .summary = "check that a snapshot has not changed since it was sealed",
                            .details =
                                "Finds every changed, missing or additional file; ends with status 74 if there is "
                                "one. `sha256sum -c SHA256SUMS` in the snapshot finds the first two.\n\n"
                                "  palate verify snapshots\n"
                                "  palate verify snapshots/20260131T020000Z-0a1b2c3d",
                            .min_arguments = 1,
                            .max_arguments = 1,
                            .mpi = false,
                            .takes = TAKES,
                            .run = run};
