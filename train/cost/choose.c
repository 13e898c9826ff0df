#include "train/cost/choose.h"

#include <math.h>

static const way_load *load_of(const choose_terms *t, exchange_mode mode) {
  return &t->way[mode - EXCHANGE_REPLICATE];
}

static double row_bytes(const choose_terms *t) {
  return (double)sizeof(real) * t->factors;
}

double choose_seconds(const choose_terms *t, const machine *m, exchange_mode mode) {
  const way_load *w = load_of(t, mode);
  double row = row_bytes(t), hosts = t->hosts, sums = 0;
  double solving = w->flops / (machine_core_flops(m, t->factors) * m->threads);
  double moving = w->local * row / m->local + w->between * row / m->link;
  if (mode == EXCHANGE_REDUCE)
    sums = t->heavy * t->sum_bytes * ((t->ranks > t->hosts ? 1 / m->local : 0) + (hosts - 1) / hosts / m->link);
  return fmax(solving, moving) + sums;
}

static double bytes_of(const choose_terms *t, exchange_mode mode) {
  double sums = mode == EXCHANGE_REDUCE ? t->heavy * (t->ranks - 1) * t->sum_bytes : 0;
  return load_of(t, mode)->rows * row_bytes(t) + sums;
}

exchange_mode choose_way(const choose_terms *t, const machine *m) {
  static const exchange_mode ORDER[CHOOSE_WAYS] = {EXCHANGE_REDUCE, EXCHANGE_HALO, EXCHANGE_REPLICATE};
  double least = HUGE_VAL;
  exchange_mode quickest = EXCHANGE_HALO, best = EXCHANGE_AUTO;
  if (t->ranks == 1)
    return EXCHANGE_REPLICATE; /* nothing to exchange */
  for (int i = 0; i < CHOOSE_WAYS; i++)
    if (load_of(t, ORDER[i])->possible && choose_seconds(t, m, ORDER[i]) < least) {
      quickest = ORDER[i];
      least = choose_seconds(t, m, quickest);
    }
  for (int i = 0; i < CHOOSE_WAYS; i++) {
    exchange_mode mode = ORDER[i];
    if (!load_of(t, mode)->possible || choose_seconds(t, m, mode) > 1.01 * least)
      continue;
    if (best == EXCHANGE_AUTO ||
        (mode == EXCHANGE_REPLICATE ? 3 * bytes_of(t, best) > 2 * bytes_of(t, mode) && best != EXCHANGE_REDUCE
                                    : bytes_of(t, mode) <= bytes_of(t, best)))
      best = mode;
  }
  return best == EXCHANGE_AUTO ? quickest : best;
}
