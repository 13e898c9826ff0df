/* The status that a function which can fail returns, and its message.
 *
 * Like errno, the message belongs to the thread: a failing function calls status_fail(), callers pass the status up
 * with TRY(), and jobs/main.c prints the message once. Of several ranks' statuses the largest is reported. */
#ifndef PALATE_IO_BASE_STATUS_H
#define PALATE_IO_BASE_STATUS_H

typedef enum status {
  OK = 0,
  STOPPED,       /* by a signal or a time limit, after a checkpoint; submit again to resume */
  WORSE,         /* the gate found the new model worse; nothing was published */
  USAGE,         /* wrong command line or config file */
  BAD_DATA,      /* wrong input */
  NO_INPUT,      /* input that does not exist or may not be read */
  CANNOT_CREATE, /* an output cannot be created */
  IO_FAILED,     /* disk full, damaged file, failed read or write */
  NO_MEMORY,     /* no memory left, or the limit of --memory reached */
  INTERNAL       /* a bug in palate */
} status;

enum { STATUS_MESSAGE_MAX = 1024 };

/* Records what failed, where, and what to do (one sentence or two, no newline at the end) and returns st. Local. */
status status_fail(status st, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The message of this thread's last status_fail(), "" if there was none. Owned by the thread. */
const char *status_message(void);

/* Exit status of the process, with the numbers of sysexits.h. */
int status_exit_code(status st);

/* Short name, such as "bad data". */
const char *status_name(status st);

/* Early return for functions that free what they hold at the label `done` and return the variable `st`. */
#define TRY(call)                                                                                                      \
  do {                                                                                                                 \
    st = (call);                                                                                                       \
    if (st != OK)                                                                                                      \
      goto done;                                                                                                       \
  } while (0)

/* Makes the call unless `st` already is a failure. For several local steps before one comm_agree(): a rank that fails
 * skips the rest and still takes part in the agreement. */
#define THEN(call)                                                                                                     \
  do {                                                                                                                 \
    if (st == OK)                                                                                                      \
      st = (call);                                                                                                     \
  } while (0)

#endif
