#include "jobs/cli/command.h"

#include "jobs/cli/option_table.h"

#include <limits.h>
#include <string.h>

static bool is_taken(const option_use *const *uses, int n, const char *name) {
  for (int i = 0; i < n; i++)
    if (strcmp(uses[i]->name, name) == 0)
      return true;
  return false;
}

int command_uses(const command *cmd, const option_use **uses) {
  static const option_use COMMON[] = {{.name = "config"}, {.name = "quiet"}, {.name = "verbose"}, {0}};
  enum { LISTS = 8 };
  const option_use *lists[LISTS] = {cmd->takes};
  int n = 0, n_lists = 1;
  for (int i = 0; cmd->also != NULL && cmd->also[i] != NULL && n_lists < LISTS - 1; i++)
    lists[n_lists++] = cmd->also[i]->takes;
  lists[n_lists++] = COMMON;
  for (int l = 0; l < n_lists; l++)
    for (const option_use *u = lists[l]; u->name != NULL; u++) {
      if (option_find(u->name) < 0 || n == OPTIONS_MAX)
        return INT_MAX;
      if (!is_taken(uses, n, u->name))
        uses[n++] = u;
    }
  return n;
}

const option_use *command_use(const command *cmd, const char *name) {
  const option_use *uses[OPTIONS_MAX];
  int n = command_uses(cmd, uses);
  for (int i = 0; i < n; i++)
    if (strcmp(uses[i]->name, name) == 0)
      return uses[i]->hidden ? NULL : uses[i];
  return NULL;
}

bool option_is_flag(const option_use *u) {
  return u->flag_help != NULL || option_table_row(option_find(u->name))->arg == NULL;
}

const char *option_fallback(const option_use *u) {
  if (u->flag_help != NULL)
    return NULL;
  return u->fallback != NULL ? u->fallback : option_table_row(option_find(u->name))->fallback;
}
