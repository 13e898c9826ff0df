/* Remarks about a member beside their list, on standard error. All local. */
#ifndef PALATE_JOBS_SHOW_MEMBER_LIST_H
#define PALATE_JOBS_SHOW_MEMBER_LIST_H

#include "eval/reader/reader.h"

/* Warns if nothing was trained on for the member. */
status member_warn_blank(reader *r, gid row);

/* Logs the taste groups of a member; nothing if the snapshot has no groups. */
status member_log_tastes(const char *dir, const char *id, gid row);

#endif
