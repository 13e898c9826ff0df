/* The words of options that choose one of a few, in the order of the enum they stand for. Models keep these words as
 * attributes. The words of an enum of train stand beside it: --confidence, --weights, --duplicates, --solver,
 * --exchange. */
#ifndef PALATE_JOBS_CLI_WORDS_H
#define PALATE_JOBS_CLI_WORDS_H

#include "io/base/words.h"
#include "train/cost/choose.h"
#include "train/rows/row_sort.h"
#include "train/solve/row/loss.h"
#include "train/solve/solver.h"

#define LOSS_WORDS "explicit|implicit"
#define SIDE_WORDS "users|items"                     /* enum side */
#define DISTANCE_WORDS "euclidean|cosine"            /* --metric of groups */
#define MATRIX_ROWS_WORDS "auto|users|items"         /* ingest_settings.rows */
#define AUTO_YES_NO_WORDS "auto|yes|no"              /* text_wish.header */
#define QUOTING_WORDS "auto|yes|no|backslash"        /* text_wish.quoting */
#define TIME_UNIT_WORDS "auto|s|ms|us|ns|date"       /* enum text_time_unit */
#define EXPORT_FORMAT_WORDS "npy|csv|ann-benchmarks" /* export's --format */
#define ON_OFF_WORDS "on|off"
#define IF_REPEATED_WORDS "warn|refuse" /* ingest_settings.refuse_repeated */

#endif
