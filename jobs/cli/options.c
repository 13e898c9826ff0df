#include "jobs/cli/options_private.h"

#include <stdlib.h>
#include <string.h>

static const char *const TEXT_NO_MEMORY = "no memory for the options";

const option_use *options_settable(const command *cmd, const char *name) {
  return strcmp(name, "config") != 0 ? command_use(cmd, name) : NULL;
}

status options_put(char **place, const option_use *u, const char *value) {
  char *copy = NULL;
  if (!option_is_flag(u) || strcmp(value, "no") != 0) {
    copy = strdup(value);
    if (copy == NULL)
      return status_fail(NO_MEMORY, "%s", TEXT_NO_MEMORY);
  }
  free(*place);
  *place = copy;
  return OK;
}

status options_put_more(options *o, int row, bool config, const char *value) {
  option_more *more = calloc(1, sizeof *more), **last = &o->more;
  char *text = strdup(value);
  if (more == NULL || text == NULL) {
    free(more);
    free(text);
    return status_fail(NO_MEMORY, "%s", TEXT_NO_MEMORY);
  }
  *more = (option_more){.row = row, .config = config, .text = text};
  while (*last != NULL)
    last = &(*last)->next;
  *last = more;
  return OK;
}

void options_free(options *o) {
  if (o == NULL)
    return;
  for (int i = 0; i < option_table_size(); i++) {
    free(o->given[i]);
    free(o->config[i]);
  }
  for (option_more *more = o->more, *next; more != NULL; more = next) {
    next = more->next;
    free(more->text);
    free(more);
  }
  free(o->arguments);
  free(o);
}

static status copy_all(char *const *from, char **to) {
  for (int i = 0; i < option_table_size(); i++)
    if (from[i] != NULL) {
      to[i] = strdup(from[i]);
      if (to[i] == NULL)
        return status_fail(NO_MEMORY, "%s", TEXT_NO_MEMORY);
    }
  return OK;
}

status options_copy(const options *o, options **out) {
  options *copy = calloc(1, sizeof *copy);
  char **arguments = calloc((size_t)o->n_arguments + 1, sizeof *arguments);
  status st = copy != NULL && arguments != NULL ? OK : status_fail(NO_MEMORY, "%s", TEXT_NO_MEMORY);
  *out = NULL;
  if (st != OK) {
    free(copy);
    free(arguments);
    return st;
  }
  *copy = (options){.cmd = o->cmd, .arguments = arguments, .n_arguments = o->n_arguments};
  for (int i = 0; i < o->n_arguments; i++)
    arguments[i] = o->arguments[i];
  st = copy_all(o->given, copy->given);
  if (st == OK)
    st = copy_all(o->config, copy->config);
  for (const option_more *more = o->more; more != NULL && st == OK; more = more->next)
    st = options_put_more(copy, more->row, more->config, more->text);
  if (st == OK)
    *out = copy;
  else
    options_free(copy);
  return st;
}

status options_set(options *o, const char *name, const char *value) {
  const option_use *u = options_settable(o->cmd, name);
  if (u == NULL)
    return status_fail(USAGE, "palate %s has no option `%s`; see `palate %s --help`", o->cmd->name, name, o->cmd->name);
  return options_put(&o->given[option_find(name)], u, value);
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
  const option_use *u = command_use(o->cmd, name);
  if (i < 0 || u == NULL)
    return NULL;
  if (o->given[i] != NULL)
    return o->given[i];
  return o->config[i] != NULL ? o->config[i] : option_fallback(u);
}

const char *option_text_at(const options *o, const char *name, int i) {
  int row = option_find(name);
  const char *first = option_text(o, name);
  if (i == 0 || first == NULL)
    return i == 0 ? first : NULL;
  for (const option_more *more = o->more; more != NULL; more = more->next)
    if (more->row == row && more->config == (o->given[row] == NULL) && --i == 0)
      return more->text;
  return NULL;
}

bool option_flag(const options *o, const char *name) {
  return option_text(o, name) != NULL;
}

void options_each(const options *o, void (*visit)(void *context, const char *name, const char *value), void *context) {
  const option_use *uses[OPTIONS_MAX];
  int n = command_uses(o->cmd, uses);
  for (int i = 0; i < n; i++)
    if (!uses[i]->hidden && option_table_row(option_find(uses[i]->name))->section != SECTION_COMMON)
      visit(context, uses[i]->name, option_text(o, uses[i]->name));
}
