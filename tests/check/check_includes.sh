#!/bin/bash
# If this fails, the house has lost its order: a reader can no longer understand a folder from those below it alone, or
# a kernel can no longer be built and tested without MPI and HDF5.
#   check_includes.sh [ROOT]
# Five rules, each with the file that breaks it: includes run down the list of folders below; no two files include one
# another in a circle; <hdf5.h> stands in io/hdf5 alone and <mpi.h> in io/ranks alone; kernels include no folder that
# needs them; a folder has at most 25 sources and a README.md of at most 20 lines (a room's own may be longer).
set -u
cd "${1:-$(dirname "$0")/../..}" || exit 1

# A folder may include itself and those before it. "pure": built into palate_kernels, without MPI and HDF5.
folders='
io/base pure
io/values pure
io/text pure
io/detect pure
io/tables pure
io/ranks
io/ranks/alone
io/source
io/hdf5
io/snapshot
io/schema
io/matrix
io/ingest
train/math pure
train/rows pure
train/cost pure
train/solve/kernels pure
train/solve/row pure
train/solve pure
train/centres pure
train/exchange
train/als
train/groups
train/plan
eval/rank pure
eval/metrics pure
eval/baseline
eval/score
eval/holdout
eval/measure
eval/lists
eval/reader
jobs/synth
jobs/cli
jobs/settings
jobs/groups
jobs/steps
jobs/show
jobs/tune
jobs/commands
jobs
'
# Pure files in folders that are not.
pure_files='io/matrix/npy eval/holdout/split jobs/synth/planted jobs/synth/planted_names'

list=$(mktemp) sources=$(mktemp)
trap 'rm -f "$list" "$sources"' EXIT
find io train eval jobs -name '*.[ch]' | sort >"$sources"
[ -s "$sources" ] || { echo "no sources below $PWD"; exit 1; }
# FILE INCLUDED, without the quotes.
xargs grep -oE '^ *# *include +["<][^">]+[">]' <"$sources" | sed -E 's/: *# *include +/ /; s/"//g' >"$list"

awk -v folders="$folders" -v pure_files="$pure_files" '
  function folder(path) { sub(/\/[^\/]*$/, "", path); return path }
  function unit(path) { sub(/\.[ch]$/, "", path); return path }
  function say(text) { print text; wrong++ }
  BEGIN {
    n = split(folders, line, "\n")
    for (i = 1; i <= n; i++) {
      m = split(line[i], word, " ")
      if (m > 0) place[word[1]] = i
      if (m > 1) pure[word[1]] = 1
    }
    n = split(pure_files, word, " ")
    for (i = 1; i <= n; i++) pure[word[i]] = 1
  }
  {
    from = folder($1); to = folder($2)
    kernel = (from in pure) || (unit($1) in pure)
    checked++
    if (!(from in place)) say($1 ": the folder " from " is not in the list of tests/check/check_includes.sh")
    else if ($2 == "<hdf5.h>") { if (from != "io/hdf5") say($1 " includes <hdf5.h>: only io/hdf5 may") }
    else if ($2 == "<mpi.h>") { if (from != "io/ranks") say($1 " includes <mpi.h>: only io/ranks may") }
    else if ($2 ~ /^</) next
    else if (!(to in place)) say($1 " includes " $2 ", which is in no folder of the list")
    else if (place[to] > place[from]) say($1 " includes " $2 ": " from " stands below " to)
    else if (kernel && !(to in pure) && !(unit($2) in pure)) say($1 " is a kernel and includes " $2 ", which is not")
  }
  END { print checked " includes looked at" > "/dev/stderr"; exit wrong > 0 }' "$list"
status=$?

# A file and its header are one place, beside which its private header may stand; tsort names the places of a circle.
circle=$(awk '$2 !~ /^</ {
    a = $1; b = $2
    sub(/\.[ch]$/, "", a); sub(/\.[ch]$/, "", b)
    if (a != b && a != b "_private" && b != a "_private") print a, b
  }' "$list" | tsort 2>&1 >/dev/null)
if [ -n "$circle" ]; then
  echo "files that include one another in a circle:"
  grep -v 'contains a loop' <<<"$circle"
  status=1
fi

while read -r folder _; do
  [ -d "$folder" ] || continue
  count=$(find "$folder" -maxdepth 1 -name '*.[ch]' | wc -l)
  [ "$count" -le 25 ] || { echo "$folder has $count sources: at most 25, so that a folder shows one idea"; status=1; }
  [ "$folder" = jobs ] && continue
  lines=$(cat "$folder/README.md" 2>/dev/null | wc -l)
  [ "$lines" -gt 0 ] && [ "$lines" -le 20 ] || { echo "$folder/README.md has $lines lines: 1 to 20"; status=1; }
done <<<"${folders#?}"
exit $status
