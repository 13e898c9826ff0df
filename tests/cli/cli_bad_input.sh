#!/bin/bash
# If this fails, a mistake in a nightly script or a broken file ends in a hang, a crash, a wrong status for the
# scheduler, or a page of messages from every rank.
. "$(dirname "$0")/lib.sh"

# refuse STATUS WORD ARG...: palate ends with the status and says one thing that has the word, on 1 and on 2 ranks.
refuse() {
  local want=$1 word=$2
  shift 2
  local how="1 2"
  case $1 in recommend | similar | info | verify | publish | rollback | prune | export) how=0 ;; esac
  for ranks in $how; do
    run "$ranks" "$@"
    good "status of palate $* at $ranks ranks: $status, not $want" [ "$status" -eq "$want" ]
    said=$(grep -c '^palate' "$work/err")
    good "palate $* at $ranks ranks says one thing, not $said" [ "$said" -eq 1 ]
    good "palate $* at $ranks ranks speaks of $word" grep -qi -- "$word" "$work/err"
    good "palate $* at $ranks ranks leaves standard output alone" [ ! -s "$work/out" ]
  done
}

cd "$work" || exit 1
must 1 synth -o good.h5 --users 60 --items 40 --events 900 --groups 3 --factors 4
must 1 synth -o ratings.h5 --users 60 --items 40 --events 900 --groups 3 --factors 4 --loss explicit

# ---- the command line ----
refuse 64 "is not a command" nonsense
refuse 64 "unknown option" train good.h5 --no-such-option
refuse 64 "takes DATASET" train
refuse 64 "factors" train good.h5 --factors 0
refuse 64 "factors" train good.h5 --factors many
refuse 64 "lambda" train good.h5 --lambda nan
refuse 64 "loss" train good.h5 --loss sideways
refuse 64 "holdout" train good.h5 --holdout sometimes
refuse 64 "holdout" train good.h5 --holdout random:2
refuse 64 "-o DATASET is missing" synth
refuse 64 "more than" synth -o much.h5 --users 2 --items 2 --events 5
refuse 66 "config" train good.h5 --config none.conf
printf 'factors = 8\nsideways = 1\n' >bad.conf
refuse 64 "sideways" train good.h5 --config bad.conf

# ---- files that are not there, or not what they should be ----
refuse 66 "none.h5" train none.h5
refuse 66 "none.csv" ingest none.csv -o out.h5
: >empty.csv
refuse 65 "empty" ingest empty.csv -o out.h5
printf 'user,item,rating\n1,2,3\n1,x y,four\n' >line.csv
refuse 65 "line.csv" ingest line.csv -o out.h5
good "the message names line 3" grep -q '3' "$work/err"
printf 'user,item,rating\n1,2,3\n2,2,nan\n' >nan.csv
refuse 65 "nan.csv" ingest nan.csv -o out.h5
good "nothing is left of a refused ingest" [ ! -e out.h5 ]
echo "this is no HDF5" >text.h5
refuse 65 "text.h5" train text.h5
head -c 3000 good.h5 >short.h5
refuse 74 "short.h5" train short.h5

# A dataset whose indptr goes backwards, does not begin at 0, or points past the events; items outside the catalogue.
cat >break.py <<'PY'
import h5py, shutil, sys
import numpy as np

def broken(name, change):
    with h5py.File("good.h5") as a, h5py.File(name, "w") as b:
        b.attrs.update(a.attrs)
        a.copy("interactions", b), a.copy("users", b), a.copy("items", b)
        change(b["interactions"])

def indptr(change):
    def apply(g):
        values = g["indptr"][:]
        change(values)
        g["indptr"][...] = values
    return apply

def put(name, at, value):
    def apply(g):
        g[name][at] = value
    return apply

def back(v): v[5] = v[7] + 1
def begin(v): v[0] = 1
def past(v): v[-1] += 1
def below(v): v[3] = -4
broken("copy.h5", lambda g: None)
broken("back.h5", indptr(back))
broken("begin.h5", indptr(begin))
broken("past.h5", indptr(past))
broken("below.h5", indptr(below))
broken("item.h5", put("indices", 10, 40))
broken("minus.h5", put("indices", 10, -1))
broken("notfinite.h5", put("data", 10, np.inf))
broken("short_data.h5", lambda g: (g.pop("data"), g.create_dataset("data", data=np.ones(3, "f4"))))
PY
"$python" break.py || exit 1
must 1 train copy.h5 -o copies --factors 4 --sweeps 2 --quiet
for name in back begin past below item minus notfinite short_data; do
  refuse 65 "$name.h5" train $name.h5 -o broken --factors 4 --sweeps 2 --quiet
done

# ---- data that leaves nothing to do ----
refuse 65 "hold" train good.h5 -o nothing --holdout before:1990-01-01 --quiet
cat >lonely.csv <<'CSV'
user,item,rating
1,1,5
2,1,4
3,1,3
CSV
must 1 ingest lonely.csv -o lonely.h5
must 1 train lonely.h5 -o lonely --factors 2 --sweeps 2 --quiet
lonely=$(tail -n 1 out)
refuse 64 "more than" cluster "$lonely" --groups 4 --quiet
refuse 64 "groups" cluster "$lonely" --groups 0 --quiet
refuse 64 "memberships" cluster "$lonely" --groups 2 --memberships 0 --quiet
refuse 64 "holdout" evaluate "$lonely" lonely.h5 --quiet
must 1 train lonely.h5 -o lonely --factors 2 --sweeps 2 --quiet --holdout random:0.000001
held=$(tail -n 1 out)
refuse 65 "held-out" evaluate "$held" lonely.h5 --quiet
refuse 66 "none" evaluate "$held" none.h5 --quiet
refuse 66 "nowhere" cluster nowhere --groups 2
refuse 66 "nowhere" evaluate nowhere lonely.h5

# A member without an event: kept, counted, and recommended what comes out of a zero vector or refused by name.
cat >silent.py <<'PY'
import h5py
import numpy as np
with h5py.File("copy.h5") as a, h5py.File("silent.h5", "w") as b:
    b.attrs.update(a.attrs)
    a.copy("interactions", b), a.copy("users", b), a.copy("items", b)
    g = b["interactions"]
    indptr, n = g["indptr"][:], len(g["indptr"])
    del g["indptr"], b["users/id"]
    g["indptr"] = np.append(indptr, indptr[-1])  # one more member, after the last event
    b["users/id"] = np.append(a["users/id"][:], np.array([b"silent"]))
    g.attrs["shape"] = np.array([n, g.attrs["shape"][1]])
PY
"$python" silent.py || exit 1
for ranks in 1 2; do
  must $ranks train silent.h5 -o silent --factors 4 --sweeps 3 --holdout random:0.1 --quiet
  silent=$(tail -n 1 out)
  must $ranks evaluate "$silent" silent.h5 --quiet
  must $ranks cluster "$silent" --groups 3
done
run 0 recommend "$silent" --user silent
good "a member without events gets an answer or a clear refusal, not $status" [ "$status" -eq 0 -o "$status" -eq 65 ]

# ---- snapshots ----
refuse 64 "nobody" recommend "$silent" --user nobody
refuse 64 "user" recommend "$silent"
refuse 65 "seal" verify "$silent"
run 0 publish "$silent"
good "publish seals and publishes what was unsealed" [ "$status" -eq 0 ]
run 0 recommend silent --user 1
good "what is published can be read" [ "$status" -eq 0 ]
rm "$silent/SHA256SUMS"
refuse 65 "seal" recommend silent --user 1
refuse 65 "seal" verify silent
refuse 66 "nowhere" info nowhere
refuse 66 "nowhere" verify nowhere
refuse 66 "nowhere" recommend nowhere --user 1

# ---- output that cannot be made: root passes over modes, so a path below a file ----
refuse 73 "good.h5" synth -o good.h5/out.h5
refuse 73 "good.h5" ingest lonely.csv -o good.h5/out.h5
refuse 73 "good.h5" train good.h5 -o good.h5/snapshots --factors 4 --sweeps 1 --quiet

finish
