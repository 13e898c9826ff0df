/* palate similar: the titles nearest to one. */
#include "eval/reader/reader.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "jobs/cli/listing.h"
#include "jobs/commands/commands.h"

static const option_use TAKES[] = {{.name = "item"}, {.name = "top"}, {.name = "support"}, {.name = "json"}, {0}};
enum { TOP_MAX = 100000, SUPPORT_MAX = 1000000000 };

static status run(struct comm *c, const options *o) {
  (void)c;
  status st = OK;
  reader *r = NULL;
  int64_t top = 0;
  double support = 0;
  lid row;
  int n = 0;
  reader_entry *list = NULL;
  const char *item = option_text(o, "item");
  TRY(option_count(o, "top", 1, TOP_MAX, &top));
  TRY(option_number(o, "support", 0, SUPPORT_MAX, &support));
  if (item == NULL)
    TRY(status_fail(USAGE, "give --item ID, or --item TITLE"));
  TRY(reader_open(options_argument(o, 0), &r));
  TRY(reader_find_item(r, item, &row));
  if (support > 0 && !model_has_pairs(reader_model(r)))
    log_warn("the model, of an older version, does not say how many users each item has: sorted by cosine alone");
  TRY(MEM_ALLOC(list, top, "list"));
  TRY(reader_list_similar(r, row, support, (int)top, list, &n));
  TRY(listing_print(r, list, n, &(listing_words){"item", item, "similarity", "similarity"}, option_flag(o, "json")));
done:
  mem_free(list);
  reader_close(r);
  return st;
}

const command CMD_SIMILAR = {
    .name = "similar",
    .arguments = "SNAPSHOT",
    .summary = "list the items most similar to one",
    .details =
        "Similarity is the cosine of the two items' factors times n / (n + S), n being the number of users who have "
        "the listed item in training: three users say little about an item. A larger S lists better known items, "
        "--support 0 sorts by the cosine alone. Items without training data are never listed.\n\n"
        "  palate similar snapshots --item 'Heat (1995)'\n"
        "  palate similar snapshots --item 318 --top 20 --json",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = false,
    .takes = TAKES,
    .run = run};
