#!/bin/bash
# If this fails, a file that was damaged on disk crashes palate, or is taken for good. Bits are flipped in each of the
# first bytes and anywhere, runs overwritten, ends cut off. PALATE_LONG=1: fifty times as many.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
damage=$bin/tests/damage
[ -x "$damage" ] || skip "the tests were not built: no $damage"

count=200
[ -n "$PALATE_LONG" ] && count=10000
seed=${PALATE_SEED:-$$}
echo "seed $seed"
must 0 synth -o d.h5 --users 150 --items 40 --events 2000 --groups 3 --factors 3 --quiet
must 0 synth -o e.h5 --users 150 --items 40 --events 2000 --groups 3 --factors 3 --loss explicit --quiet
must 0 refresh e.h5 -o s --loss explicit --factors 4 --sweeps 2 --groups 3 --quiet
latest=s/$(readlink s/latest)

broken() { # KIND FILE COUNT
  "$damage" "$1" "$2" "$3" "$seed" >told 2>err
  good "no crash and no wrong value by a damaged $2" [ $? -eq 0 ]
  cat told
}
broken dataset d.h5 $count
broken model "$latest/model.h5" $count
for file in model.h5 groups.h5 metrics.json manifest.json SHA256SUMS; do
  broken snapshot "$latest/$file" $((count / 4))
  [ "$file" = SHA256SUMS ] || good "every change to $file is found" eval '! grep -q "read as before" told'
done
finish
