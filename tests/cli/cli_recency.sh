#!/bin/bash
# If this fails, --half-life weighs events by other ages than it says, lets what is held out shape the model, or gives
# another model on another number of ranks; or members go on being recommended what they liked long ago.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# Members whose taste moves from one kind of item to the next, with repeats; times are in seconds. Each member begins on
# another day, so that the last event of a member and of the data are far apart.
cat >make.py <<'PY'
import numpy as np
r = np.random.default_rng(8)
users, items, kinds = 331, 97, 4
popular = 1 / (3 + np.arange(items) // kinds)
with open("d.csv", "w") as f:
    f.write("user,item,time\n")
    for u in range(users):
        n = int(r.integers(1, 60))
        day = np.sort(r.random(n)) * 400 + r.integers(0, 300)
        seconds = 1_500_000_000 + np.unique((day * 86400).astype(int))
        kind = r.integers(kinds)
        for j, t in enumerate(seconds):
            now = (kind + (4 * j) // n) % kinds if r.random() < 0.85 else r.integers(kinds)
            p = popular * (np.arange(items) % kinds == now)
            f.write(f"u{u},i{r.choice(items, p=p / p.sum())},{t}\n")
PY
"$python" make.py || skip "python3 with numpy is missing"
must 2 ingest d.csv -o d.h5
train="train d.h5 --factors 7 --sweeps 5 --prior-mean 0 --solver cholesky --resume never"

# ---- the model is what NumPy computes from the events alone ----
cat >model.py <<'PY'
import sys
import h5py
import numpy as np
from collections import defaultdict
path, days, since, rule = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]
d, m = h5py.File("d.h5"), h5py.File(path)
indptr, item, time = (d["interactions/" + n][:] for n in ("indptr", "indices", "time"))
users, items = len(indptr) - 1, len(d["items/id"])
rows = []
for u in range(users):
    events, latest, first = range(indptr[u], indptr[u + 1]), {}, {}
    for e in events:
        latest[item[e]] = max(latest.get(item[e], 0), time[e])
        first[item[e]] = min(first.get(item[e], 1 << 60), time[e])
    if rule == "last:2":
        held = set(sorted(latest, key=latest.get)[-2:])
        rows.append({i: t for i, t in latest.items() if i not in held})
    elif rule.startswith("before:"):
        until, row = int(rule[7:]), {}
        for e in events:
            if time[e] < until:
                row[item[e]] = max(row.get(item[e], 0), time[e])
        rows.append(row)
    else:
        rows.append(latest)
end = max(max(row.values()) for row in rows if row)
w = np.zeros((users, items))
for u, row in enumerate(rows):
    last = end if since == "global" else max(row.values(), default=0)
    for i, t in row.items():
        w[u, i] = 0.02 + 0.98 * 2 ** (-(last - t) / 86400 / days) if days > 0 else 1
x, y = (m[n + "/factors"][:].astype("f8") for n in ("users", "items"))
lam, a0 = m.attrs["lambda"], m.attrs["unobserved_weight"]
assert m.attrs["pairs"] == (w > 0).sum() and 0 < (w > 0).any(axis=1).sum()
n_user, n_item = (w > 0).sum(axis=1), (w > 0).sum(axis=0)
s = x @ y.T
objective = (w * (s * s - 2 * s + 1)).sum() + a0 * (s * s).sum()
objective += lam * ((n_user + a0 * items) @ (x * x).sum(axis=1) + (n_item + a0 * users) @ (y * y).sum(axis=1))
assert abs(objective - m.attrs["objective"][-1]) < 2e-5 * objective, (objective, m.attrs["objective"][-1])
# The items were solved last, against these very users.
for i in range(items):
    a = (x * w[:, i:i + 1]).T @ x + a0 * x.T @ x + lam * (n_item[i] + a0 * users) * np.eye(x.shape[1])
    assert np.allclose(y[i], np.linalg.solve(a, x.T @ w[:, i]), rtol=1e-3, atol=1e-4), i
PY
for how in "20 user last:2" "20 global last:2" "45.5 user before:1525000000" "45.5 global before:1525000000" \
  "7 global none" "0 user last:2"; do
  read -r days since rule <<<"$how"
  form=$days,$since
  [ "$since" = global ] || form=$days # the default
  [ "$days" != 0 ] || form=none
  name=m-$form-$rule
  # shellcheck disable=SC2086
  must 2 $train -o "$name" --holdout "$rule" --half-life "$form"
  one=$(only "$name")
  good "$how: factors and objective are what NumPy computes" "$python" model.py "$one/model.h5" "$days" "$since" "$rule"
  good "$how: it stands in the model" "$python" -c 'import sys, h5py
assert h5py.File(sys.argv[1]).attrs["half_life"] in (sys.argv[2], sys.argv[2].encode())' "$one/model.h5" "$form"
done

# ---- the same bits on any number of ranks and threads, by every way ----
first=$(only "m-20,global-last:2")/model.h5
for ranks in 1 3 4; do
  # shellcheck disable=SC2086
  OMP_NUM_THREADS=$((1 + ranks % 2)) must $ranks $train -o ranks$ranks --holdout last:2 --half-life 20,global --exchange reduce
  good "the same model on $ranks ranks" cmp "$first" "$(only ranks$ranks)/model.h5"
done
good "what the weights are is said" grep -q '^half-life 20 days: .* the last training event of the data' err
for form in linear log raw; do
  # shellcheck disable=SC2086
  must 1 $train -o $form --half-life 20 --confidence $form
  # shellcheck disable=SC2086
  must 3 $train -o ${form}3 --half-life 20 --confidence $form
  good "$form: the same model on 3 ranks" cmp "$(only $form)/model.h5" "$(only ${form}3)/model.h5"
done

# ---- what it is for: tastes that move ----
for form in 30 none; do
  must 2 train d.h5 -o "g-$form" --factors 8 --holdout last:2 --half-life "$form"
  must 1 evaluate "$(only "g-$form")" d.h5
done
gain() { figure "$(only "g-$1")/metrics.json" model at 10 ndcg; }
good "lists follow the members ($(gain 30) over $(gain none))" \
  "$python" -c 'import sys; assert float(sys.argv[1]) > 1.1 * float(sys.argv[2])' "$(gain 30)" "$(gain none)"

# ---- refresh: both models, the measured one and the one on all events ----
must 2 refresh d.h5 -o s --factors 7 --prior-mean 0 --solver cholesky --groups 3 --holdout last:2 --half-life 20 --gate off
one=$(tail -n 1 out)
good "the measured model" "$python" model.py "$one/measured.h5" 20 user last:2
good "the refit model" "$python" model.py "$one/model.h5" 20 user none
printf 'half-life = none, 30\nsweeps = 4\n' >grid
must 1 tune d.h5 --grid grid -o t --factors 8 --holdout last:2
good "a grid finds it" grep -q 'half-life = 30' t/best.conf

# ---- what cannot be ----
cut -d, -f1,2 d.csv >timeless.csv
must 1 ingest timeless.csv -o timeless.h5
for command in "train timeless.h5 -o bad" "refresh timeless.h5 -o bad" "tune timeless.h5 -o bad --grid grid"; do
  # shellcheck disable=SC2086
  ends 64 2 $command --half-life 30
  good "what to do is said" grep -q 'needs times, and timeless.h5 has none: ingest it with --time-column' err
done
for value in 0 -3 much nan inf "30," "30,week" ",user" ""; do
  ends 64 1 train d.h5 -o bad --half-life "$value"
  good "named" grep -q -- '--half-life' err
done
ends 64 1 train d.h5 -o bad --half-life 30 --loss explicit
good "ratings have no weights" grep -q -- '--half-life is for --loss implicit' err
good "nothing is left behind" [ ! -e bad ]
finish
