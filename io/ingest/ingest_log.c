#define _DEFAULT_SOURCE /* strsep */
#include "io/ingest/ingest_log.h"

#include "io/base/log.h"

#include <stdio.h>
#include <string.h>

static void log_layout(const char *path, const text_layout *l) {
  static const char *const ROLE[N_ROLES] = {"", "user", "item", "value", "time"};
  char words[64], columns[1024] = "";
  snprintf(words, sizeof words, "%s", TEXT_FORMAT_WORDS);
  char *word = words, *rest = words;
  for (int i = 0; i <= (int)l->format; i++)
    word = strsep(&rest, "|");
  for (int c = 0; c < l->n_columns; c++) {
    size_t n = strlen(columns);
    text_role role = (text_role)l->role[c];
    if (role != ROLE_SKIP)
      snprintf(columns + n, sizeof columns - n, "%s%s = column %d%s%s%s", n > 0 ? ", " : ": ", ROLE[role], c + 1,
               l->column_name[role][0] != '\0' ? " (" : "", l->column_name[role],
               l->column_name[role][0] != '\0' ? ")" : "");
  }
  for (int role = ROLE_USER; role < N_ROLES && l->format == TEXT_JSONL; role++) {
    size_t n = strlen(columns);
    if (l->key[role][0] != '\0')
      snprintf(columns + n, sizeof columns - n, "%s%s = %s", n > 0 ? ", " : ": ", ROLE[role], l->key[role]);
  }
  for (int role = ROLE_VALUE; role < N_ROLES; role++) {
    size_t n = strlen(columns);
    if (l->reading[role][0] != '\0')
      snprintf(columns + n, sizeof columns - n, "; %ss: %s", ROLE[role], l->reading[role]);
  }
  log_info("%s: %s%s%s", path, word, columns,
           l->format == TEXT_LISTS   ? ": each line is a user and their items"
           : text_lines_are_users(l) ? "; each line is a user, whose id is its number"
           : !l->has_value           ? "; no values, so every event counts 1"
                                     : "");
}

static void log_matrix(const char *path, const matrix *m) {
  static const char *const KIND[] = {[MATRIX_H5] = "h5", [MATRIX_H5_DENSE] = "h5, dense (0 is nothing)"};
  const matrix_ids *users = m->items_major ? &m->minor_ids : &m->major_ids;
  const matrix_ids *items = m->items_major ? &m->major_ids : &m->minor_ids;
  if (m->kind == MATRIX_NPZ || m->kind == MATRIX_NPZ_PAIRS)
    log_info("%s: npz: %lld events, %s in rows; ids are numbers from 0; --rows %s reads it the other way round", path,
             (long long)m->entries, m->items_rows ? "items" : "users", m->items_rows ? "users" : "items");
  else
    log_info("%s: %s: %lld %s in %s, %s in rows; ids of users: %s, of items: %s%s", path, KIND[m->kind],
             (long long)m->entries, m->kind == MATRIX_H5 ? "events" : "cells", m->group[0] != '\0' ? m->group : "/",
             m->items_rows ? "items" : "users", users->path[0] != '\0' ? users->path : "numbers from 0",
             items->path[0] != '\0' ? items->path : "numbers from 0", m->has_time ? "; with times" : "");
}

void ingest_log_sources(const ingest_settings *s, const ingest_sources *sources) {
  int logged = 0, matrix = 0;
  for (int i = 0; i < s->n_sources; i++) {
    const text_layout *l = &sources->text[i].layout;
    bool again = false;
    if (text_is_matrix(l->format)) {
      log_matrix(s->sources[i], &sources->matrices[matrix++]);
      continue;
    }
    for (int k = 0; k < i && !again && k < 100; k++)
      again = memcmp(&sources->text[k].layout, l, sizeof *l) == 0;
    if (!again && logged++ < 10)
      log_layout(s->sources[i], l);
  }
}

void ingest_log_times(comm *c, const text_counts *counts) {
  static const char *const UNIT[N_UNITS] = {"",      "seconds", "milliseconds", "microseconds", "nanoseconds",
                                            "dates", "dates",   "dates"};
  int64_t units[N_UNITS];
  memcpy(units, counts->units, sizeof units);
  comm_sum_i64(c, units, N_UNITS);
  char text[256] = "";
  int kinds = 0;
  for (int u = UNIT_S; u < N_UNITS; u++)
    if (units[u] > 0) {
      size_t n = strlen(text);
      snprintf(text + n, sizeof text - n, "%s%s (%lld)", kinds++ > 0 ? ", " : "", UNIT[u], (long long)units[u]);
    }
  if (kinds > 1)
    log_warn("times have mixed units: %s; set one unit for all numbers with --time-unit", text);
  else if (kinds == 1 && units[UNIT_S] == 0)
    log_info("times read as %s", text);
}
