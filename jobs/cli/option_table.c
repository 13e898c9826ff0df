#include "jobs/cli/option_table.h"

#include "eval/reader/reader.h"
#include "io/values/text_number.h"
#include "jobs/cli/words.h"

#include <string.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

/* Of `changes`:
 * - heavy-rows chooses in which order long rows are summed; memory, threads and exchange change no bit.
 * - sweeps and objective-every only say when training ends and may differ in a resumed run. tolerance may not: the
 *   resumed run must end where the first one would have.
 * - quality changes no group, but the step that makes groups writes its figures.
 * - data and parent choose what groups are named by and where they start. */
/* clang-format off */
static const option_spec TABLE[] = {
    /* every command */
    {"config", "FILE", NULL, CHANGES_NOTHING, SECTION_COMMON,
     "read options from FILE, a `name = value` a line; the command line wins", 0},
    {"quiet", NULL, NULL, CHANGES_NOTHING, SECTION_COMMON,
     "print only warnings and the result", 'q'},
    {"verbose", NULL, NULL, CHANGES_NOTHING, SECTION_COMMON,
     "print more, from every rank", 'v'},
    /* many commands */
    {"output", "PATH", NULL, CHANGES_NOTHING, SECTION_MAIN,
     "where the result is written", 'o'},
    {"memory", "SIZE", NULL, CHANGES_NOTHING, SECTION_MACHINE,
     "memory budget of a rank (512M, 4G): work is done in parts that fit", 0},
    {"threads", "T", "0", CHANGES_NOTHING, SECTION_MACHINE,
     "OpenMP threads per rank; 0: OMP_NUM_THREADS, else the rank's share of the cores", 0},
    {"stall-timeout", "TIME", "10m", CHANGES_NOTHING, SECTION_MACHINE,
     "end with status 75 when a rank does not respond for this time (90s, 10m, 2h); 0: never", 0},
    /* ingest, export */
    {"format", "FORMAT", "auto", CHANGES_DATA, SECTION_MAIN,
     "auto, csv, movielens, udata, counts, lists, baskets, matrix, netflix, mtx, jsonl, h5, npz", 0},
    {"user-column", "COLUMN", NULL, CHANGES_DATA, SECTION_MAIN,
     "column of users, by name, number from 1, or key of JSON (`reviewer.id`) (default: by the header)", 0},
    {"item-column", "COLUMN", NULL, CHANGES_DATA, SECTION_MAIN,
     "column of items (default: by the header)", 0},
    {"value-column", "COLUMN", NULL, CHANGES_DATA, SECTION_MAIN,
     "column of ratings, counts, …; none: every event counts 1", 0},
    {"time-column", "COLUMN", NULL, CHANGES_DATA, SECTION_MAIN,
     "column of times; none: leave times out", 0},
    {"append", "BASE", NULL, CHANGES_DATA, SECTION_MAIN,
     "start with the events of this dataset; its users and items keep their rows", 0},
    {"if-repeated", IF_REPEATED_WORDS, "warn", CHANGES_DATA, SECTION_MORE,
     "with --append, if BASE has every event already: warn, or refuse (status 65)", 0},
    {"separator", "TEXT", NULL, CHANGES_DATA, SECTION_MORE,
     "column separator: `,`, tab, `;`, `|`, `::` or blank (runs of blanks and tabs) (default: detected)", 0},
    {"header", AUTO_YES_NO_WORDS, "auto", CHANGES_DATA, SECTION_MORE,
     "whether the first line names the columns", 0},
    {"quoting", QUOTING_WORDS, "auto", CHANGES_DATA, SECTION_MORE,
     "whether fields may be in double quotes; auto: if separated by commas or semicolons; backslash: yes, and \\\" is a quote in a text", 0},
    {"comment", "MARK", NULL, CHANGES_DATA, SECTION_MORE,
     "what comments above the data begin with, or none (default: #, % and //)", 0},
    {"item-separator", "TEXT", NULL, CHANGES_DATA, SECTION_MORE,
     "baskets: between the items of a field: blank, comma, semicolon, pipe, … (default: detected)", 0},
    {"dry-run", NULL, NULL, CHANGES_NOTHING, SECTION_MAIN,
     "show what would be read (format, columns, first events, titles) and write nothing", 0},
    {"time-unit", TIME_UNIT_WORDS, "auto", CHANGES_DATA, SECTION_MORE,
     "numbers in the time column; auto: seconds to nanoseconds by their size; date: YYYYMMDD", 0},
    {"time-format", "FORMAT", NULL, CHANGES_DATA, SECTION_MORE,
     "format of the time column as strptime has it: `%d/%m/%Y %H:%M` (default: detected)", 0},
    {"decimal", "CHAR", NULL, CHANGES_DATA, SECTION_MORE,
     "decimal sign of the value column: `.` or `,` (default: detected)", 0},
    {"thousands", "CHAR", NULL, CHANGES_DATA, SECTION_MORE,
     "mark between thousands: `,` `.` `'` `_` or blank (default: detected)", 0},
    {"value-format", NUMBER_FORM_WORDS, "auto", CHANGES_DATA, SECTION_MORE,
     "percent: 85% is 85; share: 85% is 0.85; durations (h:m:s, m:s, h:m) are read as seconds", 0},
    {"group", "PATH", NULL, CHANGES_DATA, SECTION_MORE,
     "HDF5 sources: the matrix, such as raw/X or layers/NAME (default: X, or the only one)", 0},
    {"rows", MATRIX_ROWS_WORDS, "auto", CHANGES_DATA, SECTION_MORE,
     "matrices (HDF5, npz, MatrixMarket): what their rows are", 0},
    {"item-id-column", "COLUMN", NULL, CHANGES_DATA, SECTION_MORE,
     "of --items: column of ids", 0},
    {"title-column", "COLUMN", NULL, CHANGES_DATA, SECTION_MORE,
     "of --items: column of titles, or none", 0},
    {"tags-column", "COLUMN", NULL, CHANGES_DATA, SECTION_MORE,
     "of --items: column of tags (`a|b|c`), or none", 0},
    {"tag-separator", "TEXT", NULL, CHANGES_DATA, SECTION_MORE,
     "of --items: what separates tags; none: nothing does (default: `|`, else `;`, `,` and `/`, as the tags tell)", 0},
    {"user-id-column", "COLUMN", NULL, CHANGES_DATA, SECTION_MORE,
     "of --users: column of ids", 0},
    {"user-name-column", "COLUMN", NULL, CHANGES_DATA, SECTION_MORE,
     "of --users: column of names", 0},
    {"max-bad-lines", "N|P%|all", "0", CHANGES_DATA, SECTION_MORE,
     "skip up to N unreadable lines, P per cent of the lines, or all, and list them in DATASET.rejected", 0},
    /* the model */
    {"loss", LOSS_WORDS, "implicit", CHANGES_MODEL, SECTION_MAIN,
     "explicit: predict ratings; implicit: rank by what was consumed", 0},
    {"factors", "K", "64", CHANGES_MODEL, SECTION_MAIN,
     "factors per user and item", 0},
    {"lambda", "auto|L", "auto", CHANGES_MODEL, SECTION_MAIN,
     "regularization; auto: implicit, ials: 0.06 / cube root of a user's mean pairs; else 0.01", 0},
    {"unobserved-weight", "auto|A0", "auto", CHANGES_MODEL, SECTION_MAIN,
     "implicit, ials: weight of a pair that was not observed; auto: 10 pairs / (users x items), at most 1", 0},
    {"prior-mean", "PHI", "0.3", CHANGES_MODEL, SECTION_MAIN,
     "implicit: how far members with few events are pulled to the mean member, 0 to 1; 0: to zero, to nobody", 0},
    {"half-life", "DAYS[,SINCE]", "none", CHANGES_MODEL, SECTION_MAIN,
     "implicit: a pair's weight halves every DAYS of age, before its user's last event (,user) or the data's (,global)", 0},
    {"sweeps", "N", "15", CHANGES_END, SECTION_MAIN,
     "at most N sweeps; a sweep solves all users, then all items", 0},
    {"nonnegative", NULL, NULL, CHANGES_MODEL, SECTION_MORE,
     "keep factors at or above 0, so that each can be read by itself", 0},
    {"reg-exponent", "NU", "1", CHANGES_MODEL, SECTION_MORE,
     "regularization grows with a row's interactions to this power", 0},
    {"confidence", CONFIDENCE_WORDS, "ials", CHANGES_MODEL, SECTION_MORE,
     "implicit: how a value becomes a weight", 0},
    {"alpha", "A", "1", CHANGES_MODEL, SECTION_MORE,
     "implicit: scale of values in linear, raw and log", 0},
    {"epsilon", "E", "1", CHANGES_MODEL, SECTION_MORE,
     "implicit: scale of values inside the logarithm of log", 0},
    {"weights", WEIGHTS_WORDS, "one", CHANGES_MODEL, SECTION_MORE,
     "implicit, ials: an observed pair weighs 1 or its value; 0 is not a like, below 0 is a dislike", 0},
    {"duplicates", DUPLICATES_WORDS, NULL, CHANGES_MODEL, SECTION_MORE,
     "how repeated events of a pair merge, in the order of time (default: last for explicit, sum for implicit)", 0},
    {"tolerance", "T", "0", CHANGES_MODEL, SECTION_MORE,
     "stop when a sweep lowers the objective by less than this share", 0},
    {"objective-every", "N", "1", CHANGES_END, SECTION_MORE,
     "compute the objective every N sweeps", 0},
    {"solver", SOLVE_METHOD_WORDS, "auto", CHANGES_MODEL, SECTION_MORE,
     "how a row's system is solved", 0},
    /* what is held out */
    {"holdout", "RULE", "none", CHANGES_MODEL, SECTION_MAIN,
     "pairs held out for testing: none, random:F, last:N, before:TIME or users:F; validation:RULE: as many pairs again, for choosing settings", 0},
    {"test", "DATASET", NULL, CHANGES_MODEL, SECTION_MAIN,
     "hold out the pairs of this dataset instead", 0},
    /* the machine */
    {"exchange", EXCHANGE_WORDS, "auto", CHANGES_NOTHING, SECTION_MACHINE,
     "how factor rows travel between ranks", 0},
    {"heavy-rows", "N", "0", CHANGES_MODEL, SECTION_MACHINE,
     "split rows of at least N interactions over threads and ranks; 0: by size", 0},
    {"link", "GB/S", "1.25", CHANGES_NOTHING, SECTION_MACHINE,
     "bandwidth of a node to other nodes, in 10^9 bytes a second (10 Gbit/s: 1.25)", 0},
    {"local-link", "GB/S", "4", CHANGES_NOTHING, SECTION_MACHINE,
     "bandwidth of a rank to ranks on its node, in 10^9 bytes a second", 0},
    {"core-flops", "GFLOP/S", "120", CHANGES_NOTHING, SECTION_MACHINE,
     "speed of a core in the solver with very many factors, in 10^9 flop a second", 0},
    {"half-speed", "K", "64", CHANGES_NOTHING, SECTION_MACHINE,
     "number of factors at which a core reaches half of --core-flops", 0},
    {"latency", "US", "2", CHANGES_NOTHING, SECTION_MACHINE,
     "latency of a message, in microseconds", 0},
    /* the plan */
    {"ranks", "P", "2", CHANGES_NOTHING, SECTION_MAIN,
     "ranks to plan for", 0},
    {"ranks-per-node", "N", "1", CHANGES_NOTHING, SECTION_MAIN,
     "ranks on a node; a row is sent to another node once", 0},
    {"node-cores", "N", "32", CHANGES_NOTHING, SECTION_MACHINE,
     "cores of a node, for the cheapest layout", 0},
    {"node-memory", "SIZE", "128G", CHANGES_NOTHING, SECTION_MACHINE,
     "memory of a node, for the cheapest layout", 0},
    {"popularity", "S", "1.5", CHANGES_NOTHING, SECTION_MORE,
     "without data: an item's popularity falls as (rank + q)^-S", 0},
    {"head-share", "Q", "0.0055", CHANGES_NOTHING, SECTION_MORE,
     "without data: q as a share of the items", 0},
    {"activity", "SIGMA", "1.2", CHANGES_NOTHING, SECTION_MORE,
     "without data: sigma of the users' log-normal activity", 0},
    /* planted data */
    {"users", "N", NULL, CHANGES_DATA, SECTION_MAIN,
     "number of users", 0},
    {"items", "N", NULL, CHANGES_DATA, SECTION_MAIN,
     "number of items", 0},
    {"events", "N", "1000000", CHANGES_DATA, SECTION_MAIN,
     "number of events", 0},
    {"spread", "S", "0.2", CHANGES_DATA, SECTION_MORE,
     "how far users stray from their group, in each planted factor", 0},
    {"noise", "S", "0.5", CHANGES_DATA, SECTION_MORE,
     "explicit: standard deviation of a rating around the planted one", 0},
    /* start, stop and resume */
    {"warm-start", "auto|never|SNAPSHOT", "never", CHANGES_MODEL, SECTION_MAIN,
     "start from the factors of a snapshot, by id; auto: the published one", 0},
    {"resume", "auto|never|PATH", "auto", CHANGES_NOTHING, SECTION_MORE,
     "auto: resume a stopped run with the same data and options, if there is one; PATH: resume that snapshot", 0},
    {"time-limit", "TIME", NULL, CHANGES_NOTHING, SECTION_MAIN,
     "write a checkpoint and end with status 75 before this time is over (90s, 10m, 2h)", 0},
    {"checkpoint-every", "STEPS|TIME", "10m", CHANGES_NOTHING, SECTION_MACHINE,
     "steps (3) or time (90s, 10m, 2h) between checkpoints; 0: only when stopped", 0},
    {"seed", "S", "1", CHANGES_MODEL, SECTION_MORE,
     "seed of all random choices", 0},
    /* tuning */
    {"grid", "FILE", NULL, CHANGES_NOTHING, SECTION_MAIN,
     "settings to try, an option a line: `lambda = 0.003, 0.01, 0.03`", 0},
    {"tries", "N", NULL, CHANGES_NOTHING, SECTION_MAIN,
     "try N settings of the grid, drawn at random (default: all)", 0},
    {"by", "METRIC", "auto", CHANGES_NOTHING, SECTION_MAIN,
     "metric that decides, for lists of the first length of --at; auto: rmse of ratings, else ndcg; or one of", 0},
    /* publishing */
    {"keep", "N", "7", CHANGES_NOTHING, SECTION_MAIN,
     "number of sealed snapshots to keep", 0},
    {"metrics-file", "FILE", NULL, CHANGES_NOTHING, SECTION_MAIN,
     "write run metrics as a Prometheus textfile", 0},
    {"refit", ON_OFF_WORDS, "on", CHANGES_MODEL, SECTION_MAIN,
     "train a few sweeps more on all events, those held out too, and publish that model; off: publish the measured one", 0},
    {"gate", ON_OFF_WORDS, "on", CHANGES_NOTHING, SECTION_MAIN,
     "off: publish without comparing with the published model or with most popular", 0},
    {"gate-tolerance", "SHARE", "0.01", CHANGES_NOTHING, SECTION_MORE,
     "gate: how much worse than the published model the new one may be, as a share", 0},
    {"gate-coverage", "SHARE", "0.01", CHANGES_NOTHING, SECTION_MORE,
     "gate: least share of the items that are recommended to someone, of those that can be", 0},
    {"gate-served", "SHARE", "0.5", CHANGES_NOTHING, SECTION_MORE,
     "gate: least share of users whom the model has learned from events", 0},
    {"gate-jump", "FACTOR", "2", CHANGES_NOTHING, SECTION_MORE,
     "gate: by what factor users, items or pairs may grow or shrink since the published model", 0},
    /* groups */
    {"groups", "G", "auto", CHANGES_GROUPS, SECTION_MAIN,
     "number of taste groups; auto, or auto:LOW..HIGH, chooses one", 0},
    {"least-group", "auto|N", "auto", CHANGES_GROUPS, SECTION_MORE,
     "with --groups auto, merge groups of fewer than N users with events; auto: 0.5 % of them, and at least 25", 0},
    {"memberships", "M", "4", CHANGES_GROUPS, SECTION_MAIN,
     "groups a user belongs to, nearest first", 0},
    {"side", SIDE_WORDS, "users", CHANGES_GROUPS, SECTION_MAIN,
     "which rows to group", 0},
    {"quality", NULL, NULL, CHANGES_GROUPS, SECTION_MAIN,
     "measure the groups: sizes, silhouette, stability, and how well they predict", 0},
    {"parent", "SNAPSHOT", NULL, CHANGES_GROUPS, SECTION_MAIN,
     "start from this snapshot's groups; a group of the same people keeps its number and name", 0},
    {"metric", DISTANCE_WORDS, "cosine", CHANGES_GROUPS, SECTION_MORE,
     "distance between factors; cosine compares their direction alone: tastes, not activity", 0},
    {"rounds", "N", "25", CHANGES_GROUPS, SECTION_MORE,
     "at most N k-means rounds", 0},
    {"round-tolerance", "auto|T", "auto", CHANGES_GROUPS, SECTION_MORE,
     "stop when a round lowers the inertia by less than this share; auto: 0.001 from a parent's groups, else 0", 0},
    {"restarts", "auto|N", "auto", CHANGES_GROUPS, SECTION_MORE,
     "k-means runs from different seeds, the best of which is kept; auto: 8 if a round is quick, else 1", 0},
    /* lists */
    {"at", "N,N,...", "10,20,50,100", CHANGES_FIGURES, SECTION_MAIN,
     "list lengths at which ranking is measured", 0},
    {"top", "N", "10", CHANGES_NOTHING, SECTION_MAIN,
     "items in a list", 0},
    {"user", "ID", NULL, CHANGES_NOTHING, SECTION_MAIN,
     "id of a user", 0},
    {"item", "ID", NULL, CHANGES_NOTHING, SECTION_MAIN,
     "id or title of an item", 0},
    {"support", "S", TEXT(READER_SUPPORT), CHANGES_NOTHING, SECTION_MAIN,
     "shrink similarity by n / (n + S), n the listed item's users in training; 0: the cosine alone", 0},
    {"likes", "ID,ID,...", NULL, CHANGES_NOTHING, SECTION_MAIN,
     "a newcomer's favourites, by id or title", 0},
    {"all", NULL, NULL, CHANGES_NOTHING, SECTION_MAIN,
     "lists for all users, into recommendations.h5", 0},
    {"data", "DATASET", NULL, CHANGES_GROUPS, SECTION_MAIN,
     "dataset that says what users consumed (default: the one the model was trained on)", 0},
    {"json", NULL, NULL, CHANGES_NOTHING, SECTION_MAIN,
     "print the result as JSON", 0},
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
