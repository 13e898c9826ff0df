/* The taste groups of one member, for people and for JSON. */
#ifndef PALATE_JOBS_GROUPS_TASTES_H
#define PALATE_JOBS_GROUPS_TASTES_H

#include "io/base/status.h"
#include "io/base/types.h"

#include <jansson.h>

/* [{"group", "label", "affinity"}, …], nearest first, of user `row` in DIR/groups.h5; NULL in *out if the snapshot
 * has no groups. Texts are escaped for terminals. Free with json_decref. Local. */
status tastes_read(const char *dir, gid row, json_t **out);

/* "54 % Nature, History · 20 % Noir" in out[size]: what tastes_read found, down to one per cent. */
char *tastes_line(const json_t *tastes, char *out, size_t size);

/* The themes of a group's label, which stand before its titles ("Noir, Sea: The Alibi / …"); the whole label if it
 * has none. Returns out[size]. */
char *tastes_themes(const char *label, char *out, size_t size);

#endif
