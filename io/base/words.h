/* Lists of words such as "one|two|three". A list stands beside the enum whose values it names, in the same order. */
#ifndef PALATE_IO_BASE_WORDS_H
#define PALATE_IO_BASE_WORDS_H

#include <stddef.h>

/* The place of `text` in "a|b|c", from 0; -1: it is not there. */
int word_find(const char *words, const char *text);

/* Copies the word at `place` (from 0, at most the last) into out[size]; returns out. */
const char *word_at(const char *words, int place, char *out, size_t size);

#endif
