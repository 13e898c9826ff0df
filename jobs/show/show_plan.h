/* What `palate plan` prints. */
#ifndef PALATE_JOBS_SHOW_SHOW_PLAN_H
#define PALATE_JOBS_SHOW_SHOW_PLAN_H

#include "train/plan/plan.h"
#include "train/plan/plan_model.h"

enum { PLAN_WAYS = 3 };

/* A layout of ranks on nodes. */
typedef struct layout_choice {
  int nodes, ranks_per_node;
  double seconds; /* a sweep */
  plan_result result;
  bool fits; /* false: no layout has the memory */
} layout_choice;

typedef struct plan_answer {
  machine machine;
  plan_laws laws; /* if not counted */
  bool counted;   /* on a dataset */
  plan_layout layout;
  plan_result result[PLAN_WAYS]; /* for each way of users' rows */
  int chosen;                    /* the way that training takes */
  layout_choice cheapest;        /* on nodes with node_cores */
  int64_t node_cores, sweeps;
} plan_answer;

/* A table of the ways, and #SBATCH lines for the cheapest layout. Local. */
void show_plan(const plan_answer *answer);

/* The same as JSON. NO_MEMORY, or IO_FAILED if standard output cannot be written. Local. */
status show_plan_json(const plan_answer *answer);

#endif
