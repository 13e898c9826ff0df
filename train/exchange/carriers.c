#include "train/exchange/carriers.h"

#include "io/base/mem.h"

#include <string.h>

/* A directory over the ranks of a host: its (r mod ranks)-th rank decides about row r. */
typedef struct directory {
  int *mate; /* [mates]: the ranks of our host, ascending */
  int mates;
  off *give, *got, *at; /* [ranks] */
  lid *asked, *heard; /* rows we ask about, by the rank that decides; rows we are asked about, by the rank that asks */
  int *answer, *told; /* their carriers */
  off n_heard;
} directory;

static void directory_free(directory *d) {
  mem_free(d->mate);
  mem_free(d->give);
  mem_free(d->got);
  mem_free(d->at);
  mem_free(d->asked);
  mem_free(d->heard);
  mem_free(d->answer);
  mem_free(d->told);
}

static status directory_create(comm *c, directory *d, const lid *row, off n) {
  status st = OK;
  TRY(MEM_ALLOC(d->mate, c->size, "ranks of a host"));
  TRY(MEM_ZALLOC(d->give, c->size, "a directory of rows"));
  TRY(MEM_ALLOC(d->got, c->size, "a directory of rows"));
  TRY(MEM_ALLOC(d->at, c->size, "a directory of rows"));
  TRY(MEM_ALLOC(d->asked, n, "a directory of rows"));
  TRY(MEM_ALLOC(d->told, n, "a directory of rows"));
  for (int r = 0; r < c->size; r++)
    if (comm_host(c, r) == comm_host(c, c->rank))
      d->mate[d->mates++] = r;
  for (off i = 0; i < n; i++)
    d->give[d->mate[row[i] % d->mates]]++;
done:
  return st;
}

/* For every row we are asked about, chooses one of the ranks that asked. Each rank's rows ascend, so they are
 * merged. */
static void choose(const comm *c, directory *d) {
  comm_starts(d->at, d->got, c->size);
  off left = d->n_heard;
  while (left > 0) {
    lid row = INT32_MAX;
    int n = 0;
    for (int m = 0; m < d->mates; m++) {
      int r = d->mate[m];
      if (d->got[r] == 0 || d->heard[d->at[r]] > row)
        continue;
      n = d->heard[d->at[r]] < row ? 1 : n + 1;
      row = d->heard[d->at[r]];
    }
    int turn = (int)(row / d->mates % n), carrier = -1;
    for (int pass = 0; pass < 2; pass++)
      for (int m = 0, i = 0; m < d->mates; m++) {
        int r = d->mate[m];
        if (d->got[r] == 0 || d->heard[d->at[r]] != row)
          continue;
        if (pass == 0 && i++ == turn)
          carrier = r;
        if (pass == 1) {
          d->answer[d->at[r]++] = carrier;
          d->got[r]--;
          left--;
        }
      }
  }
}

status carriers_choose(comm *c, const lid *row, off n, int *carrier) {
  directory d = {0};
  off *counts = NULL;
  status st = OK;
  TRY(comm_agree(c, directory_create(c, &d, row, n)));
  comm_transpose_i64(c, d.give, d.got);
  d.n_heard = comm_starts(d.at, d.got, c->size);
  st = MEM_ALLOC(d.heard, d.n_heard, "a directory of rows");
  if (st == OK)
    st = MEM_ALLOC(d.answer, d.n_heard, "a directory of rows");
  if (st == OK)
    st = MEM_ALLOC(counts, c->size, "a directory of rows");
  TRY(comm_agree(c, st));
  memcpy(counts, d.got, sizeof *counts * (size_t)c->size);
  comm_starts(d.at, d.give, c->size);
  for (off i = 0; i < n; i++)
    d.asked[d.at[d.mate[row[i] % d.mates]]++] = row[i];
  comm_move_rows(c, d.asked, d.give, d.heard, d.got, sizeof *d.heard);
  choose(c, &d);
  comm_move_rows(c, d.answer, counts, d.told, d.give, sizeof *d.told);
  comm_starts(d.at, d.give, c->size);
  for (off i = 0; i < n; i++)
    carrier[i] = d.told[d.at[d.mate[row[i] % d.mates]]++];
done:
  directory_free(&d);
  mem_free(counts);
  return st;
}
