#include "train/rows/row_set.h"

#include "io/base/mem.h"

status row_set_create(row_set *s, gid n) {
  *s = (row_set){.words = n / 64 + 1};
  status st = MEM_ZALLOC(s->bits, s->words, "a set of rows");
  return st != OK ? st : MEM_ALLOC(s->below, s->words, "a set of rows");
}

void row_set_free(row_set *s) {
  mem_free(s->bits);
  mem_free(s->below);
  *s = (row_set){0};
}

off row_set_count(row_set *s) {
  off n = 0;
  for (off w = 0; w < s->words; w++) {
    s->below[w] = (lid)n;
    n += __builtin_popcountll(s->bits[w]);
  }
  return n;
}
