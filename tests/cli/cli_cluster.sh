#!/bin/bash
# If this fails, members find themselves in groups that are not theirs, or groups change their number and name over night.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# ---- planted groups are found again ----
# Three groups that share no theme; with more of them the planted groups overlap.
must 2 synth -o one.h5 --users 3000 --items 600 --events 240000 --groups 3 --factors 8 --spread 0.1
must 2 train one.h5 -o snaps --factors 12 --sweeps 8 --lambda 0.01 --unobserved-weight 0.1
dir=$(tail -n 1 out)
must 2 cluster "$dir" --groups 3 --metric euclidean
cat >rand.py <<'PY'
import sys
import h5py
import numpy as np
from collections import Counter
with h5py.File(sys.argv[1]) as g, h5py.File("one.truth.h5") as t:
    a, b = g["users/group"][:, 0], t["users/group"][:]
pairs = lambda n: n * (n - 1) / 2
both = sum(pairs(n) for n in Counter(zip(a, b)).values())
in_a, in_b = (sum(pairs(n) for n in Counter(x).values()) for x in (a, b))
expected = in_a * in_b / pairs(len(a))
print((both - expected) / ((in_a + in_b) / 2 - expected))
PY
rand=$("$python" rand.py "$dir/groups.h5")
echo "planted groups: adjusted Rand index $rand"
good "planted groups are found again, not $rand" at_least "$rand" 0.9

# ---- the file says what it should ----
must 1 cluster "$dir" --groups 30 --memberships 4 --metric euclidean
cat >check.py <<'PY'
import sys
import h5py
import numpy as np
with h5py.File(sys.argv[1] + "/groups.h5") as g, h5py.File(sys.argv[1] + "/model.h5") as m:
    x, c = m["users/factors"][:].astype(float), g["groups/centroid"][:].astype(float)
    group, affinity = g["users/group"][:], g["users/affinity"][:]
    size, top, label = g["groups/size"][:], g["groups/top_items"][:], g["groups/label"][:]
    inertia = g.attrs["inertia"]
    items = m["items/id"].shape[0]
d2 = ((x[:, None, :] - c[None]) ** 2).sum(2)
near = np.sort(d2, 1)[:, :4]
assert group.shape == affinity.shape == (3000, 4) and group.dtype == np.int32 and size.dtype == np.int64
assert np.allclose(np.take_along_axis(d2, group, 1), near, atol=1e-5), "not the nearest, or not in order"
assert np.allclose(affinity.sum(1), 1, atol=1e-5) and (np.diff(affinity, axis=1) <= 1e-6).all()
assert abs(np.median(affinity[:, 0]) - 0.5) < 1e-3, np.median(affinity[:, 0])
assert (np.bincount(group[:, 0], minlength=30) == size).all() and (size > 0).all()
assert abs(inertia / near[:, 0].sum() - 1) < 1e-4, (inertia, near[:, 0].sum())
assert top.shape == (30, 20) and top.max() < items and top.min() >= -1
assert all(len(name) > 0 for name in label) and len(set(label)) > 25
PY
good "nearest first, affinities sum to 1, their median is 0.5" "$python" check.py "$dir"

# ---- the same bits on any ranks ----
for what in "--groups 30 --metric euclidean" "--groups 30 --metric cosine" "--groups auto:1..12" "--groups 9 --side items"; do
  file=groups.h5
  [ "${what#*items}" = "$what" ] || file=item_groups.h5
  # shellcheck disable=SC2086
  must 1 cluster "$dir" $what
  cp "$dir/$file" alone.h5
  for ranks in 2 3; do
    # shellcheck disable=SC2086
    must $ranks cluster "$dir" $what
    good "$what: $ranks ranks write what one does" "$tests/support/same_h5" alone.h5 "$dir/$file"
  done
done
run 1 info "$dir" --groups
good "info shows the groups" grep -q "taste groups" out

# ---- over night: the same people keep their group's number and name ----
cat >days.py <<'PY'
import h5py
import numpy as np
with h5py.File("one.h5") as d:
    ptr, item, value = d["interactions/indptr"][:], d["interactions/indices"][:], d["interactions/data"][:]
    users, items = d["users/id"][:].astype(str), d["items/id"][:].astype(str)
user = np.repeat(np.arange(len(users)), np.diff(ptr))
late = np.random.default_rng(1).random(len(user)) < 0.03          # a day of events
late |= user >= 2950                                               # and fifty people who come new
for name, keep in (("monday", ~late), ("tuesday", np.ones(len(user), bool))):
    with open(name + ".csv", "w") as f:
        f.write("user,item,value\n")
        for u, i, v in zip(user[keep], item[keep], value[keep]):
            f.write(f"{users[u]},{items[i]},{v:g}\n")
PY
"$python" days.py || exit 1
for day in monday tuesday; do must 2 ingest $day.csv -o $day.h5; done
must 2 refresh monday.h5 -o night --groups 20 --factors 12 --sweeps 60 --tolerance 1e-4 --holdout none --gate off
monday=$(tail -n 1 out)
# The second night has a day more of events. Once it trains anew, once it goes on from the first, as it does by default.
cp -a night again
must 2 refresh tuesday.h5 -o again --factors 12 --sweeps 60 --tolerance 1e-4 --holdout none --gate off --warm-start never
anew=$(tail -n 1 out)
must 2 refresh tuesday.h5 -o night --factors 12 --sweeps 60 --tolerance 1e-4 --holdout none --gate off
tuesday=$(tail -n 1 out)
cat >night.py <<'PY'
import json
import sys
import h5py
import numpy as np
monday, tuesday, most = sys.argv[1:]
said = next(e for e in map(json.loads, open(tuesday + "/train.jsonl")) if e["event"] == "identity")
def read(day):
    with h5py.File(day + "/groups.h5") as g, h5py.File(day + "/model.h5") as m:
        return dict(zip(m["users/id"][:].astype(str), g["users/group"][:, 0])), g["groups/label"][:].astype(str), dict(g.attrs)
a, names_a, _ = read(monday)
b, names_b, attrs = read(tuesday)
moved = sum(a[u] != b[u] for u in a)
print(f"over night: {moved} of {len(a)} members moved, {sum(names_a == names_b)} of {len(names_a)} names kept")
assert len(names_b) == 20, "auto goes on with the parent's number"
assert said["moved"] == moved == attrs["moved"] and said["known"] == len(a) and said["new"] == len(b) - len(a)
assert moved < float(most) * len(a), "too many moved"
assert said["kept"] == attrs["groups_kept"] >= 18 and sum(names_a == names_b) >= said["kept"]
PY
good "groups keep their people, numbers and names" "$python" night.py "$monday" "$tuesday" 0.1
"$python" night.py "$monday" "$tuesday" 1 2>/dev/null
good "so they do where the night trains anew" "$python" night.py "$monday" "$anew" 0.15
"$python" night.py "$monday" "$anew" 1 2>/dev/null

# Another seed gives the factors other axes: only the people can tell which group is which.
must 2 train monday.h5 -o axes --factors 12 --sweeps 10 --seed 1
first=$(tail -n 1 out)
must 2 cluster "$first" --groups 3
must 2 train tuesday.h5 -o axes --factors 12 --sweeps 10 --seed 2
second=$(tail -n 1 out)
must 2 cluster "$second" --parent "$first"
good "groups are recognized along other axes" grep -q "3 of 3 groups are the same people" err

# ---- auto makes groups that a person can tell apart: none is small, no label is borne twice ----
cat >readable.py <<'PY'
import sys
import h5py
import numpy as np
dir, least, low, high = sys.argv[1], *map(int, sys.argv[2:])
with h5py.File(dir + "/groups.h5") as g, h5py.File(dir + "/model.h5") as m:
    group, affinity = g["users/group"][:, 0], g["users/affinity"][:]
    size, label = g["groups/size"][:], g["groups/label"][:].astype(str)
    unseen = g.attrs["zero_rows"]
    members = m["users/id"].shape[0]
assert low <= len(size) <= high, len(size)
assert (size >= least).all(), size
assert len(set(label)) == len(label) and all(label), label
assert size.sum() == members - unseen, (size.sum(), members, unseen)
counted = np.bincount(group, minlength=len(size))
assert (counted >= size).all() and (counted - size).sum() == unseen and np.allclose(affinity.sum(1), 1, atol=1e-5)
PY
must 2 cluster "$dir"
good "auto: no group of fewer than 25" "$python" readable.py "$dir" 25 1 60
must 2 cluster "$dir" --groups auto:9..40 --least-group 150
good "a least size, and at least LOW groups" "$python" readable.py "$dir" 1 9 20
must 1 cluster "$dir" --groups auto --least-group 700
cp "$dir/groups.h5" alone.h5
good "--least-group is kept" "$python" readable.py "$dir" 700 1 4
must 3 cluster "$dir" --groups auto --least-group 700
good "merged groups have the same bits on 3 ranks" "$tests/support/same_h5" alone.h5 "$dir/groups.h5"

# Titles that are all the same, and members whose only events are held out.
cat >twins.py <<'PY'
import numpy as np
rng = np.random.default_rng(3)
with open("twins.csv", "w") as f, open("titles.csv", "w") as t:
    f.write("user,item,value\n")
    t.write("item,title\n")
    for i in range(60):
        t.write(f"i{i},Episode\n")
    for u in range(331):
        for i in rng.choice(20, 1 if u % 30 == 7 else 8, replace=False):
            f.write(f"u{u},i{(i + u % 3 * 20)},1\n")
PY
"$python" twins.py || exit 1
must 2 ingest twins.csv --items titles.csv -o twins.h5
must 2 train twins.h5 -o twins --factors 6 --sweeps 4 --holdout random:0.5
twins=$(tail -n 1 out)
must 2 cluster "$twins" --groups 7
good "seven labels of one title differ; members without events are in no size" "$python" readable.py "$twins" 1 7 7
must 1 info "$twins" --groups
good "info counts them" grep -Eq "[0-9]+ members have no events to learn from" out

# ---- small data, and ratings that are all alike, never stop a refresh ----
tiny() { # NAME PATTERN GROUPS ARG...: NAME.csv is refreshed into that many groups, and it is said why
  local name=$1 pattern=$2 groups=$3
  shift 3
  must 1 ingest "$name.csv" -o "$name.h5"
  for ranks in 1 2; do
    rm -rf "$name.$ranks"
    must $ranks refresh "$name.h5" -o "$name.$ranks" --factors 4 --sweeps 3 "$@"
    good "$name, $ranks ranks: says '$pattern'" grep -q "$pattern" err
    good "$name: groups" "$python" readable.py "$(tail -n 1 out)" 0 "$groups" "$groups"
  done
}
cat >tiny.py <<'PY'
with open("three.csv", "w") as f:
    f.write("user,item,value\n" + "".join(f"u{u},t{t},{1 + (u * t) % 5}\n" for u in range(3) for t in range(5) if t != u))
with open("alike.csv", "w") as f:
    f.write("user,item,value\n" + "".join(f"u{u},t{(u * 7 + j) % 30},4\n" for u in range(80) for j in range(6)))
with open("same.csv", "w") as f:
    f.write("user,item,value\n" + "".join(f"u{u},t{t},1\n" for u in range(60) for t in range(12)))
with open("one.csv", "w") as f:
    f.write("user,item,value\nu,t,1\n")
PY
"$python" tiny.py || exit 1
tiny three "too few to tell groups" 1 --holdout none --gate off
tiny three "tastes" 3 --holdout none --gate off --groups 8
tiny one "too few to tell groups\|the same taste" 1 --holdout none --gate off
tiny same "the same taste" 1 --holdout none --gate off
tiny same "the same taste" 1 --holdout none --gate off --groups 5
tiny alike "none of the 80 members has a taste" 1 --holdout none --gate off --loss explicit
good "the gate says that the ratings do not differ" grep -q "the ratings do not differ" err
tiny alike "none of the 80 members has a taste" 1 --loss explicit --quality --groups 4

# ---- what cannot be done is said, once, with the right status ----
fails() { # STATUS PATTERN ARG...
  local want=$1 pattern=$2
  shift 2
  for ranks in 1 2; do
    run $ranks cluster "$@"
    good "cluster $*: status $want at $ranks ranks, not $status" [ "$status" -eq "$want" ]
    good "cluster $*: says '$pattern'" grep -q "$pattern" err
    good "cluster $*: says it once" [ "$(grep -c '^palate cluster' err)" -eq 1 ]
  done
}
fails 64 "more than the 3000 members" "$dir" --groups 3001
fails 64 "takes a whole number from 1" "$dir" --groups 0
for range in auto:3..1 auto:0..3 auto:4 auto:1..3x; do fails 64 "auto:LOW..HIGH" "$dir" --groups $range; done
fails 65 "lower range" "$dir" --groups auto:2000..3000
fails 64 "takes one of" "$dir" --metric manhattan
fails 64 "takes a whole number from 1" "$dir" --least-group 0
fails 64 "is sealed" "$monday" --groups 5
fails 66 "" nowhere --groups 5
finish
