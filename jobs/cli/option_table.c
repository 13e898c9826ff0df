#include "jobs/cli/option_table.h"

#include "jobs/cli/words.h"

#include <string.h>

/* Of `changes`:
 * - heavy-rows chooses in which order long rows are summed; memory, threads and exchange change no bit.
 * - sweeps and objective-every only say when training ends and may differ in a resumed run. tolerance may not: the
 *   resumed run must end where the first one would have.
 * - quality changes no group, but the step that makes groups writes its figures.
 * - data and parent choose what groups are named by and where they start. */
/* clang-format off */
static const option_spec TABLE[] = {
    /* everywhere */
    {"config", "FILE", NULL, CHANGES_NOTHING, "read options from FILE, one `name = value` a line; the command line wins", 0},
    {"quiet", NULL, NULL, CHANGES_NOTHING, "say nothing but warnings and the result", 'q'},
    {"verbose", NULL, NULL, CHANGES_NOTHING, "say more, from every rank", 'v'},
    {"threads", "T", "0", CHANGES_NOTHING, "OpenMP threads per rank; 0 takes OMP_NUM_THREADS, else this rank's share of the cores", 0},
    {"json", NULL, NULL, CHANGES_NOTHING, "print the result as JSON", 0},
    {"output", "PATH", NULL, CHANGES_NOTHING, "where the result goes", 'o'},
    {"seed", "S", "1", CHANGES_MODEL, "seed of everything random", 0},
    {"memory", "SIZE", NULL, CHANGES_NOTHING, "most memory a rank may take for what it can bound (4G, 512M)", 0},
    /* ingest */
    {"format", "FORMAT", "auto", CHANGES_DATA, "ingest: auto, csv, movielens, udata, counts, lists, netflix, mtx or h5; export: npy, csv or ann-benchmarks", 0},
    {"separator", "TEXT", NULL, CHANGES_DATA, "what parts columns: `,`, tab, `;`, `|`, `::`, blank (runs of blanks and tabs), … (default: by the text)", 0},
    {"header", AUTO_YES_NO_WORDS, "auto", CHANGES_DATA, "whether the first line names the columns", 0},
    {"quoting", AUTO_YES_NO_WORDS, "auto", CHANGES_DATA, "whether fields may be in double quotes (auto: with commas and semicolons)", 0},
    {"user-column", "COLUMN", NULL, CHANGES_DATA, "name, or number from 1, of the column of users", 0},
    {"item-column", "COLUMN", NULL, CHANGES_DATA, "name or number of the column of items", 0},
    {"value-column", "COLUMN", NULL, CHANGES_DATA, "name or number of the column of ratings, counts, …; none: every event counts 1", 0},
    {"time-column", "COLUMN", NULL, CHANGES_DATA, "name or number of the column of times; none: leave them out", 0},
    {"time-unit", TIME_UNIT_WORDS, "auto", CHANGES_DATA, "of numbers in the time column; auto goes by their size", 0},
    {"group", "PATH", NULL, CHANGES_DATA, "of HDF5 sources: the group with data, indices and indptr (default: the one there is)", 0},
    {"rows", MATRIX_ROWS_WORDS, "auto", CHANGES_DATA, "of HDF5 sources: what the rows of the matrix are", 0},
    {"item-id-column", "COLUMN", NULL, CHANGES_DATA, "of --items: name or number of the column of ids", 0},
    {"title-column", "COLUMN", NULL, CHANGES_DATA, "of --items: name or number of the column of titles, or none", 0},
    {"tags-column", "COLUMN", NULL, CHANGES_DATA, "of --items: name or number of the column of tags (`a|b|c`), or none", 0},
    {"append", "BASE", NULL, CHANGES_DATA, "begin with the events of this dataset; its users and items keep their rows", 0},
    {"max-bad-lines", "N", "0", CHANGES_DATA, "refuse up to N bad lines instead of stopping at the first", 0},
    /* the model */
    {"loss", LOSS_WORDS, "implicit", CHANGES_MODEL, "explicit: predict ratings; implicit: rank by what was consumed", 0},
    {"factors", "K", "64", CHANGES_MODEL, "factors a member and an item have", 0},
    {"lambda", "L", "0.01", CHANGES_MODEL, "regularization", 0},
    {"reg-exponent", "NU", "1", CHANGES_MODEL, "regularization grows with the number of interactions to this power", 0},
    {"confidence", CONFIDENCE_WORDS, "ials", CHANGES_MODEL, "implicit: how a value weighs", 0},
    {"alpha", "A", "1", CHANGES_MODEL, "implicit: scale of values in linear, raw and log", 0},
    {"epsilon", "E", "1", CHANGES_MODEL, "implicit: value scale inside the logarithm of --confidence log", 0},
    {"unobserved-weight", "A0", "0.1", CHANGES_MODEL, "implicit, ials: weight of every pair that was not observed", 0},
    {"weights", WEIGHTS_WORDS, "one", CHANGES_MODEL, "implicit, ials: whether an observed pair weighs 1 or its value", 0},
    {"duplicates", DUPLICATES_WORDS, NULL, CHANGES_MODEL, "how repeated events of a pair merge (default: last for explicit, sum for implicit)", 0},
    {"sweeps", "N", "15", CHANGES_END, "most sweeps; one solves all users, then all items", 0},
    {"tolerance", "T", "0", CHANGES_MODEL, "stop when the objective falls by less than this share in a sweep", 0},
    {"objective-every", "N", "1", CHANGES_END, "sweeps from one objective to the next", 0},
    {"solver", SOLVER_WORDS, "auto", CHANGES_MODEL, "how a row's system is solved", 0},
    {"holdout", "RULE", "none", CHANGES_MODEL, "none, random:F, last:N, before:TIME or users:F; validation:RULE leaves out what RULE holds out and holds out as much again", 0},
    {"test", "DATASET", NULL, CHANGES_MODEL, "hold out the pairs of this dataset instead", 0},
    {"nonnegative", NULL, NULL, CHANGES_MODEL, "factors that are never negative, for reading them one by one", 0},
    {"exchange", EXCHANGE_WORDS, "auto", CHANGES_NOTHING, "how factor rows travel between ranks", 0},
    {"heavy-rows", "N", "0", CHANGES_MODEL, "interactions from which a row is summed in parts, by threads and ranks; 0: by size", 0},
    /* the plan */
    {"ranks", "P", "2", CHANGES_NOTHING, "ranks to plan for", 0},
    {"link", "GB/S", "1.25", CHANGES_NOTHING, "what a node can send to others, in 10^9 bytes a second (10 Gbit/s is 1.25)", 0},
    {"local-link", "GB/S", "4", CHANGES_NOTHING, "what a rank can give to others on its node, in 10^9 bytes a second", 0},
    {"ranks-per-node", "N", "1", CHANGES_NOTHING, "ranks that share a node, neighbours; they send a row once to another node", 0},
    {"core-flops", "GFLOP/S", "120", CHANGES_NOTHING, "what a core does in the solver with very many factors, in 10^9 flop a second", 0},
    {"half-speed", "K", "64", CHANGES_NOTHING, "factors with which a core does half of --core-flops", 0},
    {"latency", "US", "2", CHANGES_NOTHING, "what the first byte takes from one rank to another, in 10^-6 seconds", 0},
    {"node-cores", "N", "32", CHANGES_NOTHING, "cores of a node, for the cheapest layout", 0},
    {"node-memory", "SIZE", "128G", CHANGES_NOTHING, "memory of a node, for the cheapest layout", 0},
    {"popularity", "S", "1.5", CHANGES_NOTHING, "without data: an item's popularity falls as (rank + q)^-S", 0},
    {"head-share", "Q", "0.0055", CHANGES_NOTHING, "without data: q as a share of the items", 0},
    {"activity", "SIGMA", "1.2", CHANGES_NOTHING, "without data: sigma of the log-normal activity", 0},
    /* planted data */
    {"users", "N|FILE", NULL, CHANGES_DATA, "ingest: a table with names of the users; else how many users", 0},
    {"items", "N|FILE", NULL, CHANGES_DATA, "ingest: a table with titles and tags of the items; else how many items", 0},
    {"events", "N", "1000000", CHANGES_DATA, "events, shared out by log-normal activity", 0},
    {"spread", "S", "0.2", CHANGES_DATA, "how far members stray from their group, in each planted factor", 0},
    {"noise", "S", "0.5", CHANGES_DATA, "explicit: standard deviation of a rating around the planted one", 0},
    /* stopping and going on */
    {"warm-start", "auto|never|SNAPSHOT", "never", CHANGES_MODEL, "start from the factors of a snapshot, by id; auto: the published one", 0},
    {"resume", "auto|never|PATH", "auto", CHANGES_NOTHING, "go on with what an earlier run with the same data and options left; PATH names it", 0},
    {"checkpoint-every", "STEPS|TIME", "10m", CHANGES_NOTHING, "write a checkpoint after so many steps (3), which are sweeps, rounds of grouping and batches of measuring, or so much time (90s, 10m, 2h); 0: only when stopped", 0},
    {"time-limit", "TIME", NULL, CHANGES_NOTHING, "stop with a checkpoint, and status 75, before so much time is over (90s, 10m, 2h)", 0},
    {"stall-timeout", "TIME", "10m", CHANGES_NOTHING, "give up, with status 75, when a rank hangs for so much time (90s, 10m, 2h); 0: never", 0},
    /* tuning */
    {"grid", "FILE", NULL, CHANGES_NOTHING, "the settings to try, one option a line: `lambda = 0.003, 0.01, 0.03`", 0},
    {"tries", "N", NULL, CHANGES_NOTHING, "try N settings of the grid, drawn at random (default: all of them)", 0},
    {"by", "METRIC", "auto", CHANGES_NOTHING, "what is best: recall, recall_test, precision, hit_rate, ndcg, map or mrr at the first length of --at, rmse or mae; auto: rmse of ratings, else ndcg", 0},
    /* publishing */
    {"keep", "N", "7", CHANGES_NOTHING, "how many sealed snapshots to keep", 0},
    {"metrics-file", "FILE", NULL, CHANGES_NOTHING, "write what a dashboard wants to know as a Prometheus textfile", 0},
    {"gate", ON_OFF_WORDS, "on", CHANGES_NOTHING, "off: publish without comparing with the published model", 0},
    {"gate-tolerance", "SHARE", "0.01", CHANGES_NOTHING, "gate: how much worse than the published model the new one may be, as a share", 0},
    {"gate-coverage", "SHARE", "0.01", CHANGES_NOTHING, "gate: least share of the items that someone is recommended, of those that can be", 0},
    {"gate-served", "SHARE", "0.5", CHANGES_NOTHING, "gate: least share of the members with a taste of their own (factors that are not zero)", 0},
    {"gate-jump", "FACTOR", "2", CHANGES_NOTHING, "gate: most that members, items or pairs may have grown or shrunk since the published model", 0},
    /* groups */
    {"groups", "G", "auto", CHANGES_GROUPS, "number of taste groups; auto, or auto:LOW..HIGH, chooses one", 0},
    {"memberships", "M", "4", CHANGES_GROUPS, "groups a member belongs to, nearest first", 0},
    {"rounds", "N", "25", CHANGES_GROUPS, "most k-means rounds", 0},
    {"side", SIDE_WORDS, "users", CHANGES_GROUPS, "whom to group", 0},
    {"metric", DISTANCE_WORDS, "cosine", CHANGES_GROUPS, "distance between factors; cosine looks at their direction alone: at what is liked, not at how much there was of it", 0},
    {"round-tolerance", "auto|T", "auto", CHANGES_GROUPS, "stop when the inertia falls by less than this share in a round; auto: 0.001 where groups go on from a parent's, so that few people move for little, else 0", 0},
    {"restarts", "auto|N", "auto", CHANGES_GROUPS, "k-means runs from other seeds, of which the least inertia counts; auto: 8 where a round is quick, 1 where it is not", 0},
    {"quality", NULL, NULL, CHANGES_GROUPS, "judge the groups: sizes, silhouette, stability, and whether they help to predict", 0},
    {"parent", "SNAPSHOT", NULL, CHANGES_GROUPS, "go on from this snapshot's groups: the same people keep their group's number and name", 0},
    /* ranking */
    {"top", "N", "10", CHANGES_NOTHING, "how many to list", 0},
    {"at", "N,N,...", "10,20,50,100", CHANGES_FIGURES, "list lengths at which ranking is measured", 0},
    {"user", "ID", NULL, CHANGES_NOTHING, "a member's id", 0},
    {"item", "ID", NULL, CHANGES_NOTHING, "an item's id or title", 0},
    {"likes", "ID,ID,...", NULL, CHANGES_NOTHING, "items a newcomer named as favourites, by id or title", 0},
    {"data", "DATASET", NULL, CHANGES_GROUPS, "the dataset the model was trained on, or what members have by now (default: the one the model names)", 0},
    {"all", NULL, NULL, CHANGES_NOTHING, "everyone, into recommendations.h5", 0},
};
/* clang-format on */

enum { TABLE_SIZE = sizeof TABLE / sizeof *TABLE };
_Static_assert((int)TABLE_SIZE <= (int)OPTIONS_MAX, "OPTIONS_MAX is too small");

int option_table_size(void) {
  return TABLE_SIZE;
}

const option_spec *option_table_row(int i) {
  return &TABLE[i];
}

int option_find(const char *name) {
  for (int i = 0; i < TABLE_SIZE; i++)
    if (strcmp(TABLE[i].name, name) == 0)
      return i;
  return -1;
}

option_effect option_changes(const char *name) {
  int i = option_find(name);
  return i >= 0 ? TABLE[i].changes : CHANGES_NOTHING;
}
