#!/bin/bash
# If this fails, a rating that someone lowered still counts as it was, what was bought and sent back is recommended on, or a
# model is measured on other events than the latest.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export OMP_NUM_THREADS=1

cat >tables.py <<'PY'
import random
random.seed(4)
USERS, ITEMS = 60, 40
pairs = [(u, i) for u in range(USERS) for i in range(ITEMS) if random.random() < .3 or u == i or (u == 0) or (i == 0)]
random.shuffle(pairs)
def write(name, rows, head):
    open(name, "w").write(head + "\n" + "".join(",".join(map(str, r)) + "\n" for r in rows))
PY
# --- the last rating counts: of one second, without times, and appended ---
"$python" - <<'PY'
from tables import *
final = {p: random.randrange(1, 6) for p in pairs}
changed = [p for p in pairs if random.random() < .4]
before = {p: random.randrange(1, 6) for p in changed}
old = [(*p, before.get(p, final[p])) for p in pairs]
new = [(*p, final[p]) for p in changed]
write("final.csv", [(*p, final[p]) for p in pairs], "user,item,rating")
write("old.csv", old, "user,item,rating")
write("new.csv", new, "user,item,rating")
write("both.csv", old + new, "user,item,rating")
at = lambda k: 1700000000000 + k # all within two seconds
timed = [(*e, at(k)) for k, e in enumerate(old)] + [(*e, at(len(old) + k)) for k, e in enumerate(new)]
random.shuffle(timed)
write("timed.csv", timed, "user,item,rating,time")
write("test_last.csv", [(*p, final[p]) for p in changed], "user,item,rating")
write("test_both.csv", [(*p, before[p]) for p in changed] + new, "user,item,rating")
PY
for ranks in 1 3; do
  must $ranks ingest final.csv -o final.h5
  must $ranks ingest both.csv -o both.h5
  must $ranks ingest timed.csv -o timed.h5
  must $ranks ingest old.csv -o old.h5
  must $ranks ingest new.csv --append old.h5 -o appended.h5
  rm -rf models
  for data in final both timed appended; do
    must $ranks train $data.h5 -o models/$data --loss explicit --factors 4 --sweeps 3
    good "$data on $ranks ranks: the last rating of a pair is what is trained on" "$python" - "$(only models/final)" "$(only models/$data)" <<'PY'
import sys, h5py
a, b = (h5py.File(p + "/model.h5") for p in sys.argv[1:])
for name in ("users/factors", "items/factors", "users/bias", "items/bias"):
    assert (a[name][:] == b[name][:]).all(), name
PY
  done
done
must 1 train final.h5 -o tested --loss explicit --factors 4 --sweeps 3
for name in last both; do
  must 2 ingest test_$name.csv -o test_$name.h5
  for ranks in 1 3; do
    must $ranks evaluate "$(only tested)" final.h5 --test test_$name.h5 --json
    mv out $name.$ranks.json
  done
done
good "of --test, too, the last rating counts" "$python" -c '
import json
a, *others = [json.load(open(f)) for f in ("last.1.json", "both.1.json", "last.3.json", "both.3.json")]
assert all(b["model"] == a["model"] for b in others)'

# --- what is no like ---
"$python" - <<'PY'
from tables import *
bought = {p: random.randrange(1, 4) for p in pairs}
returned = [p for p in pairs if random.random() < .2 and 0 not in p]
disliked = [p for p in pairs if random.random() < .1 and p not in returned and 0 not in p]
likes = [(*p, bought[p]) for p in pairs if p not in returned and p not in disliked]
events = likes + [(*p, -1) for p in disliked]
for p in returned:
    k = random.randrange(3) # seen only; bought and returned; in parts that single precision rounds
    events += [(*p, v) for v in ([0], [2, -2], [.1, .2, -.3])[k]]
random.shuffle(events)
write("shop.csv", events, "user,item,quantity")
write("kept.csv", likes + [(*p, -1) for p in disliked], "user,item,quantity")
print(len(returned), len(disliked), len(likes), file=open("counts", "w"))
write("returned", returned, "user,item")
PY
read -r returned disliked likes <counts
must 2 ingest shop.csv -o shop.h5
must 2 ingest kept.csv -o kept.h5
for ranks in 1 2 3; do
  for how in "--confidence ials" "--confidence ials --weights value" "--confidence linear" "--confidence raw" "--confidence log"; do
    rm -rf shops
    # shellcheck disable=SC2086
    must $ranks train shop.h5 -o shops/shop --factors 6 --sweeps 3 $how
    good "pairs of value 0 and dislikes are told" grep -q "left out: $returned pairs of value 0.* $disliked pairs below 0" err
    # shellcheck disable=SC2086
    must $ranks train kept.h5 -o shops/kept --factors 6 --sweeps 3 $how
    good "$how on $ranks ranks: a pair of value 0 is as good as not there" "$python" - "$(only shops/kept)" "$(only shops/shop)" "$returned" "$disliked" <<'PY'
import sys, h5py
a, b = (h5py.File(p + "/model.h5") for p in sys.argv[1:3])
assert (a["users/id"][:] == b["users/id"][:]).all() and (a["items/id"][:] == b["items/id"][:]).all()
for name in ("users/factors", "items/factors"):
    assert (a[name][:] == b[name][:]).all(), name
assert a.attrs["pairs"] == b.attrs["pairs"]
assert (b.attrs["zero_pairs"], b.attrs["dislikes"]) == (int(sys.argv[3]), int(sys.argv[4]))
assert (a.attrs["zero_pairs"], a.attrs["dislikes"]) == (0, int(sys.argv[4]))
PY
  done
done
must 1 recommend "$(only shops/shop)" --all --data shop.h5 --top 40 -o lists.h5
good "what was returned is known, and not recommended again" "$python" -c '
import csv, h5py
d, r = h5py.File("shop.h5"), h5py.File("lists.h5")
users, items = ([s.decode() for s in d[x + "/id"][:]] for x in ("users", "items"))
shown = {(users[u], items[i]) for u, row in enumerate(r["users/item"][:]) for i in row if i >= 0}
returned = {tuple(e) for e in list(csv.reader(open("returned")))[1:]}
assert returned and not (returned & shown), returned & shown'
for data in shop kept; do
  must 1 plan $data.h5 --ranks 2 --factors 6 --json
  mv out plan.$data
done
good "the plan counts what is trained on" "$python" -c '
import json
a, b = json.load(open("plan.shop")), json.load(open("plan.kept"))
assert a["bytes_sent"] == b["bytes_sent"], (a, b)'
must 1 train shop.h5 -o rated --loss explicit --factors 2 --sweeps 1
good "as ratings, 0 is a rating" "$python" -c '
import sys, h5py
f = h5py.File(sys.argv[1] + "/model.h5")
assert f.attrs["pairs"] == sum(map(int, sys.argv[2:])) and "zero_pairs" not in f.attrs' "$(only rated)" "$returned" "$disliked" "$likes"
printf 'user,item,count\na,x,0\nb,x,1\nb,x,-1\n' >nothing.csv
must 1 ingest nothing.csv -o nothing.h5
ends 65 2 train nothing.h5 -o none
good "nothing but zeros is said" grep -q 'all 2 pairs have the value 0, which is not a like' err

# --- last:N and baskets ---
"$python" - <<'PY'
from tables import *
rows = [(u, i, 1, 1600000000 + 86400 * random.randrange(4)) for u, i in pairs]
write("baskets.csv", rows, "user,item,value,time")
random.shuffle(rows)
write("again.csv", rows, "user,item,value,time")
PY
must 2 ingest baskets.csv -o baskets.h5
must 2 ingest again.csv -o again.h5
for ranks in 1 2 3; do
  must $ranks train baskets.h5 -o last$ranks --factors 4 --sweeps 2 --holdout last:3
  good "the share of members whose baskets are cut is said" grep -qE 'holdout last:3: for [0-9]+ of 60 users \([0-9.]+ %\) the cut falls among items of the same time' err
  must $ranks evaluate "$(only last$ranks)" baskets.h5 --json
  mv out last$ranks.json
  good "nobody has seen a test pair" [ "$(grep -c 'has seen' err)" -eq 0 ]
  good "the same on $ranks ranks" cmp last$ranks.json last1.json
done
must 1 train again.h5 -o again --factors 4 --sweeps 2 --holdout last:3
good "in whatever order a basket comes, the same part is held out" "$python" - "$(only last1)" "$(only again)" <<'PY'
import sys, h5py
a, b = (h5py.File(p + "/model.h5") for p in sys.argv[1:])
assert (a["users/factors"][:] == b["users/factors"][:]).all()
assert a.attrs["holdout_key"] == b.attrs["holdout_key"]
PY
must 1 train baskets.h5 -o seed2 --factors 4 --sweeps 2 --holdout last:3 --seed 2
must 1 evaluate "$(only last1)" baskets.h5 --seed 2
good "with another seed another part of a basket is held out, and that is said" grep -qE 'has seen [1-9][0-9]* of [0-9]+ test pairs' err
finish
