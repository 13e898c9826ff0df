#include "io/tables/title_names.h"

#include "io/detect/column_names.h"

#include <stdio.h>
#include <string.h>

/* Names of the columns of users' names, as column_plain_name writes them; earlier ones win. */
static const char *const USER_NAMES[] = {"name",       "fullname", "displayname", "username",     "nickname",
                                         "screenname", "login",    "loginname",   "membername",   "customername",
                                         "clientname", "handle",   "profilename", "reviewername", "accountname",
                                         "playername", "realname", "personname",  "readername",   NULL};

/* Columns of tags, the best first. */
static const char *const TAGS[] = {"genres", "genre",    "tags",     "tag",        "categories", "category",
                                   "class",  "keywords", "subjects", "department", "style",      NULL};

/* Ids that others gave to an item: a plain `id` beside one is the table's own. */
static const char OTHERS_IDS[] =
    " imdbid tmdbid isbn isbn10 isbn13 asin parentasin ean ean13 gtin upc upccode barcode ";

static bool in_others_ids(const char *plain) {
  char word[COLUMN_NAME_MAX + 2];
  snprintf(word, sizeof word, " %s ", plain);
  return strstr(OTHERS_IDS, word) != NULL;
}

/* How sure a name is of an id: 0 the events' own name for it, 1 an id such as movie_id, 2 `id`, 3 an id that others
 * gave, 4 a noun; -1 not at all. */
static int id_rank(side side, const char *events_id, const char *plain) {
  static const char *const ENDS[] = {"id", "idx", "no", "nr", "number", "code", "key", "sku", "skuid", "nummer"};
  char own[COLUMN_NAME_MAX];
  if (events_id != NULL && events_id[0] != '\0') {
    column_plain_name(events_id, strlen(events_id), own);
    if (strcmp(own, plain) == 0)
      return 0;
  }
  if (strcmp(plain, "id") == 0)
    return 2;
  if (column_name_rank(side == USERS ? NAMES_USER : NAMES_ITEM, plain) != 0)
    return -1;
  if (in_others_ids(plain))
    return 3;
  size_t n = strlen(plain);
  for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
    size_t m = strlen(ENDS[i]);
    if (n >= m && strcmp(plain + n - m, ENDS[i]) == 0)
      return 1;
  }
  return 4;
}

static int place_in(const char *const *list, const char *plain) {
  for (int i = 0; list[i] != NULL; i++)
    if (strcmp(list[i], plain) == 0)
      return i;
  return -1;
}

int title_name_rank(side side, const char *events_id, titles_role role, const char *plain) {
  if (role == TITLES_ID)
    return id_rank(side, events_id, plain);
  if (side == USERS)
    return role == TITLES_TITLE ? place_in(USER_NAMES, plain) : -1;
  if (role == TITLES_TAGS)
    return place_in(TAGS, plain);
  return strcmp(plain, "title") == 0                ? 0
         : column_name_rank(NAMES_TITLE, plain) < 0 ? -1
                                                    : 1 + column_name_rank(NAMES_TITLE, plain);
}

/* The stem of a name: product of productid and productname. */
static size_t stem(const char *plain) {
  static const char *const ENDS[] = {"id", "idx", "no", "nr", "number", "code", "name", "title", "nm"};
  size_t n = strlen(plain), best = n;
  for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
    size_t m = strlen(ENDS[i]);
    if (n > m && strcmp(plain + n - m, ENDS[i]) == 0 && n - m < best)
      best = n - m;
  }
  return best;
}

bool title_names_alike(const char *a, const char *b) {
  return stem(a) == stem(b) && memcmp(a, b, stem(a)) == 0;
}
