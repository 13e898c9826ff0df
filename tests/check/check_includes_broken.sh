#!/bin/bash
# If this fails, check_includes.sh no longer sees a rule broken, and the house loses its order unnoticed.
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong=0

# broken WORDS FILE LINE: a copy of the tree in which LINE is added to FILE is refused with WORDS.
broken() {
  rm -rf "$work/tree"
  mkdir "$work/tree"
  (cd "$here/../.." && cp -r io train eval jobs "$work/tree")
  mkdir -p "$(dirname "$work/tree/$2")"
  printf '%s\n' "$3" >>"$work/tree/$2"
  if bash "$here/check_includes.sh" "$work/tree" >"$work/said" 2>&1 || ! grep -q -- "$1" "$work/said"; then
    echo "WRONG: what was added to $2 is not refused with \`$1\`"
    wrong=$((wrong + 1))
  fi
}

broken 'io/base stands below io/text' io/base/mem.c '#include "io/text/text.h"'
broken 'train/math stands below jobs/cli' train/math/gram.c '#include "jobs/cli/options.h"'
broken 'only io/hdf5 may' io/schema/model.c '#include <hdf5.h>'
broken 'only io/ranks may' train/solve/solver.c '#include <mpi.h>'
broken 'is a kernel and includes' train/rows/csr.c '#include "io/ranks/comm.h"'
broken 'is a kernel and includes' eval/holdout/split.c '#include "eval/score/scorer.h"'
broken 'in a circle' io/base/mem.h '#include "io/base/strings.h"'
broken 'is not in the list' io/new_room/thing.c '#include <stdio.h>'
broken 'io/base/README.md has [4-9][0-9] lines' io/base/README.md "$(seq 40)"
[ "$wrong" -eq 0 ] && echo "9 broken rules, all of them seen"
