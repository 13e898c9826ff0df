/* Tags as tables write them ("Action, Comedy"), and as datasets keep them ("Action|Comedy"). Kernel: local. */
#ifndef PALATE_IO_TABLES_TAG_SPLIT_H
#define PALATE_IO_TABLES_TAG_SPLIT_H

#include "io/base/status.h"
#include "io/base/types.h"

/* In how many texts each separator is, and each pair of them. Sums of facts are facts, so ranks can add theirs. */
enum { TAG_SEPARATORS = 4 /* | ; , / */, TAG_FACTS = TAG_SEPARATORS * TAG_SEPARATORS };
typedef struct tag_facts {
  int64_t both[TAG_FACTS]; /* [a * TAG_SEPARATORS + b] texts with separators a and b */
} tag_facts;

void tag_facts_add(tag_facts *facts, const char *text);

/* How to split: at each byte of `set`, or (set is "") at the text `whole`; both "": not at all. */
typedef struct tag_rule {
  char set[8], whole[16];
} tag_rule;

/* Finds the rule from the facts of all texts: at bars alone if there are any. Else at semicolons, commas and slashes,
 * but not at a slash if some text has a comma too (then the slash belongs to a name), and so on. `blanks`: the column
 * says that its words are tags. */
void tag_rule_find(const tag_facts *facts, bool blanks, tag_rule *out);

/* The rule for a separator that the user gave: text, a word of head_wished_separator, or `none`. USAGE. */
status tag_rule_wished(const char *separator, tag_rule *out);

enum { TAG_MAX = 1024 /* bytes of a tag; a longer one does not fit */ };

/* Adds the tags of the text to those in `joined`, which are separated by bars and end with a NUL; each once. Blanks
 * around tags, quotes around them and brackets around a list of them are left out. Returns false if one did not fit:
 * then it and those after it are left out. */
bool tag_join(char *joined, size_t room, const char *text, const tag_rule *rule);

/* How much a title says: 0 nothing (empty, NA, null, …), 1 only marks, 2 something. */
int text_says(const char *text);

#endif
