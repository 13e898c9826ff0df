#include "io/base/words.h"

#include <stdio.h>
#include <string.h>

int word_find(const char *words, const char *text) {
  size_t wanted = strlen(text);
  for (int place = 0;; place++) {
    size_t length = strcspn(words, "|");
    if (length == wanted && strncmp(words, text, length) == 0)
      return place;
    if (words[length] == '\0')
      return -1;
    words += length + 1;
  }
}

const char *word_at(const char *words, int place, char *out, size_t size) {
  for (; place > 0; place--)
    words += strcspn(words, "|") + 1;
  snprintf(out, size, "%.*s", (int)strcspn(words, "|"), words);
  return out;
}
