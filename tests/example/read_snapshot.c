/* read_snapshot SNAPSHOT USER: a user's ten best unseen items and their taste groups, with libpalate.
 *   cc read_snapshot.c -o read_snapshot $(pkg-config --cflags --libs palate) */
#include <palate.h>
#include <stdio.h>

static int fail(void) {
  fprintf(stderr, "%s\n", palate_message());
  return 1;
}

int main(int argc, char **argv) {
  palate_snapshot *snapshot;
  palate_entry list[10];
  palate_membership groups[3];
  int64_t user;
  int n;
  char id[256], text[1024];
  if (argc != 3)
    return 64;
  if (palate_open(argv[1], NULL, &snapshot) != PALATE_OK)
    return fail();
  if (palate_find_user(snapshot, argv[2], &user) != PALATE_OK ||
      palate_recommend(snapshot, user, list, 10, &n) != PALATE_OK)
    return fail();
  printf("for user %s:\n", argv[2]);
  for (int i = 0; i < n; i++) {
    if (palate_read_text(snapshot, PALATE_ITEM_ID, list[i].item, id, sizeof id) != PALATE_OK ||
        palate_read_text(snapshot, PALATE_ITEM_TITLE, list[i].item, text, sizeof text) != PALATE_OK)
      return fail();
    printf("%4d  %8.4f  %3d %%  %-8s  %s\n", i + 1, list[i].score, (int)list[i].match, id, text);
  }
  if (palate_user_groups(snapshot, user, groups, 3, &n) != PALATE_OK)
    return fail();
  for (int i = 0; i < n; i++)
    if (palate_read_text(snapshot, PALATE_GROUP_LABEL, groups[i].group, text, sizeof text) == PALATE_OK)
      printf("%3.0f %%  %s\n", 100 * (double)groups[i].affinity, text);
  palate_close(snapshot);
  return 0;
}
