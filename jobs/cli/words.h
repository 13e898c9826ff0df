/* The words of options that choose one of a few, in the order of the enum they stand for. Models keep these words as
 * attributes. */
#ifndef PALATE_JOBS_CLI_WORDS_H
#define PALATE_JOBS_CLI_WORDS_H

#include <stddef.h>

#define LOSS_WORDS "explicit|implicit"
#define CONFIDENCE_WORDS "ials|linear|raw|log"       /* enum confidence */
#define WEIGHTS_WORDS "one|value"                    /* loss.weigh_values */
#define DUPLICATES_WORDS "sum|max|last|mean"         /* enum duplicates */
#define SOLVER_WORDS "auto|cholesky|cg|subspace"     /* enum solve_method */
#define EXCHANGE_WORDS "auto|replicate|halo|reduce"  /* enum exchange_mode */
#define SIDE_WORDS "users|items"                     /* enum side */
#define DISTANCE_WORDS "euclidean|cosine"            /* --metric of groups */
#define MATRIX_ROWS_WORDS "auto|users|items"         /* ingest_settings.rows */
#define AUTO_YES_NO_WORDS "auto|yes|no"              /* text_wish.header */
#define QUOTING_WORDS "auto|yes|no|backslash"        /* text_wish.quoting */
#define TIME_UNIT_WORDS "auto|s|ms|us|ns|date"       /* enum text_time_unit */
#define EXPORT_FORMAT_WORDS "npy|csv|ann-benchmarks" /* export's --format */
#define ON_OFF_WORDS "on|off"

/* The place of `text` in "a|b|c", from 0; -1: it is not there. */
int word_find(const char *words, const char *text);

/* Copies the word at `place` (from 0, at most the last) into out[size]; returns out. */
const char *word_at(const char *words, int place, char *out, size_t size);

#endif
