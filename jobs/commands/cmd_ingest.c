/* palate ingest: text or HDF5 to a dataset. */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ingest/ingest.h"
#include "io/source/spool.h"
#include "jobs/cli/words.h"
#include "jobs/commands/commands.h"
#include "jobs/show/show_preview.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char ITEMS_HELP[] = "table with titles and tags of the items; may be given several times";
static const char USERS_HELP[] = "table with names of the users; may be given several times";

static const option_use TAKES[] = {{.name = "output", .help = "dataset to write"},
                                   {.name = "format"},
                                   {.name = "separator"},
                                   {.name = "header"},
                                   {.name = "quoting"},
                                   {.name = "comment"},
                                   {.name = "item-separator"},
                                   {.name = "dry-run"},
                                   {.name = "user-column"},
                                   {.name = "item-column"},
                                   {.name = "value-column"},
                                   {.name = "time-column"},
                                   {.name = "time-unit"},
                                   {.name = "time-format"},
                                   {.name = "decimal"},
                                   {.name = "thousands"},
                                   {.name = "value-format"},
                                   {.name = "group"},
                                   {.name = "rows"},
                                   {.name = "items", .arg = "FILE", .help = ITEMS_HELP, .many = true},
                                   {.name = "users", .arg = "FILE", .help = USERS_HELP, .many = true},
                                   {.name = "item-id-column"},
                                   {.name = "title-column"},
                                   {.name = "tags-column"},
                                   {.name = "tag-separator"},
                                   {.name = "user-id-column"},
                                   {.name = "user-name-column"},
                                   {.name = "append"},
                                   {.name = "if-repeated"},
                                   {.name = "max-bad-lines"},
                                   {.name = "stall-timeout"},
                                   {.name = "threads"},
                                   {.name = "json"},
                                   {0}};

/* A source as it is called in messages. */
static const char *named_source(const char *path) {
  return path != NULL && strcmp(path, "-") == 0 ? SPOOL_STANDARD_INPUT : path;
}

/* An option that no table takes would change nothing, without a word. */
static status check_table_options(const ingest_settings *s, const options *o) {
  bool items = s->items.column[0] != NULL || s->items.column[1] != NULL || s->items.column[2] != NULL ||
               s->tag_separator != NULL;
  if (items && option_text(o, "items") == NULL)
    return status_fail(USAGE, "--item-id-column, --title-column, --tags-column and --tag-separator are of the table "
                              "that --items FILE names, and there is none");
  if ((s->users.column[0] != NULL || s->users.column[1] != NULL) && option_text(o, "users") == NULL)
    return status_fail(USAGE, "--user-id-column and --user-name-column are of the table that --users FILE names, and "
                              "there is none");
  return OK;
}

/* The values of an option that may be given several times. Free *out with mem_free. */
static status read_paths(const options *o, const char *name, const char ***out, int *n) {
  for (*n = 0; option_text_at(o, name, *n) != NULL; (*n)++) {
  }
  status st = mem_alloc(out, *n, sizeof **out, "paths of tables");
  for (int i = 0; i < *n && st == OK; i++)
    (*out)[i] = named_source(option_text_at(o, name, i));
  return st;
}

/* N, P% or all. */
static status read_bad_limit(const options *o, bad_limit *out) {
  const char *text = option_text(o, "max-bad-lines");
  char *end;
  *out = (bad_limit){0};
  if (strcmp(text, "all") == 0) {
    out->lines = INT64_MAX;
    return OK;
  }
  if (strchr(text, '%') == NULL && strspn(text, "0123456789") == strlen(text))
    return option_count(o, "max-bad-lines", 0, INT64_C(1) << 40, &out->lines);
  double value = strtod(text, &end);
  if (end == text || strcmp(end, "%") != 0 || !(value >= 0 && value <= 100))
    return status_fail(USAGE, "--max-bad-lines takes a number of lines, a share such as 1%%, or all, not `%s`", text);
  out->share = value / 100;
  return OK;
}

/* A mark of numbers by itself or by its word; '\0' if the option is not given. */
static status read_mark(const options *o, const char *name, const char *marks, char *out) {
  static const struct {
    const char *word;
    char mark;
  } WORDS[] = {{"comma", ','}, {"point", '.'}, {"dot", '.'}, {"blank", ' '}, {"apostrophe", '\''}};
  const char *text = option_text(o, name);
  *out = '\0';
  if (text == NULL)
    return OK;
  if (strlen(text) == 1)
    *out = text[0];
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
    if (strcmp(text, WORDS[i].word) == 0)
      *out = WORDS[i].mark;
  if (*out == '\0' || strchr(marks, *out) == NULL)
    return status_fail(USAGE, "--%s takes one of `%s` (or point, comma, blank), not `%s`", name, marks, text);
  return OK;
}

static status read_options(const options *o, ingest_settings *s) {
  static const char *const COLUMN[N_ROLES] = {NULL, "user-column", "item-column", "value-column", "time-column"};
  static const char *const ITEM_COLUMN[3] = {"item-id-column", "title-column", "tags-column"};
  static const char *const USER_COLUMN[2] = {"user-id-column", "user-name-column"};
  status st = OK;
  int choice;
  if (option_text(o, "output") == NULL && !option_flag(o, "dry-run"))
    return status_fail(USAGE, "-o DATASET is missing: the file to write");
  s->output = option_text(o, "output");
  s->append = option_text(o, "append");
  TRY(option_choice(o, "format", TEXT_FORMAT_WORDS, &choice));
  s->wish.format = (text_format)choice;
  TRY(option_choice(o, "header", AUTO_YES_NO_WORDS, &s->wish.header));
  TRY(option_choice(o, "quoting", QUOTING_WORDS, &s->wish.quoting));
  TRY(option_choice(o, "time-unit", TIME_UNIT_WORDS, &choice));
  s->wish.unit = (text_time_unit)choice;
  s->wish.separator = option_text(o, "separator");
  s->wish.comment = option_text(o, "comment");
  s->wish.item_separator = option_text(o, "item-separator");
  s->wish.time_format = option_text(o, "time-format");
  TRY(read_mark(o, "decimal", ".,", &s->wish.decimal));
  TRY(read_mark(o, "thousands", ",.'_ ", &s->wish.thousands));
  TRY(option_choice(o, "value-format", NUMBER_FORM_WORDS, &choice));
  s->wish.value_form = (number_form)choice;
  for (int role = ROLE_USER; role < N_ROLES; role++)
    s->wish.column[role] = option_text(o, COLUMN[role]);
  for (int k = 0; k < 3; k++)
    s->items.column[k] = option_text(o, ITEM_COLUMN[k]);
  for (int k = 0; k < 2; k++)
    s->users.column[k] = option_text(o, USER_COLUMN[k]);
  s->tag_separator = option_text(o, "tag-separator");
  TRY(check_table_options(s, o));
  s->group = option_text(o, "group");
  TRY(option_choice(o, "rows", MATRIX_ROWS_WORDS, &s->rows));
  s->wish.rows = s->rows;
  TRY(option_choice(o, "if-repeated", IF_REPEATED_WORDS, &choice));
  s->refuse_repeated = choice == 1;
  TRY(read_bad_limit(o, &s->bad_lines));
done:
  return st;
}

static void print_json(const ingest_report *r, const char *output, double seconds) {
  json_t *object = json_object();
  json_object_set_new(object, "dataset", json_string_nocheck(output));
  const struct {
    const char *name;
    int64_t value;
  } COUNTS[] = {{"lines", r->lines},
                {"kept", r->kept},
                {"blank", r->blank},
                {"rejected", r->rejected},
                {"users", r->users},
                {"items", r->items},
                {"events", r->events},
                {"repeated", r->repeated},
                {"already_there", r->already},
                {"zeros", r->zeros},
                {"negatives", r->negatives},
                {"new_users", r->users - r->old_users},
                {"new_items", r->items - r->old_items},
                {"new_events", r->events - r->old_events},
                {"titled", r->titled},
                {"named", r->named},
                {"titles_unused", r->titles_unused},
                {"bytes", r->bytes},
                {"memory", r->memory}};
  for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
    json_object_set_new(object, COUNTS[i].name, json_integer(COUNTS[i].value));
  json_object_set_new(object, "seconds", json_real(seconds));
  char *text = json_dumps(object, JSON_INDENT(2));
  printf("%s\n", text != NULL ? text : "{}");
  free(text);
  json_decref(object);
}

static void row(const char *name, int64_t value, const char *remark) {
  if (remark[0] != '\0')
    log_info("  %-10s %14" PRId64 "   %s", name, value, remark);
  else
    log_info("  %-10s %14" PRId64, name, value);
}

static void print_table(const ingest_report *r, const ingest_settings *s, int ranks, double seconds) {
  char remark[256];
  row("lines", r->lines, "read");
  row("kept", r->kept, "");
  if (r->lines - r->kept - r->rejected > 0)
    row("other", r->lines - r->kept - r->rejected, "headers, blank lines, line ends within quotes");
  snprintf(remark, sizeof remark, "see %s.rejected", s->output);
  row("rejected", r->rejected, r->rejected > 0 ? remark : "");
  snprintf(remark, sizeof remark, "%" PRId64 " new", r->users - r->old_users);
  row("users", r->users, s->append != NULL ? remark : "");
  snprintf(remark, sizeof remark, "%" PRId64 " new", r->items - r->old_items);
  row("items", r->items, s->append != NULL ? remark : "");
  snprintf(remark, sizeof remark, "%" PRId64 " new", r->events - r->old_events);
  row("events", r->events, s->append != NULL ? remark : "");
  row("merged", r->repeated,
      r->repeated > 0 ? "events repeat a pair; kept here, merged by --duplicates in training" : "");
  if (s->append != NULL && r->already > 0 && r->has_time)
    row("in BASE", r->already, "new events that BASE has too: the same user, item, value and time");
  if (r->zeros > 0)
    row("zeros", r->zeros, "new events of value 0: not likes, unless they are ratings (--loss explicit)");
  if (r->negatives > 0)
    row("negative", r->negatives, "new events below 0: returns or dislikes, unless they are ratings");
  if (s->items.n > 0) {
    snprintf(remark, sizeof remark, "of %" PRId64 " items; %" PRId64 " further titles have no event", r->items,
             r->titles_unused);
    row("titles", r->titled, remark);
  }
  if (s->users.n > 0)
    row("names", r->named, "users named");
  log_info("%.2f s on %d rank%s (read %.2f, number %.2f, move %.2f, titles and hashes %.2f, write %.2f), peak memory "
           "%.1f MB",
           seconds, ranks, ranks == 1 ? "" : "s", r->seconds_read, r->seconds_number, r->seconds_move,
           r->seconds_titles, r->seconds_write, (double)r->memory / 1048576);
  log_info("next: palate info %s; palate train %s -o SNAPSHOTS", s->output, s->output);
}

static status run(comm *c, const options *o) {
  ingest_settings s = {0};
  ingest_report report;
  status st = OK;
  double start = seconds_now();
  const char **sources = NULL, **items = NULL, **users = NULL;
  TRY(read_options(o, &s));
  s.n_sources = options_argument_count(o);
  THEN(MEM_ALLOC(sources, s.n_sources, "sources"));
  THEN(read_paths(o, "items", &items, &s.items.n));
  THEN(read_paths(o, "users", &users, &s.users.n));
  TRY(comm_agree(c, st));
  s.items.paths = items;
  s.users.paths = users;
  for (int i = 0; i < s.n_sources; i++)
    sources[i] = named_source(options_argument(o, i));
  s.sources = sources;
  if (option_flag(o, "dry-run")) {
    ingest_preview preview;
    TRY(ingest_look_only(c, &s, &preview));
    st = comm_agree(c, c->rank == 0 ? show_preview(&s, &preview, option_flag(o, "json")) : OK);
    ingest_preview_free(&preview);
    goto done;
  }
  TRY(ingest_run(c, &s, &report));
  double seconds = seconds_now() - start;
  print_table(&report, &s, c->size, seconds);
  if (c->rank == 0 && option_flag(o, "json"))
    print_json(&report, s.output, seconds);
done:
  mem_free(sources);
  mem_free(items);
  mem_free(users);
  return st;
}

const command CMD_INGEST = {
    .name = "ingest",
    .arguments = "SOURCE...",
    .summary = "make a dataset of ratings, plays or purchases in text or HDF5",
    .details =
        "Detects CSV and TSV (with or without a header), MovieLens `::`, u.data, `user TAB item TAB count`, lists "
        "(`user item item …`), Netflix Prize files, MatrixMarket, JSON lines (an object a line; keys as columns), HDF5 "
        "(data, indices, indptr; anndata) and .npz of SciPy. Text may be packed with gzip, bzip2, xz, zstd or zip; `-` "
        "is standard input, and a pipe is read once. Columns are found by the names in the header, or asked for; "
        "without a header they are user, item, value, time where that is clear, and a column of times is the time "
        "wherever it stands. --dry-run shows what would be read and the command that says so in full. With --format "
        "baskets a line is a basket of items (its user is the line's number), or --item-column names a field of "
        "several "
        "items; with --format matrix a row is a user and a column an item, and 0 or nothing is no event. An unreadable "
        "line is an error that names "
        "file, line and column; --max-bad-lines writes it to DATASET.rejected with the reason. Ids are kept byte for "
        "byte. A user's events keep the order of their times; events of equal times, or without times, keep the order "
        "of "
        "the sources, and appended events come after those that are there. The dataset does not depend on the number "
        "of ranks.\n\n"
        "  palate ingest ratings.csv --items movies.csv -o movielens.h5\n"
        "  palate ingest orders.csv --dry-run\n"
        "  palate ingest orders.csv --format baskets --item-separator pipe -o orders.h5\n"
        "  palate ingest user_artists.dat --items artists.dat -o lastfm.h5\n"
        "  mpirun -n 4 palate ingest log-*.csv.gz --user-column member --item-column title --value-column none "
        "--time-column when -o events.h5\n"
        "  palate ingest today.csv --append events.h5 -o events2.h5\n",
    .min_arguments = 1,
    .max_arguments = 1 << 20,
    .mpi = true,
    .takes = TAKES,
    .run = run,
};
