#include "io/ranks/run_clock.h"

#include "io/base/log.h"
#include "io/ranks/stop.h"

void run_clock_phase(run_clock *clock) {
  clock->longest = 0;
}

run_clock_choice run_clock_step(comm *c, run_clock *clock, int step, double seconds) {
  double now = seconds_now();
  clock->advanced = true;
  if (seconds > clock->longest)
    clock->longest = seconds;
  /* Another step and its checkpoint must fit before the limit. */
  bool late = clock->limit > 0 && now - clock->started + 1.5 * clock->longest > clock->limit;
  if (stop_agreed(c, late))
    return CLOCK_STOP;
  if (clock->every_steps > 0)
    return step % clock->every_steps == 0 ? CLOCK_CHECKPOINT : CLOCK_CONTINUE;
  if (clock->every_seconds == 0)
    return CLOCK_CONTINUE;
  /* Clocks differ between ranks: rank 0 decides. */
  int64_t due = now - clock->last >= clock->every_seconds, sent = c->bytes_sent;
  comm_broadcast(c, &due, sizeof due, 0);
  c->bytes_sent = sent;
  if (due)
    clock->last = now;
  return due ? CLOCK_CHECKPOINT : CLOCK_CONTINUE;
}

bool run_clock_is_late(comm *c, const run_clock *clock) {
  return stop_agreed(c, clock->limit > 0 && clock->advanced && seconds_now() - clock->started > clock->limit);
}

status run_clock_stopped(const char *when, const char *dir) {
  if (dir == NULL)
    return status_fail(STOPPED, "%s; nothing was kept: submit the same command again to start over", when);
  return status_fail(STOPPED, "%s; submit the same command again to resume (%s)", when, dir);
}
