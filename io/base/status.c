#include "io/base/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[STATUS_MESSAGE_MAX];

status status_fail(status st, const char *format, ...) {
  /* Formatted aside first, so that a caller may pass status_message() itself as an argument to add context. */
  char text[STATUS_MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  for (int i = 0; (message[i] = text[i]) != '\0'; i++) {
  }
  return st;
}

const char *status_message(void) {
  return message;
}

int status_exit_code(status st) {
  switch (st) {
  case OK:
    return 0;
  case STOPPED:
    return 75;
  case WORSE:
    return 76;
  case USAGE:
    return 64;
  case BAD_DATA:
    return 65;
  case NO_INPUT:
    return 66;
  case CANNOT_CREATE:
    return 73;
  case IO_FAILED:
    return 74;
  case NO_MEMORY:
  case INTERNAL:
    return 70;
  }
  return 70;
}

const char *status_name(status st) {
  switch (st) {
  case OK:
    return "done";
  case STOPPED:
    return "stopped";
  case WORSE:
    return "worse model";
  case USAGE:
    return "usage";
  case BAD_DATA:
    return "bad data";
  case NO_INPUT:
    return "input missing";
  case CANNOT_CREATE:
    return "cannot create output";
  case IO_FAILED:
    return "input/output error";
  case NO_MEMORY:
    return "out of memory";
  case INTERNAL:
    return "internal error";
  }
  return "internal error";
}
