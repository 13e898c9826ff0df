/* What `palate info` shows of a file: gathered as JSON, and printed for people from the same object. Local. */
#ifndef PALATE_JOBS_SHOW_INFO_H
#define PALATE_JOBS_SHOW_INFO_H

#include "io/base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Reads the whole dataset once, in slabs. Free with json_decref. */
status info_dataset(const char *path, json_t **out);
void info_dataset_show(const json_t *info, FILE *to);

/* `dir` as snapshot_resolve gives it; `groups`: with every taste group. */
status info_snapshot(const char *dir, bool groups, json_t **out);
void info_snapshot_show(const json_t *info, FILE *to);

/* A number for people: 1234567 as "1,234,567". out[32]; returns out. */
char *info_thousands(int64_t n, char *out);

/* One line: a label, and text with control characters escaped. */
void info_line(FILE *to, const char *label, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
