#!/bin/bash
# If this fails, titles that three people know come first in lists of similar titles, or a model's counts of events are
# wrong and the lists follow them.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# Three groups of tastes; `rare` is known to three members of the first group, mix0 … mix2 to many of two groups. A
# repeated pair of each member counts once, and one of value 0 not at all.
"$python" - <<'PY'
import random
random.seed(5)
with open("d.csv", "w") as f:
    print("user,item,value", file=f)
    for u in range(233):
        mine = [i for i in range(37) if i % 3 == u % 3 and random.random() < 0.8 or random.random() < 0.05]
        for i in range(3):
            if u % 3 < 2 and random.random() < 0.4:
                print(f"u{u},mix{i},1", file=f)
        for i in mine + mine[:1]:
            print(f"u{u},i{i},1", file=f)
        print(f"u{u},i{next(i for i in range(37) if i not in mine)},0", file=f)
    for u in range(0, 9, 3):
        print(f"u{u},rare,1", file=f)
    print("u1,never,0", file=f)
PY
must 1 ingest d.csv -o d.h5
train="train d.h5 --factors 11 --sweeps 6 --resume never"
for ranks in 1 2 3; do
  # shellcheck disable=SC2086
  must $ranks $train -o m$ranks
done
one=$(only m1)
good "the same model on 2 ranks" cmp "$one/model.h5" "$(only m2)/model.h5"
good "and on 3" cmp "$one/model.h5" "$(only m3)/model.h5"
# shellcheck disable=SC2086
must 3 $train -o reduced --exchange reduce --heavy-rows 40
# shellcheck disable=SC2086
must 2 $train -o half --holdout random:0.4
must 2 refresh d.h5 -o refit --factors 11 --sweeps 6 --holdout random:0.4 --groups 3 --quiet

cat >pairs.py <<'PY'
import sys
import h5py
import numpy as np
d = h5py.File("d.h5")["interactions"]
user = np.repeat(np.arange(233), np.diff(d["indptr"][:]))
likes = {(u, i) for u, i, v in zip(user, d["indices"][:], d["data"][:]) if v > 0}
wanted = np.bincount([i for _, i in likes], minlength=42)
def pairs(path):
    f = h5py.File(path)
    n = f["items/pairs"][:]
    assert n.dtype == np.int64 and n.shape == (42,) and n.sum() == f.attrs["pairs"], path
    return n
one, reduced, half, refit = sys.argv[1:]
for folder in one, reduced, refit:  # heavy items whose events stay where they are; a model trained again on everything
    assert (pairs(folder + "/model.h5") == wanted).all(), folder
assert sorted(wanted)[:2] == [0, 3]
for path in half + "/model.h5", refit + "/measured.h5":
    n = pairs(path)
    assert (n <= wanted).all() and 0.5 * wanted.sum() < n.sum() < 0.7 * wanted.sum(), path
PY
good "a model counts the training pairs of each item" "$python" pairs.py "$one" "$(only reduced)" "$(only half)" refit/latest

# ---- the lists ----
for s in 0 7.5 1000000000; do
  must 0 similar "$one" --item i3 --top 20 --support $s --json
  cp out list-$s.json
done
must 0 similar "$one" --item i3 --top 20 --json
cp out list-default.json
good "no warning" [ ! -s err ]
must 0 similar --help
cp out help
cat >lists.py <<'PY'
import json, re, sys
import h5py
import numpy as np
default = float(re.search(r"--support=S .*?default ([\d.]+)", open("help").read(), re.S).group(1))
m = h5py.File(sys.argv[1] + "/model.h5")
ids = [v.decode() for v in m["items/id"][:]]
y, n = m["items/factors"][:].astype("f8"), m["items/pairs"][:]
i = ids.index("i3")
length = np.linalg.norm(y, axis=1)
cosine = y @ y[i] / np.maximum(length * length[i], 1e-300)
cosine[length == 0] = cosine[i] = -9
assert cosine[ids.index("never")] == -9
places = {}
for name, s in ("0", 0), ("7.5", 7.5), ("1000000000", 1e9), ("default", default):
    said = json.load(open(f"list-{name}.json"))["items"]
    wanted = cosine * n / np.maximum(n + s, 1)
    wanted[cosine == -9] = -9
    assert np.allclose([v["similarity"] for v in said], np.sort(wanted)[::-1][:20], rtol=1e-4), name
    assert np.allclose([wanted[ids.index(v["id"])] for v in said], [v["similarity"] for v in said], rtol=1e-4), name
    places[name] = [v["id"] for v in said]
first = [min(p.index(f"mix{i}") for i in range(3)) for p in (places["0"], places["default"])]
assert places["0"].index("rare") < first[0], places["0"]
assert "rare" not in places["default"][:first[1]], places["default"]
PY
good "lists are what NumPy computes; three members do not put a title first" "$python" lists.py "$one"

# ---- a model of an older version, and damaged counts ----
for what in old negative short kind; do
  cp -rL "$one" $what
  "$python" - $what <<'PY'
import sys
import h5py
import numpy as np
with h5py.File(sys.argv[1] + "/model.h5", "r+") as f:
    n = f["items/pairs"][:]
    for name in "items/pairs", "checksums/items/pairs":
        if name in f:
            del f[name]
    if sys.argv[1] == "negative":
        n[3] = -1
        f["items/pairs"] = n
    if sys.argv[1] == "short":
        f["items/pairs"] = n[1:]
    if sys.argv[1] == "kind":
        f["items/pairs"] = n.astype(np.float32)
PY
done
must 0 similar old --item i3 --top 20 --json
good "an older model gives the list by cosine" cmp out list-0.json
good "and says so in one line" [ "$(grep -c 'sorted by cosine alone' err)" -eq 1 ]
must 0 similar old --item i3 --top 20 --support 0
good "but not to one who asked for that" [ ! -s err ]
for what in negative short kind; do
  ends 65 0 similar $what --item i3
  good "damaged counts are named" grep -q '/items/pairs' err
done
for s in -1 x nan 1e10; do
  ends 64 0 similar "$one" --item i3 --support $s
done
finish
