/* A program that knows palate by its installed header and library alone; built outside the tree by cli_library.sh.
 *
 *   use_library list SNAPSHOT DATASET|- user|likes|similar NAME N     a list, one line a place: id score match
 *   use_library all SNAPSHOT N THREADS                                lists of every user; other threads must agree
 *   use_library any SNAPSHOT                                          asks everything of what may be damaged */
#include <inttypes.h>
#include <palate.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 300, LIST_MAX = 100, LIKES_MAX = 20, THREADS_MAX = 16 };

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, palate_message());
  exit(1);
}

static void must(palate_status status, const char *what) {
  if (status != PALATE_OK)
    fail(what);
}

/* --- one list --- */

static int list(char **arg) {
  palate_snapshot *s;
  palate_entry best[LIST_MAX];
  int64_t row[LIKES_MAX];
  int n, likes = 0, size = atoi(arg[4]);
  must(palate_open(arg[0], strcmp(arg[1], "-") == 0 ? NULL : arg[1], &s), "open");
  if (strcmp(arg[2], "user") == 0) {
    must(palate_find_user(s, arg[3], row), "find");
    must(palate_recommend(s, row[0], best, size, &n), "recommend");
  } else if (strcmp(arg[2], "similar") == 0) {
    must(palate_find_item(s, arg[3], row), "find");
    must(palate_similar(s, row[0], best, size, &n), "similar");
  } else {
    for (char *name = strtok(arg[3], ","); name != NULL; name = strtok(NULL, ","))
      must(palate_find_item(s, name, &row[likes++]), "find");
    must(palate_recommend_likes(s, row, likes, best, size, &n), "likes");
  }
  for (int i = 0; i < n; i++) {
    char id[TEXT];
    must(palate_read_text(s, PALATE_ITEM_ID, best[i].item, id, sizeof id), "id");
    printf("%s %.17g %d\n", id, best[i].score, (int)best[i].match);
  }
  palate_close(s);
  return 0;
}

/* --- every list, by several threads --- */

typedef struct work {
  palate_snapshot *s;
  int size, turn, wrong;
  const palate_entry *lists; /* (users, size) */
} work;

static int same(const palate_entry *a, const palate_entry *b, int n) {
  for (int i = 0; i < n; i++)
    if (a[i].item != b[i].item || a[i].score != b[i].score || a[i].match != b[i].match)
      return 0;
  return 1;
}

/* Every user's list from one of them on, and in between other questions. */
static void *ask_all(void *of) {
  work *w = of;
  int64_t users = palate_users(w->s), items = palate_items(w->s), found;
  for (int64_t i = 0; i < users; i++) {
    int64_t user = (i + w->turn * users / THREADS_MAX) % users, like[2] = {user % items, (user + 1) % items};
    palate_entry best[LIST_MAX], other[LIST_MAX];
    palate_membership groups[LIST_MAX];
    char id[TEXT], label[TEXT];
    int n, m;
    if (palate_recommend(w->s, user, best, w->size, &n) != PALATE_OK || !same(best, w->lists + user * w->size, n))
      w->wrong++;
    if (palate_read_text(w->s, PALATE_USER_ID, user, id, sizeof id) != PALATE_OK ||
        palate_find_user(w->s, id, &found) != PALATE_OK || found != user)
      w->wrong++;
    if (palate_user_groups(w->s, user, groups, LIST_MAX, &m) != PALATE_OK || m < 1 ||
        palate_read_text(w->s, PALATE_GROUP_LABEL, groups[0].group, label, sizeof label) != PALATE_OK)
      w->wrong++;
    if (i % 16 == 0 &&
        (palate_recommend_likes(w->s, like, 2, best, w->size, &n) != PALATE_OK ||
         palate_similar(w->s, like[0], other, w->size, &m) != PALATE_OK ||
         palate_recommend_likes(w->s, like, 2, other, w->size, &m) != PALATE_OK || n != m || !same(best, other, n)))
      w->wrong++;
    if (i % 64 == 0 && palate_find_user(w->s, "nobody of this name", &found) != PALATE_NOT_FOUND)
      w->wrong++;
  }
  return NULL;
}

static int all(char **arg) {
  palate_snapshot *s;
  int size = atoi(arg[1]), threads = atoi(arg[2]), wrong = 0;
  must(palate_open(arg[0], NULL, &s), "open");
  int64_t users = palate_users(s);
  palate_entry *lists = calloc((size_t)(users * size), sizeof *lists);
  for (int64_t u = 0; u < users; u++) {
    int n;
    must(palate_recommend(s, u, lists + u * size, size, &n), "recommend");
    for (int i = 0; i < n; i++)
      printf("%" PRId64 " %" PRId64 " %.17g %d\n", u, lists[u * size + i].item, lists[u * size + i].score,
             (int)lists[u * size + i].match);
  }
  palate_close(s);
  must(palate_open(arg[0], NULL, &s), "open again"); /* what is made at first use is made by threads at once */
  pthread_t thread[THREADS_MAX];
  work w[THREADS_MAX];
  for (int t = 0; t < threads; t++) {
    w[t] = (work){.s = s, .size = size, .turn = t, .lists = lists};
    pthread_create(&thread[t], NULL, ask_all, &w[t]);
  }
  for (int t = 0; t < threads; t++) {
    pthread_join(thread[t], NULL);
    wrong += w[t].wrong;
  }
  if (wrong > 0)
    fprintf(stderr, "%d answers to threads are wrong\n", wrong);
  palate_close(s);
  free(lists);
  return wrong > 0;
}

/* --- anything --- */

/* A status that says why, or none. */
static void told(palate_status status, int *failures) {
  if (status == PALATE_OK)
    return;
  if (palate_message()[0] == '\0' || status == PALATE_INTERNAL)
    exit(3);
  ++*failures;
}

static int any(char **arg) {
  palate_snapshot *s;
  int failures = 0, n;
  palate_status status = palate_open(arg[0], NULL, &s);
  if (status != PALATE_OK) {
    told(status, &failures);
    printf("%d %s\n", (int)status, palate_message());
    return s != NULL;
  }
  int64_t row, items[20], users[7], count;
  char text[TEXT];
  palate_entry best[10];
  palate_membership in[3];
  told(palate_find_user(s, "7", &row), &failures);
  told(palate_find_item(s, "no such item", &row), &failures);
  for (int64_t u = 0; u < palate_users(s); u += 9) {
    told(palate_recommend(s, u, best, 10, &n), &failures);
    told(palate_read_text(s, PALATE_USER_ID, u, text, sizeof text), &failures);
    if (palate_groups(s) > 0)
      told(palate_user_groups(s, u, in, 3, &n), &failures);
  }
  for (int64_t i = 0; i < palate_items(s); i += 9) {
    told(palate_similar(s, i, best, 10, &n), &failures);
    told(palate_recommend_likes(s, &i, 1, best, 10, &n), &failures);
    told(palate_read_text(s, PALATE_ITEM_TITLE, i, text, 9), &failures);
    told(palate_read_text(s, PALATE_ITEM_TAGS, i, text, sizeof text), &failures);
  }
  for (int g = 0; g < palate_groups(s); g++) {
    told(palate_group_size(s, g, &count), &failures);
    told(palate_group_items(s, g, items, 20, &n), &failures);
    told(palate_group_users(s, g, 0, users, 7, &count), &failures);
    told(palate_read_text(s, PALATE_GROUP_LABEL, g, text, sizeof text), &failures);
  }
  /* What no row, group or place is. */
  if (palate_recommend(s, palate_users(s), best, 10, &n) == PALATE_OK ||
      palate_similar(s, -1, best, 10, &n) == PALATE_OK || palate_recommend(s, 0, NULL, 10, &n) == PALATE_OK ||
      palate_find_user(s, NULL, &row) == PALATE_OK || palate_recommend_likes(s, items, 0, best, 10, &n) == PALATE_OK ||
      palate_group_size(s, -1, &count) == PALATE_OK ||
      palate_read_text(s, (palate_text)99, 0, text, sizeof text) == PALATE_OK)
    return 2;
  printf("0 opened; %d answers failed\n", failures);
  palate_close(s);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 7 && strcmp(argv[1], "list") == 0)
    return list(argv + 2);
  if (argc == 5 && strcmp(argv[1], "all") == 0)
    return all(argv + 2);
  return argc == 3 && strcmp(argv[1], "any") == 0 ? any(argv + 2) : 64;
}
