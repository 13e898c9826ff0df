#include "jobs/groups/label_apart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *label_of(const group_names *names, lid g) {
  return names->labels.bytes + (off)g * names->labels.width;
}

/* Returns true if a group whose label is settled has g's label. */
static bool is_taken(const group_names *names, const bool *kept, lid g) {
  bool ours = kept != NULL && kept[g];
  for (lid h = 0; h < names->n_groups; h++) {
    bool theirs = kept != NULL && kept[h];
    bool settled = theirs == ours ? h < g : theirs;
    if (settled && strncmp(label_of(names, g), label_of(names, h), (size_t)names->labels.width) == 0)
      return true;
  }
  return false;
}

/* Replaces the end of a label by " (n)", with room for it, cut at a whole UTF-8 character. */
static void add_number(char *label, size_t room, const char *stem, int n) {
  char number[16];
  size_t length = strnlen(stem, room - 1), more = (size_t)snprintf(number, sizeof number, " (%d)", n);
  if (length + more > room - 1) {
    length = room - 1 - more;
    while (length > 0 && ((unsigned char)stem[length] & 0xc0) == 0x80)
      length--;
  }
  memset(label, 0, room);
  memcpy(label, stem, length);
  memcpy(label + length, number, more);
}

static status tell_apart(model *m, const bool *kept, group_names *names, lid g) {
  status st = OK;
  char stem[LABEL_MAX] = "", *label = label_of(names, g);
  for (int t = LABEL_TITLES; t < GROUPS_TOP && is_taken(names, kept, g); t++) {
    lid item = names->top_items[(off)g * GROUPS_TOP + t];
    if (item < 0)
      break;
    st = label_add_title(m, item, label);
    if (st != OK)
      return st;
  }
  memcpy(stem, label, strnlen(label, LABEL_MAX - 1));
  for (int n = 2; is_taken(names, kept, g); n++)
    add_number(label, (size_t)names->labels.width, stem, n);
  return st;
}

status labels_tell_apart(model *m, const bool *kept, group_names *names) {
  status st = OK;
  for (lid g = 0; g < names->n_groups; g++)
    if (label_of(names, g)[0] == '\0')
      snprintf(label_of(names, g), (size_t)names->labels.width, "group %d", g);
  for (int turn = kept != NULL ? 0 : 1; turn < 2; turn++) /* kept labels are settled first */
    for (lid g = 0; g < names->n_groups && st == OK; g++)
      if ((kept != NULL && kept[g]) == (turn == 0))
        st = tell_apart(m, kept, names, g);
  return st;
}
