#include "jobs/cli/options.h"

#include "io/base/mem.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct option_spec {
  const char *name, *arg, *fallback, *help; /* arg NULL: a flag */
  int letter;                               /* short form, or 0 */
} option_spec;

/* clang-format off */
static const option_spec TABLE[] = {
    /* everywhere */
    {"config", "FILE", NULL, "read options from FILE, one `name = value` a line; the command line wins", 0},
    {"quiet", NULL, NULL, "say nothing but warnings and the result", 'q'},
    {"verbose", NULL, NULL, "say more, from every rank", 'v'},
    {"threads", "T", "0", "OpenMP threads per rank; 0 takes OMP_NUM_THREADS, else this rank's share of the cores", 0},
    {"json", NULL, NULL, "print the result as JSON", 0},
    {"output", "PATH", NULL, "where the result goes", 'o'},
    {"seed", "S", "1", "seed of everything random", 0},
    {"memory", "SIZE", NULL, "most memory a rank may take for what it can bound (4G, 512M)", 0},
    /* ingest */
    {"format", "FORMAT", "auto", "ingest: auto, csv, movielens, udata, counts, lists, netflix, mtx or h5; export: npy, csv or ann-benchmarks", 0},
    {"separator", "TEXT", NULL, "what parts columns: `,`, tab, `;`, `|`, `::`, blank (runs of blanks and tabs), … (default: by the text)", 0},
    {"header", "auto|yes|no", "auto", "whether the first line names the columns", 0},
    {"quoting", "auto|yes|no", "auto", "whether fields may be in double quotes (auto: with commas and semicolons)", 0},
    {"user-column", "COLUMN", NULL, "name, or number from 1, of the column of users", 0},
    {"item-column", "COLUMN", NULL, "name or number of the column of items", 0},
    {"value-column", "COLUMN", NULL, "name or number of the column of ratings, counts, …; none: every event counts 1", 0},
    {"time-column", "COLUMN", NULL, "name or number of the column of times; none: leave them out", 0},
    {"time-unit", "auto|s|ms|us|ns", "auto", "of numbers in the time column; auto goes by their size", 0},
    {"group", "PATH", NULL, "of HDF5 sources: the group with data, indices and indptr (default: the one there is)", 0},
    {"rows", "auto|users|items", "auto", "of HDF5 sources: what the rows of the matrix are", 0},
    {"item-id-column", "COLUMN", NULL, "of --items: name or number of the column of ids", 0},
    {"title-column", "COLUMN", NULL, "of --items: name or number of the column of titles, or none", 0},
    {"tags-column", "COLUMN", NULL, "of --items: name or number of the column of tags (`a|b|c`), or none", 0},
    {"append", "BASE", NULL, "begin with the events of this dataset; its users and items keep their rows", 0},
    {"max-bad-lines", "N", "0", "refuse up to N bad lines instead of stopping at the first", 0},
    /* the model */
    {"loss", "explicit|implicit", "implicit", "explicit: predict ratings; implicit: rank by what was consumed", 0},
    {"factors", "K", "64", "factors a member and an item have", 0},
    {"lambda", "L", "0.01", "regularization", 0},
    {"reg-exponent", "NU", "1", "regularization grows with the number of interactions to this power", 0},
    {"confidence", "ials|linear|raw|log", "ials", "implicit: how a value weighs", 0},
    {"alpha", "A", "1", "implicit: scale of values in linear, raw and log", 0},
    {"epsilon", "E", "1", "implicit: value scale inside the logarithm of --confidence log", 0},
    {"unobserved-weight", "A0", "0.1", "implicit, ials: weight of every pair that was not observed", 0},
    {"weights", "one|value", "one", "implicit, ials: whether an observed pair weighs 1 or its value", 0},
    {"duplicates", "sum|max|last|mean", NULL, "how repeated events of a pair merge (default: last for explicit, sum for implicit)", 0},
    {"sweeps", "N", "15", "most sweeps; one solves all users, then all items", 0},
    {"tolerance", "T", "0", "stop when the objective falls by less than this share in a sweep", 0},
    {"objective-every", "N", "1", "sweeps from one objective to the next", 0},
    {"solver", "auto|cholesky|cg|subspace", "auto", "how a row's system is solved", 0},
    {"holdout", "RULE", "none", "none, random:F, last:N, before:TIME or users:F; validation:RULE leaves out what RULE holds out and holds out as much again", 0},
    {"test", "DATASET", NULL, "hold out the pairs of this dataset instead", 0},
    {"nonnegative", NULL, NULL, "factors that are never negative, for reading them one by one", 0},
    {"exchange", "auto|replicate|halo|reduce", "auto", "how factor rows travel between ranks", 0},
    {"heavy-rows", "N", "0", "interactions from which a row is summed in parts, by threads and ranks; 0: by size", 0},
    /* the plan */
    {"ranks", "P", "2", "ranks to plan for", 0},
    {"link", "GB/S", "1.25", "what a node can send to others, in 10^9 bytes a second (10 Gbit/s is 1.25)", 0},
    {"local-link", "GB/S", "4", "what a rank can give to others on its node, in 10^9 bytes a second", 0},
    {"ranks-per-node", "N", "1", "ranks that share a node, neighbours; they send a row once to another node", 0},
    {"core-flops", "GFLOP/S", "120", "what a core does in the solver with very many factors, in 10^9 flop a second", 0},
    {"half-speed", "K", "64", "factors with which a core does half of --core-flops", 0},
    {"latency", "US", "2", "what the first byte takes from one rank to another, in 10^-6 seconds", 0},
    {"node-cores", "N", "32", "cores of a node, for the cheapest layout", 0},
    {"node-memory", "SIZE", "128G", "memory of a node, for the cheapest layout", 0},
    {"popularity", "S", "1.5", "without data: an item's popularity falls as (rank + q)^-S", 0},
    {"head-share", "Q", "0.0055", "without data: q as a share of the items", 0},
    {"activity", "SIGMA", "1.2", "without data: sigma of the log-normal activity", 0},
    /* planted data */
    {"users", "N|FILE", NULL, "ingest: a table with names of the users; else how many users", 0},
    {"items", "N|FILE", NULL, "ingest: a table with titles and tags of the items; else how many items", 0},
    {"events", "N", "1000000", "events, shared out by log-normal activity", 0},
    {"spread", "S", "0.2", "how far members stray from their group, in each planted factor", 0},
    {"noise", "S", "0.5", "explicit: standard deviation of a rating around the planted one", 0},
    /* stopping and going on */
    {"warm-start", "auto|never|SNAPSHOT", "never", "start from the factors of a snapshot, by id; auto: the published one", 0},
    {"resume", "auto|never|PATH", "auto", "go on with what an earlier run with the same data and options left; PATH names it", 0},
    {"checkpoint-every", "STEPS|TIME", "10m", "write a checkpoint after so many steps (3), which are sweeps, rounds of grouping and batches of measuring, or so much time (90s, 10m, 2h); 0: only when stopped", 0},
    {"time-limit", "TIME", NULL, "stop with a checkpoint, and status 75, before so much time is over (90s, 10m, 2h)", 0},
    {"stall-timeout", "TIME", "10m", "give up, with status 75, when a rank hangs for so much time (90s, 10m, 2h); 0: never", 0},
    /* tuning */
    {"grid", "FILE", NULL, "the settings to try, one option a line: `lambda = 0.003, 0.01, 0.03`", 0},
    {"tries", "N", NULL, "try N settings of the grid, drawn at random (default: all of them)", 0},
    {"by", "METRIC", "auto", "what is best: recall, recall_test, precision, hit_rate, ndcg, map or mrr at the first length of --at, rmse or mae; auto: rmse of ratings, else ndcg", 0},
    /* publishing */
    {"keep", "N", "7", "how many sealed snapshots to keep", 0},
    {"metrics-file", "FILE", NULL, "write what a dashboard wants to know as a Prometheus textfile", 0},
    {"gate", "on|off", "on", "off: publish without comparing with the published model", 0},
    {"gate-tolerance", "SHARE", "0.01", "gate: how much worse than the published model the new one may be, as a share", 0},
    {"gate-coverage", "SHARE", "0.01", "gate: least share of the items that someone is recommended, of those that can be", 0},
    {"gate-served", "SHARE", "0.5", "gate: least share of the members with a taste of their own (factors that are not zero)", 0},
    {"gate-jump", "FACTOR", "2", "gate: most that members, items or pairs may have grown or shrunk since the published model", 0},
    /* groups */
    {"groups", "G", "auto", "number of taste groups; auto, or auto:LOW..HIGH, chooses one", 0},
    {"memberships", "M", "4", "groups a member belongs to, nearest first", 0},
    {"rounds", "N", "25", "most k-means rounds", 0},
    {"side", "users|items", "users", "whom to group", 0},
    {"metric", "euclidean|cosine", "cosine", "distance between factors; cosine looks at their direction alone: at what is liked, not at how much there was of it", 0},
    {"round-tolerance", "auto|T", "auto", "stop when the inertia falls by less than this share in a round; auto: 0.001 where groups go on from a parent's, so that few people move for little, else 0", 0},
    {"restarts", "auto|N", "auto", "k-means runs from other seeds, of which the least inertia counts; auto: 8 where a round is quick, 1 where it is not", 0},
    {"quality", NULL, NULL, "judge the groups: sizes, silhouette, stability, and whether they help to predict", 0},
    {"parent", "SNAPSHOT", NULL, "go on from this snapshot's groups: the same people keep their group's number and name", 0},
    /* ranking */
    {"top", "N", "10", "how many to list", 0},
    {"at", "N,N,...", "10,20,50,100", "list lengths at which ranking is measured", 0},
    {"user", "ID", NULL, "a member's id", 0},
    {"item", "ID", NULL, "an item's id or title", 0},
    {"likes", "ID,ID,...", NULL, "items a newcomer named as favourites, by id or title", 0},
    {"data", "DATASET", NULL, "the dataset the model was trained on, or what members have by now (default: the one the model names)", 0},
    {"all", NULL, NULL, "everyone, into recommendations.h5", 0},
};
/* clang-format on */

enum { TABLE_SIZE = sizeof TABLE / sizeof *TABLE, KEY_HELP = 'h', KEY_BASE = 1000 };

struct options {
  const command *cmd;
  char *given[TABLE_SIZE];  /* from the command line */
  char *config[TABLE_SIZE]; /* from --config */
  char **arguments;
  int n_arguments;
  bool help;
  const char *bad; /* the word that argp could not take */
};

static int find(const char *name) {
  for (int i = 0; i < TABLE_SIZE; i++)
    if (strcmp(TABLE[i].name, name) == 0)
      return i;
  return -1;
}

/* Options that every command takes. */
static const option_use COMMON[] = {{"config", NULL}, {"quiet", NULL}, {"verbose", NULL}, {NULL, NULL}};

static bool is_kept_out(const option_use *u) {
  return u->fallback != NULL && strcmp(u->fallback, "(not here)") == 0;
}

static bool is_taken(const option_use *const *uses, int n, const char *name) {
  for (int i = 0; i < n; i++)
    if (strcmp(uses[i]->name, name) == 0)
      return true;
  return false;
}

/* Options of a command in the order of its help: its own, those it takes from others, those all take. Returns how many;
 * uses has TABLE_SIZE places, and *n_common of them, the last ones, are the common ones. INT_MAX where a name is not in
 * the table. */
static int uses_of(const command *cmd, const option_use **uses, int *n_common) {
  const option_use *lists[8] = {cmd->takes};
  int n = 0, n_lists = 1;
  for (int i = 0; cmd->also != NULL && cmd->also[i] != NULL && n_lists < 7; i++)
    lists[n_lists++] = cmd->also[i]->takes;
  lists[n_lists++] = COMMON;
  *n_common = 0;
  for (int l = 0; l < n_lists; l++)
    for (const option_use *u = lists[l]; u->name != NULL; u++) {
      if (find(u->name) < 0 || n == TABLE_SIZE)
        return INT_MAX;
      if (is_taken(uses, n, u->name))
        continue;
      uses[n++] = u;
      *n_common += l == n_lists - 1;
    }
  return n;
}

/* NULL where the command does not take it. */
static const option_use *use_of(const command *cmd, const char *name) {
  const option_use *uses[TABLE_SIZE];
  int n_common, n = uses_of(cmd, uses, &n_common);
  for (int i = 0; i < n; i++)
    if (strcmp(uses[i]->name, name) == 0)
      return is_kept_out(uses[i]) ? NULL : uses[i];
  return NULL;
}

/* What --help says of a name that this command takes as a flag; NULL where it is as the table says. */
static const char *flag_help(const option_use *u) {
  return u->fallback != NULL && strncmp(u->fallback, "flag: ", 6) == 0 ? u->fallback + 6 : NULL;
}

static const char *fallback_of(const option_use *u) {
  if (flag_help(u) != NULL)
    return NULL;
  return u->fallback != NULL ? u->fallback : TABLE[find(u->name)].fallback;
}

static error_t parse_one(int key, char *arg, struct argp_state *state) {
  options *o = state->input;
  if (key == KEY_HELP) {
    o->help = true;
    return 0;
  }
  if (key == ARGP_KEY_ERROR) {
    o->bad = state->next > 0 && state->next <= state->argc ? state->argv[state->next - 1] : "?";
    return 0;
  }
  if (key == ARGP_KEY_ARG) {
    o->arguments[o->n_arguments++] = arg;
    return 0;
  }
  for (int i = 0; i < TABLE_SIZE; i++)
    if (key == KEY_BASE + i || (TABLE[i].letter != 0 && key == TABLE[i].letter)) {
      free(o->given[i]);
      o->given[i] = strdup(arg != NULL ? arg : "yes");
      return o->given[i] != NULL ? 0 : ENOMEM;
    }
  return ARGP_ERR_UNKNOWN;
}

static const char *const TEXT_NO_MEMORY = "no memory for the options";

/* Fills argp's table for a command; `docs` holds the help lines, 512 bytes each. Both have TABLE_SIZE + 2 places. */
static void argp_table(const command *cmd, struct argp_option *table, char (*docs)[512]) {
  const option_use *uses[TABLE_SIZE];
  int n = 0, n_common, n_uses = uses_of(cmd, uses, &n_common);
  for (int i = 0; i < n_uses; i++) {
    const option_use *u = uses[i];
    const option_spec *s = &TABLE[find(u->name)];
    const char *value = fallback_of(u);
    if (is_kept_out(u))
      continue;
    snprintf(docs[n], sizeof docs[n], value != NULL && value[0] != '\0' ? "%s (default %s)" : "%s",
             flag_help(u) != NULL ? flag_help(u) : s->help, value);
    table[n] = (struct argp_option){.name = s->name,
                                    .key = s->letter != 0 ? s->letter : KEY_BASE + find(u->name),
                                    .arg = flag_help(u) != NULL ? NULL : s->arg,
                                    .doc = docs[n],
                                    .group = i >= n_uses - n_common};
    n++;
  }
  table[n++] = (struct argp_option){.name = "help", .key = KEY_HELP, .doc = "show this help", .group = 1};
  table[n] = (struct argp_option){0};
}

static bool takes_are_known(const command *cmd) {
  const option_use *uses[TABLE_SIZE];
  int n_common;
  return uses_of(cmd, uses, &n_common) <= TABLE_SIZE;
}

/* Whether the command takes it from a file. */
static bool takes(const command *cmd, const char *name) {
  return find(name) >= 0 && use_of(cmd, name) != NULL && strcmp(name, "config") != 0;
}

static status put(char **place, bool flag, const char *value) {
  char *copy = NULL;
  if (!flag || strcmp(value, "no") != 0) {
    copy = strdup(value);
    if (copy == NULL)
      return status_fail(NO_MEMORY, "%s", TEXT_NO_MEMORY);
  }
  free(*place);
  *place = copy;
  return OK;
}

static status read_config(options *o, const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return status_fail(NO_INPUT, "cannot read the config file %s: %s", path, strerror(errno));
  status st = OK;
  char *line = NULL;
  size_t room = 0;
  for (int number = 1; st == OK && getline(&line, &room, file) >= 0; number++) {
    char *text = line + strspn(line, " \t\r\n");
    if (*text == '#' || *text == '\0')
      continue;
    char *equals = strchr(text, '=');
    if (equals == NULL) {
      st = status_fail(USAGE, "%s:%d: not a `name = value` line", path, number);
      break;
    }
    size_t length = strcspn(text, " \t=");
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), text);
    char *value = equals + 1 + strspn(equals + 1, " \t");
    size_t end = strlen(value);
    while (end > 0 && strchr(" \t\r\n", value[end - 1]) != NULL)
      value[--end] = '\0';
    if (!takes(o->cmd, name)) {
      st = status_fail(USAGE, "%s:%d: palate %s has no option `%s`; see `palate %s --help`", path, number, o->cmd->name,
                       name, o->cmd->name);
      break;
    }
    st = put(&o->config[find(name)], TABLE[find(name)].arg == NULL, value);
  }
  free(line);
  fclose(file);
  return st;
}

status options_parse(const command *cmd, int argc, char **argv, options **out, bool *help) {
  status st = OK;
  options *o = NULL;
  *out = NULL;
  *help = false;
  if (!takes_are_known(cmd))
    return status_fail(INTERNAL, "palate %s takes an option that the table lacks", cmd->name);
  struct argp_option *table = calloc(TABLE_SIZE + 2, sizeof *table);
  char(*docs)[512] = calloc(TABLE_SIZE + 2, sizeof *docs);
  o = calloc(1, sizeof *o);
  if (o != NULL)
    o->arguments = calloc((size_t)argc + 1, sizeof *o->arguments);
  if (table == NULL || docs == NULL || o == NULL || o->arguments == NULL) {
    st = status_fail(NO_MEMORY, "%s", TEXT_NO_MEMORY);
    goto done;
  }
  o->cmd = cmd;
  argp_table(cmd, table, docs);
  struct argp argp = {.options = table, .parser = parse_one};
  if (argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_NO_HELP, NULL, o) != 0) {
    st = status_fail(USAGE, "palate %s: unknown option, or one without its value: %s; see `palate %s --help`",
                     cmd->name, o->bad != NULL ? o->bad : "?", cmd->name);
    goto done;
  }
  *help = o->help;
  if (o->help)
    goto done;
  if (o->n_arguments < cmd->min_arguments || o->n_arguments > cmd->max_arguments) {
    st = status_fail(USAGE, "palate %s takes %s, not %d argument%s; see `palate %s --help`", cmd->name,
                     cmd->arguments[0] != '\0' ? cmd->arguments : "no arguments", o->n_arguments,
                     o->n_arguments == 1 ? "" : "s", cmd->name);
    goto done;
  }
  const char *config = o->given[find("config")];
  if (config != NULL)
    TRY(read_config(o, config));
done:
  free(table);
  free(docs);
  if (st != OK) {
    options_free(o);
    o = NULL;
  }
  *out = o;
  return st;
}

void options_free(options *o) {
  if (o == NULL)
    return;
  for (int i = 0; i < TABLE_SIZE; i++) {
    free(o->given[i]);
    free(o->config[i]);
  }
  free(o->arguments);
  free(o);
}

status options_copy(const options *o, options **out) {
  options *copy = calloc(1, sizeof *copy);
  status st = OK;
  *out = NULL;
  if (copy == NULL)
    return status_fail(NO_MEMORY, "%s", TEXT_NO_MEMORY);
  copy->cmd = o->cmd;
  copy->n_arguments = o->n_arguments;
  copy->arguments = calloc((size_t)o->n_arguments + 1, sizeof *copy->arguments);
  if (copy->arguments == NULL)
    TRY(status_fail(NO_MEMORY, "%s", TEXT_NO_MEMORY));
  for (int i = 0; i < o->n_arguments; i++)
    copy->arguments[i] = o->arguments[i];
  for (int i = 0; i < TABLE_SIZE; i++) {
    if (o->given[i] != NULL)
      TRY(put(&copy->given[i], false, o->given[i]));
    if (o->config[i] != NULL)
      TRY(put(&copy->config[i], false, o->config[i]));
  }
done:
  if (st != OK)
    options_free(copy);
  else
    *out = copy;
  return st;
}

status options_set(options *o, const char *name, const char *value) {
  if (!takes(o->cmd, name))
    return status_fail(USAGE, "palate %s has no option `%s`; see `palate %s --help`", o->cmd->name, name, o->cmd->name);
  return put(&o->given[find(name)], TABLE[find(name)].arg == NULL, value);
}

void options_help(const command *cmd, FILE *to) {
  struct argp_option *table = calloc(TABLE_SIZE + 2, sizeof *table);
  char(*docs)[512] = calloc(TABLE_SIZE + 2, sizeof *docs);
  if (table != NULL && docs != NULL) {
    char name[64], doc[4096];
    argp_table(cmd, table, docs);
    snprintf(name, sizeof name, "palate %s", cmd->name);
    snprintf(doc, sizeof doc, "%s\v%s", cmd->summary, cmd->details != NULL ? cmd->details : "");
    struct argp argp = {.options = table, .parser = parse_one, .args_doc = cmd->arguments, .doc = doc};
    argp_help(&argp, to, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK, name);
  }
  free(table);
  free(docs);
}

int options_argument_count(const options *o) {
  return o->n_arguments;
}
const char *options_argument(const options *o, int i) {
  return i < o->n_arguments ? o->arguments[i] : NULL;
}

bool option_given(const options *o, const char *name) {
  int i = find(name);
  return i >= 0 && (o->given[i] != NULL || o->config[i] != NULL);
}

const char *option_text(const options *o, const char *name) {
  int i = find(name);
  const option_use *u = use_of(o->cmd, name);
  if (i < 0 || u == NULL)
    return NULL;
  if (o->given[i] != NULL)
    return o->given[i];
  return o->config[i] != NULL ? o->config[i] : fallback_of(u);
}

bool option_flag(const options *o, const char *name) {
  return option_text(o, name) != NULL;
}

status option_count(const options *o, const char *name, int64_t low, int64_t high, int64_t *out) {
  const char *text = option_text(o, name);
  char *end = NULL;
  errno = 0;
  long long value = text != NULL ? strtoll(text, &end, 10) : 0;
  if (text == NULL || end == text || *end != '\0' || errno != 0 || value < low || value > high)
    return status_fail(USAGE, "--%s takes a whole number from %lld to %lld, not `%s`", name, (long long)low,
                       (long long)high, text != NULL ? text : "");
  *out = value;
  return OK;
}

status option_number(const options *o, const char *name, double low, double high, double *out) {
  const char *text = option_text(o, name);
  char *end = NULL;
  double value = text != NULL ? strtod(text, &end) : 0;
  if (text == NULL || end == text || *end != '\0' || !isfinite(value) || value < low || value > high)
    return status_fail(USAGE, "--%s takes a number from %g to %g, not `%s`", name, low, high, text != NULL ? text : "");
  *out = value;
  return OK;
}

status option_choice(const options *o, const char *name, const char *words, int *out) {
  const char *text = option_text(o, name);
  const char *word = words;
  for (int i = 0; text != NULL; i++) {
    size_t length = strcspn(word, "|");
    if (strlen(text) == length && strncmp(text, word, length) == 0) {
      *out = i;
      return OK;
    }
    if (word[length] == '\0')
      break;
    word += length + 1;
  }
  return status_fail(USAGE, "--%s takes one of %s, not `%s`", name, words, text != NULL ? text : "");
}

status option_size(const options *o, const char *name, int64_t *out) {
  const char *text = option_text(o, name);
  char *end = NULL;
  double value = text != NULL ? strtod(text, &end) : 0;
  if (text != NULL && end != text && isfinite(value) && value > 0) {
    const char *units = "KMGT";
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    if (unit != NULL) {
      value *= ldexp(1, 10 * (int)(unit - units + 1));
      end++;
      if (*end == 'B')
        end++;
    }
    if (*end == '\0' && value < 0x1p62) {
      *out = (int64_t)value;
      return OK;
    }
  }
  return status_fail(USAGE, "--%s takes a size such as 512M or 4G, not `%s`", name, text != NULL ? text : "");
}

status option_seconds(const options *o, const char *name, double *out) {
  const char *text = option_text(o, name);
  char *end = NULL;
  double value = text != NULL ? strtod(text, &end) : 0;
  double unit = end == NULL ? 0 : *end == 's' ? 1 : *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 0;
  if (unit == 0 || end[1] != '\0' || !isfinite(value) || value <= 0 || value > 1e9)
    return status_fail(USAGE, "--%s takes a time such as 90s, 10m or 2h, not `%s`", name, text != NULL ? text : "");
  *out = value * unit;
  return OK;
}

status option_counts(const options *o, const char *name, int most, int *out, int *n) {
  const char *text = option_text(o, name);
  *n = 0;
  for (const char *at = text; at != NULL;) {
    char *end;
    long value = strtol(at, &end, 10);
    if (end == at || value < 1 || value > 1000000 || *n == most || (*n > 0 && value <= out[*n - 1]) ||
        (*end != '\0' && *end != ','))
      break;
    out[(*n)++] = (int)value;
    if (*end == '\0')
      return OK;
    at = end + 1;
  }
  return status_fail(USAGE,
                     "--%s takes at most %d ascending whole numbers with commas between, such as 10,20, not `%s`", name,
                     most, text != NULL ? text : "");
}

void options_each(const options *o, void (*visit)(void *context, const char *name, const char *value), void *context) {
  const option_use *uses[TABLE_SIZE];
  int n_common, n = uses_of(o->cmd, uses, &n_common);
  for (int i = 0; i < n - n_common; i++)
    if (!is_kept_out(uses[i]))
      visit(context, uses[i]->name, option_text(o, uses[i]->name));
}
