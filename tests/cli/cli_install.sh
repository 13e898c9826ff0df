#!/bin/bash
# If this fails, a cluster's administrator cannot install palate, or a command has no help that a stranger can use.
. "$(dirname "$0")/lib.sh"
cmake --install "$bin" --prefix "$work/prefix" >"$work/out" 2>"$work/err"
installed=$work/prefix/bin/palate
good "palate is installed" [ -x "$installed" ]
good "it says its version" grep -Eq '^palate [0-9]+\.[0-9]+' <("$installed" --version)
for file in train.sbatch refresh.sbatch nightly; do
  good "$file is installed" [ -x "$work/prefix/share/palate/jobs/$file" ]
  good "$file is a script" bash -n "$work/prefix/share/palate/jobs/$file"
done
good "palate --help fits 80 columns" [ -z "$("$installed" --help | LC_ALL=C.UTF-8 awk 'length($0) > 80')" ]
commands=$("$installed" --help | awk '/^  [a-z]/ {print $1}')
good "the promised commands are there" [ "$(grep -cxE 'ingest|synth|info|train|cluster|evaluate|recommend|similar|export|refresh|publish|rollback|verify|prune|plan' <<<"$commands")" -eq 15 ]
for command in $commands; do
  "$installed" "$command" --help >"$work/out" 2>"$work/err"
  good "$command --help ends with 0" [ $? -eq 0 ]
  good "$command --help says how it is used" grep -q "^Usage: palate $command" "$work/out"
  good "$command --help has an example" grep -q "^  *\(mpirun .*\)\?palate $command" "$work/out"
  good "$command --help fits 80 columns" [ -z "$(LC_ALL=C.UTF-8 awk 'length($0) > 80' "$work/out")" ]
  good "$command --help says nothing on standard error" [ ! -s "$work/err" ]
done
finish
