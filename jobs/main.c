/* palate COMMAND …: finds the command, starts MPI if it needs it, and is the only place that ends the process. */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/base/version.h"
#include "io/ranks/comm_mpi.h"
#include "io/ranks/keep_mapped.h"
#include "io/ranks/pulse.h"
#include "jobs/cli/option_help.h"
#include "jobs/cli/option_parse.h"
#include "jobs/commands/commands.h"

#include <cblas.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In the order of the help. */
static const command *const COMMANDS[] = {
    &CMD_INGEST, &CMD_SYNTH,   &CMD_TRAIN,   &CMD_CLUSTER,  &CMD_EVALUATE, &CMD_RECOMMEND, &CMD_SIMILAR, &CMD_EXPORT,
    &CMD_INFO,   &CMD_REFRESH, &CMD_PUBLISH, &CMD_ROLLBACK, &CMD_VERIFY,   &CMD_PRUNE,     &CMD_PLAN,    &CMD_TUNE,
};
enum { N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS };

/* The rank a launcher gave this process, before MPI is started; NULL without a launcher. */
static const char *launched_as(void) {
  static const char *const NAMES[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK",   "PMI_RANK",          "SLURM_PROCID",
                                      "FLUX_TASK_RANK",       "ALPS_APP_PE", "JSM_NAMESPACE_RANK"};
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    if (getenv(NAMES[i]) != NULL)
      return getenv(NAMES[i]);
  return NULL;
}

/* Before MPI is started, so that a usage error is printed once. */
static int launcher_rank(void) {
  const char *rank = launched_as();
  return rank != NULL ? atoi(rank) : 0;
}

/* Open MPI looks for networks and starts a daemon for a process without peers too, which takes a third of a second.
 * Without the daemon all such processes would share one session directory, and the first that ends would take it from
 * under those that start; a process without peers needs none. */
static void expect_no_peers(void) {
  setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
  setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
  setenv("OMPI_MCA_pml", "ob1", 0);
  setenv("OMPI_MCA_btl", "self", 0);
}

static void usage(FILE *to) {
  fprintf(to,
          "palate %s: learns the taste of every member of a service from what they\n"
          "watched, played, bought or rated.\n\n"
          "Usage: palate COMMAND [OPTION...] [ARGUMENT...]\n\n",
          PALATE_VERSION);
  for (int i = 0; i < N_COMMANDS; i++)
    fprintf(to, "  %-10s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
  fprintf(to, "\n`palate COMMAND --help` shows its options with their defaults, and an example.\n");
}

static void complain(const char *name, status st) {
  char safe[2 * STATUS_MESSAGE_MAX];
  text_printable(status_message(), safe, sizeof safe);
  fprintf(stderr, "palate%s%s: %s: %s\n", name[0] != '\0' ? " " : "", name, status_name(st), safe);
}

/* --threads, else OMP_NUM_THREADS, else, if several ranks share the host, a rank's share of the cores. */
static status set_threads(comm *c, const options *o) {
  int64_t threads = 0;
  if (option_text(o, "threads") != NULL) {
    status st = option_count(o, "threads", 0, 4096, &threads);
    if (st != OK)
      return st;
  }
  if (threads == 0 && getenv("OMP_NUM_THREADS") == NULL && c->size > 1) {
    /* Bound ranks already see only their own cores. */
    int cores = omp_get_num_procs(), on_host = comm_ranks_on_host(c);
    threads = cores / on_host > 0 ? cores / on_host : 1;
  }
  if (threads > 0)
    omp_set_num_threads((int)threads);
  openblas_set_num_threads(1); /* OpenBLAS is called from our threads, never beside them */
  return OK;
}

/* The ranks wait for one that hangs, so no status can be agreed on: this process ends and the launcher ends the others.
 * What is on disk is whole at any moment, as after a kill. */
static void end_stalled(int rank, const char *host, const char *phase, double seconds) {
  char text[512], safe[2 * sizeof text];
  snprintf(text, sizeof text, "rank %d on %s has not responded for %.0f s (last seen: %s)", rank, host, seconds, phase);
  text_printable(text, safe, sizeof safe);
  fprintf(stderr,
          "palate: %s: %s; check that machine and its disks, and run the same command again to resume from the last "
          "checkpoint\n",
          status_name(STOPPED), safe);
  _exit(status_exit_code(STOPPED));
}

/* Watches the ranks if the command takes --stall-timeout. */
static status start_pulse(comm *c, const options *o) {
  const char *text = option_text(o, "stall-timeout");
  double seconds = 0;
  status st = OK;
  if (text != NULL && strcmp(text, "0") != 0)
    st = option_seconds(o, "stall-timeout", &seconds);
  st = comm_agree(c, st);
  return st == OK ? pulse_start(c, seconds, end_stalled) : st;
}

static int run(const command *cmd, int argc, char **argv) {
  options *o = NULL;
  bool help = false;
  int rank = launcher_rank();
  status st = options_parse(cmd, argc, argv, &o, &help);
  if (st != OK || help) {
    if (rank == 0 && help)
      option_help(cmd, stdout);
    else if (rank == 0)
      complain(cmd->name, st);
    options_free(o);
    /* The others end with 0: mpirun kills all ranks when the first one fails, and rank 0 has a message to write. */
    return help || rank != 0 ? 0 : status_exit_code(st);
  }
  comm c = comm_single();
  bool mpi = cmd->mpi_if != NULL ? cmd->mpi_if(o) : cmd->mpi;
  if (mpi) {
    int provided;
    if (launched_as() == NULL)
      expect_no_peers();
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    c = comm_world();
  }
  log_start(c.rank, option_flag(o, "verbose") ? LOG_DEBUG : option_flag(o, "quiet") ? LOG_QUIET : LOG_NORMAL);
  st = comm_find_hosts(&c);
  if (st == OK)
    st = comm_agree(&c, set_threads(&c, o));
  if (st == OK)
    st = start_pulse(&c, o);
  if (st == OK)
    st = cmd->run(&c, o);
  st = comm_agree(&c, st);
  if (st == OK && c.rank == 0 && (fflush(stdout) != 0 || ferror(stdout)))
    st = status_fail(IO_FAILED, "standard output cannot be written");
  if (st != OK && c.rank == 0)
    complain(cmd->name, st);
  options_free(o);
  if (mpi) {
    keep_mapped();
    MPI_Finalize();
  }
  pulse_stop(&c);
  comm_free(&c);
  return status_exit_code(st);
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
    if (launcher_rank() == 0)
      usage(stdout);
    return 0;
  }
  if (strcmp(name, "--version") == 0) {
    if (launcher_rank() == 0)
      printf("palate %s\n", PALATE_VERSION);
    return 0;
  }
  for (int i = 0; i < N_COMMANDS; i++)
    if (strcmp(COMMANDS[i]->name, name) == 0)
      return run(COMMANDS[i], argc - 1, argv + 1);
  if (launcher_rank() == 0) {
    if (name[0] == '\0')
      usage(stderr);
    else {
      status st = status_fail(USAGE, "`%s` is not a command; `palate --help` lists them", name);
      complain("", st);
    }
  }
  return launcher_rank() == 0 ? status_exit_code(USAGE) : 0; /* as in run() */
}
