#include "jobs/cli/option_parse.h"

#include "jobs/cli/options_private.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_HELP = 'h', KEY_BASE = 1000 };

typedef struct parsing {
  options *o;
  bool help;
  const char *bad; /* the word that argp cannot take */
} parsing;

static error_t parse_one(int key, char *arg, struct argp_state *state) {
  parsing *p = state->input;
  if (key == KEY_HELP) {
    p->help = true;
    return 0;
  }
  if (key == ARGP_KEY_ERROR) {
    p->bad = state->next > 0 && state->next <= state->argc ? state->argv[state->next - 1] : "?";
    return 0;
  }
  if (key == ARGP_KEY_ARG) {
    p->o->arguments[p->o->n_arguments++] = arg;
    return 0;
  }
  for (int i = 0; i < option_table_size(); i++)
    if (key == KEY_BASE + i || (option_table_row(i)->letter != 0 && key == option_table_row(i)->letter)) {
      const option_use *u = command_use(p->o->cmd, option_table_row(i)->name);
      if (u != NULL && u->many && p->o->given[i] != NULL)
        return options_put_more(p->o, i, false, arg) == OK ? 0 : ENOMEM;
      free(p->o->given[i]);
      p->o->given[i] = strdup(arg != NULL ? arg : "yes");
      return p->o->given[i] != NULL ? 0 : ENOMEM;
    }
  return ARGP_ERR_UNKNOWN;
}

/* What argp needs of a command's options. False if the command takes an option that is not in option_table.c. */
static bool fill_table(const command *cmd, struct argp_option *table) {
  const option_use *uses[OPTIONS_MAX];
  int n_uses = command_uses(cmd, uses), n = 0;
  if (n_uses > OPTIONS_MAX)
    return false;
  for (int i = 0; i < n_uses; i++) {
    int row = option_find(uses[i]->name);
    const option_spec *s = option_table_row(row);
    if (!uses[i]->hidden)
      table[n++] = (struct argp_option){.name = s->name,
                                        .key = s->letter != 0 ? s->letter : KEY_BASE + row,
                                        .arg = option_is_flag(uses[i]) ? NULL : s->arg};
  }
  table[n] = (struct argp_option){.name = "help", .key = KEY_HELP};
  return true;
}

static status read_line(options *o, char *text, const char *path, int number) {
  char *equals = strchr(text, '=');
  char name[64];
  if (equals == NULL)
    return status_fail(USAGE, "%s:%d: not a `name = value` line", path, number);
  size_t length = strcspn(text, " \t=");
  snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), text);
  char *value = equals + 1 + strspn(equals + 1, " \t");
  size_t end = strlen(value);
  while (end > 0 && strchr(" \t\r\n", value[end - 1]) != NULL)
    value[--end] = '\0';
  const option_use *u = options_settable(o->cmd, name);
  if (u == NULL)
    return status_fail(USAGE, "%s:%d: palate %s has no option `%s`; see `palate %s --help`", path, number, o->cmd->name,
                       name, o->cmd->name);
  int row = option_find(name);
  return u->many && o->config[row] != NULL ? options_put_more(o, row, true, value)
                                           : options_put(&o->config[row], u, value);
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
    if (*text != '#' && *text != '\0')
      st = read_line(o, text, path, number);
  }
  free(line);
  fclose(file);
  return st;
}

static status parse(const command *cmd, int argc, char **argv, const struct argp_option *rows, parsing *p) {
  struct argp argp = {.options = rows, .parser = parse_one};
  options *o = p->o;
  if (argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_NO_HELP, NULL, p) != 0)
    return status_fail(USAGE, "palate %s: unknown option, or one without its value: %s; see `palate %s --help`",
                       cmd->name, p->bad != NULL ? p->bad : "?", cmd->name);
  if (p->help)
    return OK;
  if (o->n_arguments < cmd->min_arguments || o->n_arguments > cmd->max_arguments)
    return status_fail(USAGE, "palate %s takes %s, not %d argument%s; see `palate %s --help`", cmd->name,
                       cmd->arguments[0] != '\0' ? cmd->arguments : "no arguments", o->n_arguments,
                       o->n_arguments == 1 ? "" : "s", cmd->name);
  const char *config = o->given[option_find("config")];
  return config != NULL ? read_config(o, config) : OK;
}

status options_parse(const command *cmd, int argc, char **argv, options **out, bool *help) {
  status st;
  struct argp_option *table = calloc(OPTIONS_MAX + 2, sizeof *table); /* --help and the end */
  parsing p = {.o = calloc(1, sizeof *p.o)};
  if (p.o != NULL) {
    p.o->cmd = cmd;
    p.o->arguments = calloc((size_t)argc + 1, sizeof *p.o->arguments);
  }
  if (table == NULL || p.o == NULL || p.o->arguments == NULL)
    st = status_fail(NO_MEMORY, "no memory for the options");
  else if (!fill_table(cmd, table))
    st = status_fail(INTERNAL, "palate %s takes an option that is not in the table", cmd->name);
  else
    st = parse(cmd, argc, argv, table, &p);
  free(table);
  *help = st == OK && p.help;
  if (st != OK) {
    options_free(p.o);
    p.o = NULL;
  }
  *out = p.o;
  return st;
}
