#!/bin/bash
# If this fails, a member without events gets a list that says nothing, or the weights that fit the data are not taken.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# Short rows and a small catalogue: many members have all their events held out.
must 1 synth -o d.h5 --users 1500 --items 90 --events 6000 --groups 3 --seed 4
train="train d.h5 --factors 10 --sweeps 6 --holdout random:0.3 --resume never"

# ---- the model: the same bits on any number of ranks, the numbers taken stand in it ----
for ranks in 1 3; do
  # shellcheck disable=SC2086
  must $ranks $train -o m$ranks
  cp err said$ranks
done
one=$(only m1)
good "the same model on 3 ranks" cmp "$one/model.h5" "$(only m3)/model.h5"
good "the numbers taken are said" grep -Eq '^unobserved weight .* pairs / \(' said1
good "those of members without pairs too" grep -Eq '^[0-9]+ users have no training pairs' said1
cat >model.py <<'PY'
import re, sys
import h5py
import numpy as np
from collections import Counter
m, d = h5py.File(sys.argv[1] + "/model.h5"), h5py.File("d.h5")
said = open("said1").read()
pairs, users, items = map(int, re.search(r"10 x (\d+) pairs / \((\d+) users x (\d+) items", said).groups())
a = m.attrs
assert pairs == a["pairs"] and items <= 90
assert abs(a["unobserved_weight"] - min(1, 10 * pairs / (users * items))) < 1e-12
assert abs(a["lambda"] - 0.06 / (pairs / users) ** (1 / 3)) < 1e-12 and a["prior_mean"] == 0.3
x, y, prior, unseen = (m[n][:] for n in ("users/factors", "items/factors", "users/prior_mean", "users/unseen"))
blank = (x == unseen).all(axis=1)
assert blank.sum() == 1500 - users == int(re.search(r"(\d+) users have no training pairs", said).group(1)) > 100
assert np.allclose(x[~blank].astype("f8").mean(axis=0), prior, atol=1e-6)
# Its row: the system without pairs.
y = y.astype("f8")
ridge = a["lambda"] * a["unobserved_weight"] * 90
wanted = np.linalg.solve(a["unobserved_weight"] * y.T @ y + ridge * np.eye(10), 0.3 * ridge * prior)
assert np.allclose(unseen, wanted, rtol=1e-3, atol=1e-5)
# Its list: close to what is popular.
count = Counter(d["interactions/indices"][:])
popular = [i for i, _ in count.most_common(10)]
best = list(np.argsort(-(y @ unseen))[:10])
assert len(set(best) & set(popular)) >= 7, (best, popular)
print(d["users/id"][:][blank][0].decode())
print(" ".join(d["items/id"][:][i].decode() for i in best[:5]))
PY
good "prior, row without events and weights are what NumPy computes" "$python" model.py "$one"
"$python" model.py "$one" >known || exit 1
member=$(sed -n 1p known)

# ---- the plan takes the same numbers ----
must 0 plan d.h5 --holdout random:0.3 --json
cp out plan.json
cat >plan.py <<'PY'
import json, sys
import h5py
plan, a = json.load(open("plan.json")), h5py.File(sys.argv[1] + "/model.h5").attrs
assert all(abs(plan[n] - a[n]) < 1e-12 for n in ("lambda", "unobserved_weight")), plan
PY
good "the plan says which weights are taken" "$python" plan.py "$one"

# ---- everywhere: one list, everyone's, what is measured, groups ----
must 0 recommend "$one" --user "$member" --top 10 --json
good "the member's list says whose taste it is" grep -q 'the items that the mean member likes' err
cp out user.json
must 2 recommend "$one" --all --top 10 -o all.h5
cat >same.py <<'PY'
import json, sys
import h5py
user, best = open("known").read().splitlines()
one = [i["id"] for i in json.load(open("user.json"))["items"]]
with h5py.File(sys.argv[1] + "/model.h5") as m, h5py.File("all.h5") as a, h5py.File("d.h5") as d:
    ids, row = [v.decode() for v in m["items/id"][:]], [v.decode() for v in m["users/id"][:]].index(user)
    assert [ids[i] for i in a["users/item"][row]] == one
    indptr = d["interactions/indptr"][:]
    has = {ids[i] for i in d["interactions/indices"][indptr[row]:indptr[row + 1]]}
wanted = [i for i in best.split() if i not in has]
assert not has & set(one) and one[:len(wanted)] == wanted
PY
good "the same list among everyone's, without what the member has" "$python" same.py "$one"
must 2 evaluate "$one" d.h5
cp "$one/metrics.json" two.json
must 1 evaluate "$one" d.h5
good "the same figures on 2 ranks" cmp two.json "$one/metrics.json"
cat >slice.py <<'PY'
import json, sys
m = json.load(open(sys.argv[1]))
s = next(s for s in m["slices"] if s["name"] == "members with no training pair")
assert s["users"] > 100 and s["model"]["ndcg"] > 0.9 * s["most_popular"]["ndcg"], s
assert m["model"]["at"]["10"]["ndcg"] > m["most_popular"]["at"]["10"]["ndcg"]
PY
good "members without pairs get nearly what is popular, all together more" "$python" slice.py "$one/metrics.json"
must 2 cluster "$one" --groups 3
blank=$(sed -n 's/^\([0-9]*\) users have no training pairs.*/\1/p' said1)
good "they shape no group, and are counted" grep -q "^$blank of 1500 .* have no events to learn from" err

# ---- from here on: a warm start takes tastes alone, and a newcomer has the same prior ----
must 1 publish "$one"
# shellcheck disable=SC2086
must 2 $train -o m1 --warm-start "$one"
good "rows without events are not tastes to start from" grep -q "$((1500 - blank)) of 1500 users" err
must 0 recommend "$one" --likes "$(sed -n 2p known | cut -d' ' -f1)" --top 5

# ---- without a prior, and with weights given ----
# shellcheck disable=SC2086
must 1 $train -o zero --prior-mean 0 --unobserved-weight 0.2 --lambda 0.02
cat >zero.py <<'PY'
import sys
import h5py
with h5py.File(sys.argv[1] + "/model.h5") as m:
    assert m.attrs["prior_mean"] == 0 and m.attrs["unobserved_weight"] == 0.2 and m.attrs["lambda"] == 0.02
    assert "prior_mean" not in m["users"] and "unseen" not in m["users"]
    assert (m["users/factors"][:] == 0).all(axis=1).sum() == int(sys.argv[2])
PY
good "numbers given are taken as they are" "$python" zero.py "$(only zero)" "$blank"
must 0 recommend "$(only zero)" --user "$member" --top 5
good "and a list that says nothing is told" grep -q 'all items score alike' err
for solver in cg subspace auto; do
  # shellcheck disable=SC2086
  must 2 $train -o "s-$solver" --solver "$solver" --prior-mean 1
done
# shellcheck disable=SC2086
must 2 $train -o nonnegative --nonnegative
for bad in "--prior-mean 1.5" "--prior-mean -1" "--unobserved-weight much" "--lambda none"; do
  # shellcheck disable=SC2086
  ends 64 1 $train -o bad $bad
  good "named" grep -q -- "${bad% *}" err
done
finish
