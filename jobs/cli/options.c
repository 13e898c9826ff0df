#include "jobs/cli/options.h"

#include "io/base/mem.h"
#include "jobs/cli/option_table.h"
#include "jobs/cli/words.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_HELP = 'h', KEY_BASE = 1000 };

struct options {
  const command *cmd;
  char *given[OPTIONS_MAX];  /* from the command line */
  char *config[OPTIONS_MAX]; /* from --config */
  char **arguments;
  int n_arguments;
  bool help;
  const char *bad; /* the word that argp could not take */
};

/* Options that every command takes. */
static const option_use COMMON[] = {{.name = "config"}, {.name = "quiet"}, {.name = "verbose"}, {0}};

static bool is_taken(const option_use *const *uses, int n, const char *name) {
  for (int i = 0; i < n; i++)
    if (strcmp(uses[i]->name, name) == 0)
      return true;
  return false;
}

/* Options of a command in the order of its help: its own, those it takes from others, those all take. Returns how many;
 * uses has OPTIONS_MAX places, and *n_common of them, the last ones, are the common ones. INT_MAX where a name is not
 * in the table. */
static int uses_of(const command *cmd, const option_use **uses, int *n_common) {
  const option_use *lists[8] = {cmd->takes};
  int n = 0, n_lists = 1;
  for (int i = 0; cmd->also != NULL && cmd->also[i] != NULL && n_lists < 7; i++)
    lists[n_lists++] = cmd->also[i]->takes;
  lists[n_lists++] = COMMON;
  *n_common = 0;
  for (int l = 0; l < n_lists; l++)
    for (const option_use *u = lists[l]; u->name != NULL; u++) {
      if (option_find(u->name) < 0 || n == OPTIONS_MAX)
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
  const option_use *uses[OPTIONS_MAX];
  int n_common, n = uses_of(cmd, uses, &n_common);
  for (int i = 0; i < n; i++)
    if (strcmp(uses[i]->name, name) == 0)
      return uses[i]->hidden ? NULL : uses[i];
  return NULL;
}

static const char *fallback_of(const option_use *u) {
  if (u->flag_help != NULL)
    return NULL;
  return u->fallback != NULL ? u->fallback : option_table_row(option_find(u->name))->fallback;
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
  for (int i = 0; i < option_table_size(); i++)
    if (key == KEY_BASE + i || (option_table_row(i)->letter != 0 && key == option_table_row(i)->letter)) {
      free(o->given[i]);
      o->given[i] = strdup(arg != NULL ? arg : "yes");
      return o->given[i] != NULL ? 0 : ENOMEM;
    }
  return ARGP_ERR_UNKNOWN;
}

static const char *const TEXT_NO_MEMORY = "no memory for the options";

/* Fills argp's table for a command; `docs` holds the help lines, 512 bytes each. Both have OPTIONS_MAX + 2 places. */
static void argp_table(const command *cmd, struct argp_option *table, char (*docs)[512]) {
  const option_use *uses[OPTIONS_MAX];
  int n = 0, n_common, n_uses = uses_of(cmd, uses, &n_common);
  for (int i = 0; i < n_uses; i++) {
    const option_use *u = uses[i];
    const option_spec *s = option_table_row(option_find(u->name));
    const char *value = fallback_of(u);
    if (u->hidden)
      continue;
    snprintf(docs[n], sizeof docs[n], value != NULL && value[0] != '\0' ? "%s (default %s)" : "%s",
             u->flag_help != NULL ? u->flag_help : s->help, value);
    table[n] = (struct argp_option){.name = s->name,
                                    .key = s->letter != 0 ? s->letter : KEY_BASE + option_find(u->name),
                                    .arg = u->flag_help != NULL ? NULL : s->arg,
                                    .doc = docs[n],
                                    .group = i >= n_uses - n_common};
    n++;
  }
  table[n++] = (struct argp_option){.name = "help", .key = KEY_HELP, .doc = "show this help", .group = 1};
  table[n] = (struct argp_option){0};
}

static bool takes_are_known(const command *cmd) {
  const option_use *uses[OPTIONS_MAX];
  int n_common;
  return uses_of(cmd, uses, &n_common) <= OPTIONS_MAX;
}

/* Whether the command takes it from a file. */
static bool takes(const command *cmd, const char *name) {
  return option_find(name) >= 0 && use_of(cmd, name) != NULL && strcmp(name, "config") != 0;
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
    st = put(&o->config[option_find(name)], option_table_row(option_find(name))->arg == NULL, value);
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
  struct argp_option *table = calloc(OPTIONS_MAX + 2, sizeof *table);
  char(*docs)[512] = calloc(OPTIONS_MAX + 2, sizeof *docs);
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
  const char *config = o->given[option_find("config")];
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
  for (int i = 0; i < option_table_size(); i++) {
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
  for (int i = 0; i < option_table_size(); i++) {
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
  return put(&o->given[option_find(name)], option_table_row(option_find(name))->arg == NULL, value);
}

void options_help(const command *cmd, FILE *to) {
  struct argp_option *table = calloc(OPTIONS_MAX + 2, sizeof *table);
  char(*docs)[512] = calloc(OPTIONS_MAX + 2, sizeof *docs);
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
  int i = option_find(name);
  return i >= 0 && (o->given[i] != NULL || o->config[i] != NULL);
}

const char *option_text(const options *o, const char *name) {
  int i = option_find(name);
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
  int place = text != NULL ? word_find(words, text) : -1;
  if (place < 0)
    return status_fail(USAGE, "--%s takes one of %s, not `%s`", name, words, text != NULL ? text : "");
  *out = place;
  return OK;
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
  const option_use *uses[OPTIONS_MAX];
  int n_common, n = uses_of(o->cmd, uses, &n_common);
  for (int i = 0; i < n - n_common; i++)
    if (!uses[i]->hidden)
      visit(context, uses[i]->name, option_text(o, uses[i]->name));
}
