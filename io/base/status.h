/* What a function that can fail returns, and the one message that goes with it.
 *
 * Like errno, the message belongs to the thread: a failing function calls status_fail(), every caller passes the status
 * upwards with TRY(), and jobs/main.c prints the message once. Statuses are ordered so that the largest of several
 * ranks' is the one to report. */
#ifndef PALATE_IO_BASE_STATUS_H
#define PALATE_IO_BASE_STATUS_H

typedef enum status {
  OK = 0,
  STOPPED,       /* a signal or a time limit, after a checkpoint; submit again to go on */
  WORSE,         /* the gate: the new model is worse, nothing published */
  USAGE,         /* the command line or a config file */
  BAD_DATA,      /* input that is there but wrong */
  NO_INPUT,      /* input that is not there or may not be read */
  CANNOT_CREATE, /* an output that cannot be made */
  IO_FAILED,     /* disk full, corrupt file, a read or write that failed */
  NO_MEMORY,     /* memory, or the limit given by --memory */
  INTERNAL       /* a fault of ours */
} status;

enum { STATUS_MESSAGE_MAX = 1024 };

/* Records what failed, where, and what to do (one sentence or two, no newline at the end) and returns st. Local. */
status status_fail(status st, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The message of this thread's last status_fail(), "" where there is none. Owned by the thread. */
const char *status_message(void);

/* Exit status of the process, as sysexits.h numbers them. */
int status_exit_code(status st);

/* Short name, such as "bad data". */
const char *status_name(status st);

/* Early return for functions that free what they hold at a label `done` and return a variable `st`. */
#define TRY(call)                                                                                                      \
  do {                                                                                                                 \
    st = (call);                                                                                                       \
    if (st != OK)                                                                                                      \
      goto done;                                                                                                       \
  } while (0)

/* Makes the call unless `st` already is a failure. For several local steps before one comm_agree(): a rank that fails
 * skips the rest of them, and then meets the others there. */
#define THEN(call)                                                                                                     \
  do {                                                                                                                 \
    if (st == OK)                                                                                                      \
      st = (call);                                                                                                     \
  } while (0)

#endif
