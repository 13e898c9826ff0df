#include "jobs/cli/option_help.h"

#include "jobs/cli/option_table.h"

#include <string.h>

enum { WIDTH = 79, HELP_COLUMN = 29, TEXT_MAX = 512 };

/* Columns of the n bytes of UTF-8 text. */
static int columns(const char *text, size_t n) {
  int count = 0;
  for (size_t i = 0; i < n; i++)
    count += ((unsigned char)text[i] & 0xC0) != 0x80;
  return count;
}

/* Writes words from column `at`, and starts a new line at column `indent` before WIDTH is passed. Ends the line. */
static void put_words(FILE *to, const char *text, size_t n, int at, int indent) {
  for (const char *end = text + n; text < end;) {
    size_t length = 0;
    while (text + length < end && text[length] != ' ')
      length++;
    int wide = columns(text, length);
    if (at > indent && at + 1 + wide > WIDTH) {
      fprintf(to, "\n%*s", indent, "");
      at = indent;
    } else if (at > indent) {
      putc(' ', to);
      at++;
    }
    fwrite(text, 1, length, to);
    at += wide;
    text += length;
    while (text < end && *text == ' ')
      text++;
  }
  putc('\n', to);
}

static void put_option(FILE *to, int letter, const char *name, const char *arg, const char *help) {
  char left[128];
  char short_form[8] = "";
  if (letter != 0)
    snprintf(short_form, sizeof short_form, "-%c,", letter);
  int at =
      snprintf(left, sizeof left, "  %3s --%s%s%s", short_form, name, arg != NULL ? "=" : "", arg != NULL ? arg : "");
  fputs(left, to);
  if (at >= HELP_COLUMN - 1) {
    putc('\n', to);
    at = 0;
  }
  fprintf(to, "%*s", HELP_COLUMN - at, "");
  put_words(to, help, strlen(help), HELP_COLUMN, HELP_COLUMN);
}

/* Appends the names of u->names to text, as " a, b, c". */
static void add_names(char text[TEXT_MAX], const option_use *u) {
  char names[OPTION_NAMES_MAX];
  size_t at = strlen(text);
  if (u->names == NULL)
    return;
  const char *name = u->names(names), *gap = " ";
  for (size_t n; at < TEXT_MAX && (n = strcspn(name, "|")) > 0; name += n + (name[n] == '|')) {
    at += (size_t)snprintf(text + at, TEXT_MAX - at, "%s%.*s", gap, (int)n, name);
    gap = ", ";
  }
}

static void put_use(FILE *to, const option_use *u) {
  const option_spec *s = option_table_row(option_find(u->name));
  const char *value = option_fallback(u), *help = u->help != NULL ? u->help : s->help;
  const char *arg = u->arg != NULL ? u->arg : s->arg;
  char text[TEXT_MAX];
  snprintf(text, sizeof text, "%s", u->flag_help != NULL ? u->flag_help : help);
  add_names(text, u);
  size_t n = strlen(text);
  if (value != NULL && value[0] != '\0')
    snprintf(text + n, sizeof text - n, " (default %s)", value);
  put_option(to, s->letter, s->name, option_is_flag(u) ? NULL : arg, text);
}

/* The options of a section, in the order of the command's lists. */
static void put_section(FILE *to, const command *cmd, option_section section) {
  static const char *const HEADING[SECTIONS] = {
      [SECTION_MORE] = "Less often needed:", [SECTION_MACHINE] = "Machine and network:"};
  const option_use *uses[OPTIONS_MAX];
  int n = command_uses(cmd, uses);
  bool headed = HEADING[section] == NULL;
  for (int i = 0; i < n; i++) {
    if (uses[i]->hidden || option_table_row(option_find(uses[i]->name))->section != section)
      continue;
    if (!headed)
      fprintf(to, "\n%s\n", HEADING[section]);
    headed = true;
    put_use(to, uses[i]);
  }
  if (section == SECTION_COMMON)
    put_option(to, 'h', "help", NULL, "show this help");
}

/* Where to break a line of at most n bytes: before an option, else before any word; 0: nowhere. */
static size_t break_before(const char *text, size_t n) {
  enum { INDENT = 8 };
  for (size_t i = n; i > INDENT; i--)
    if (text[i] == ' ' && text[i + 1] == '-')
      return i;
  for (size_t i = n; i > INDENT; i--)
    if (text[i] == ' ')
      return i;
  return 0;
}

/* Writes an example; a long one is continued as a shell reads it. */
static void put_example(FILE *to, const char *text, size_t n) {
  for (size_t room = WIDTH, cut; n > room && (cut = break_before(text, room - 2)) > 0; room = WIDTH - 6) {
    fprintf(to, "%.*s \\\n      ", (int)cut, text);
    text += cut + 1;
    n -= cut + 1;
  }
  fprintf(to, "%.*s\n", (int)n, text);
}

/* Fills paragraphs to WIDTH; a line that begins with a blank is an example. */
static void put_details(FILE *to, const char *text) {
  putc('\n', to);
  while (*text != '\0') {
    size_t n = strcspn(text, "\n");
    if (*text == ' ')
      put_example(to, text, n);
    else
      put_words(to, text, n, 0, 0);
    text += n + (text[n] == '\n');
  }
}

void option_help(const command *cmd, FILE *to) {
  fprintf(to, "Usage: palate %s [OPTION...]%s%s\n%s\n\n", cmd->name, cmd->arguments[0] != '\0' ? " " : "",
          cmd->arguments, cmd->summary);
  for (int s = 0; s < SECTIONS; s++)
    put_section(to, cmd, (option_section)s);
  if (cmd->details != NULL)
    put_details(to, cmd->details);
}
