#include "jobs/steps/advice.h"

#include "io/base/log.h"

#include <math.h>
#include <stdio.h>

/* Beyond that much more weight on all that was not observed than on what was, models collapse; at the usual ratio they
 * are near their best on most data. */
static const double MOST_RATIO = 30, USUAL_RATIO = 10;
/* Members with fewer events want a stronger pull than the default. */
static const double FEW_EVENTS = 15, STRONG_LAMBDA = 0.05;

int advice_over_popular(const evaluation *e) {
  metric by = metric_deciding(e->explicit_loss);
  const figure *d = scores_figure(&e->over_popular, by, 0);
  int sign = d->low > 0 ? 1 : d->high < 0 ? -1 : 0;
  return metric_less_is_better(by) ? -sign : sign;
}

/* Items in anyone's list of the first length. */
static double items_shown(const evaluation *e, const scores *s) {
  return s->coverage * (double)e->n_items;
}

bool advice_collapsed(const evaluation *e) {
  double shown = items_shown(e, &e->model[0]), length = e->at[0];
  double places = fmin((double)e->n_items, (double)e->users * length);
  return places >= 5 * length && shown < items_shown(e, &e->popular) - 0.5 &&
         shown < fmax(2 * length, places / 20) + 0.5;
}

/* How much more all unobserved pairs weigh than the observed ones. */
static double unobserved_ratio(const measured *m) {
  return m->pairs > 0 ? m->unobserved_weight * (double)m->users * (double)m->figures.n_items / (double)m->pairs : 0;
}

/* The setting to try first. */
static void what_to_try(const measured *m, char *out, size_t size) {
  double ratio = unobserved_ratio(m), events = m->users > 0 ? (double)m->pairs / (double)m->users : 0;
  if (m->figures.explicit_loss)
    snprintf(out, size, "a larger --lambda (now %g) or fewer --factors", m->lambda);
  else if (ratio > MOST_RATIO)
    snprintf(out, size,
             "--unobserved-weight %.2g: at %g, what was not observed weighs %.0f times what was (%.0f suits "
             "most data)",
             m->unobserved_weight * USUAL_RATIO / ratio, m->unobserved_weight, ratio, USUAL_RATIO);
  else if (events < FEW_EVENTS && m->lambda < STRONG_LAMBDA)
    snprintf(out, size, "--lambda %g (now %g): members have only %.1f events each", STRONG_LAMBDA, m->lambda, events);
  else if (m->lambda > STRONG_LAMBDA)
    snprintf(out, size, "a smaller --lambda (now %g)", m->lambda);
  else
    snprintf(out, size, "another --lambda (now %g) and --unobserved-weight (now %g)", m->lambda, m->unobserved_weight);
}

void advice_tell(const measured *m) {
  const evaluation *e = &m->figures;
  char setting[256], name[METRIC_LABEL_MAX];
  metric by = metric_deciding(e->explicit_loss);
  what_to_try(m, setting, sizeof setting);
  if (advice_collapsed(e))
    log_warn(
        "the model has collapsed: its lists show %.0f of %lld items to all %lld members (most popular shows %.0f); "
        "try %s",
        items_shown(e, &e->model[0]), (long long)e->n_items, (long long)e->users, items_shown(e, &e->popular), setting);
  int over = advice_over_popular(e);
  if (over > 0)
    return;
  const figure *d = scores_figure(&e->over_popular, by, 0);
  log_warn("the model is %s than most popular: %s %.4f and %.4f, the difference lies between %.4f and %.4f; try %s; "
           "`palate tune` searches settings",
           over < 0 ? "worse" : "not shown to be better", metric_label(by, e->at[0], name),
           scores_figure(&e->model[0], by, 0)->value, scores_figure(&e->popular, by, 0)->value, d->low, d->high,
           setting);
}
