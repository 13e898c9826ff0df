#include "io/ranks/stop.h"

#include "io/base/log.h"

#include <signal.h>
#include <string.h>

/* Signals are sent to the process, so these are global. */
static volatile sig_atomic_t asked;
static double since;

static void remember(int signal) {
  (void)signal;
  asked = 1;
}

void stop_install(void) {
  struct sigaction action;
  since = seconds_now();
  memset(&action, 0, sizeof action);
  action.sa_handler = remember;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

double stop_since(void) {
  return since > 0 ? since : seconds_now();
}

bool stop_agreed(comm *c, bool mine) {
  int64_t any = mine || asked, sent = c->bytes_sent;
  comm_max_i64(c, &any, 1);
  c->bytes_sent = sent;
  return any != 0;
}
