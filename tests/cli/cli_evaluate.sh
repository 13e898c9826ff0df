#!/bin/bash
# If this fails, the metrics in a report, the lists members get, or the files other tools read are not what the model
# and the data say; or they change with the number of ranks.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# Implicit data from NumPy, a fifth of the pairs in a dataset of its own; some test users and items are unknown to it.
cat >make.py <<'PY'
import numpy as np
r = np.random.default_rng(5)
users, items = 307, 151
taste, kind = r.normal(size=(users, 4)), r.normal(size=(items, 4))
score = taste @ kind.T + r.normal(size=(users, items)) - 2.2 + 2 * (np.arange(items) < 20)
train, test = open("train.csv", "w"), open("test.csv", "w")
for f in train, test:
    f.write("user,item,value\n")
for u, i in zip(*np.where(score > 0)):
    f = test if r.random() < 0.2 else train
    f.write(f"u{u},i{i},{1 + r.integers(3)}\n")
for n in range(9):
    test.write(f"stranger{n},i{n},1\nu{n},new{n},1\n")
PY
"$python" make.py || skip "python3 with numpy is missing"
must 2 ingest train.csv -o train.h5
must 1 ingest test.csv -o test.h5
must 2 train train.h5 -o models --test test.h5 --factors 9 --sweeps 5 --lambda 0.01
model=$(tail -n 1 out)

# ---- metrics: the definitions, in NumPy, from the files alone ----
cat >metrics.py <<'PY'
import csv, json, sys
import h5py
import numpy as np
m = h5py.File(sys.argv[1] + "/model.h5")
users = {v.decode(): i for i, v in enumerate(m["users/id"][:])}
items = {v.decode(): i for i, v in enumerate(m["items/id"][:])}
def pairs(path):
    out = [set() for _ in users]
    for row in csv.DictReader(open(path)):
        if row["user"] in users and row["item"] in items:
            out[users[row["user"]]].add(items[row["item"]])
    return out
train, test = pairs("train.csv"), pairs("test.csv")
test = [t - s for s, t in zip(train, test)]
count = np.zeros(len(items))
for s in train:
    count[list(s)] += 1
x, y = m["users/factors"][:].astype("f8"), m["items/factors"][:].astype("f8")
def metrics(scores, at, each=False):
    out = []
    for u, t in enumerate(test):
        if not t:
            continue
        s = scores(u).copy()
        s[list(train[u])] = -np.inf
        order = np.lexsort((np.arange(len(s)), -s))[: min(at, len(s) - len(train[u]))]
        hit = np.array([i in t for i in order], "f8")
        rank = np.arange(1, len(hit) + 1)
        most = min(at, len(t))
        out.append([hit.sum() / most, hit.sum() / len(t), hit.sum() / at, hit.any(),
                    (hit / np.log2(rank + 1)).sum() / (1 / np.log2(np.arange(1, most + 1) + 1)).sum(),
                    (hit * hit.cumsum() / rank).sum() / most, (hit / rank).max()])
    return out if each else (np.mean(out, axis=0), len(out))
names = "recall recall_test precision hit_rate ndcg map mrr".split()
report = json.load(open(sys.argv[1] + "/metrics.json"))
wrong = 0
for who, scores, tolerance in ("model", lambda u: y @ x[u], 1e-6), ("most_popular", lambda u: count, 1e-9):
    for at in 10, 20, 50:
        means, n = metrics(scores, at)
        wrong += n != report["users"]
        for name, value in zip(names, means):
            got = report[who]["at"][str(at)][name]
            if not abs(got - value) <= tolerance:
                wrong += 1
                print(who, name, at, got, value)
            if who == "model":
                low, high = report[who]["at"][str(at)][name + "_ci"]
                wrong += not low <= got <= high
# The model less most popular, member by member: the bootstrap's interval is close to the normal one.
mine, popular = (np.array(metrics(s, 10, True)) for s in (lambda u: y @ x[u], lambda u: count))
less = report["difference_most_popular"]["at"]["10"]
for i, name in enumerate(names):
    d = (mine - popular)[:, i]
    half = 1.96 * d.std() / np.sqrt(len(d))
    low, high = less[name + "_ci"]
    if not (abs(less[name] - d.mean()) <= 1e-6 and abs(low - d.mean() + half) < 0.2 * half and abs(high - d.mean() - half) < 0.2 * half):
        wrong += 1
        print(name, less[name], low, high, d.mean(), half)
sys.exit(wrong > 0)
PY
must 1 evaluate "$model" train.h5 --at 10,20,50
good "strangers in the test dataset are said to be left out" grep -q "18 of .* events of test.h5 are left out" err
good "metrics.json is what NumPy computes" "$python" metrics.py "$model"
cp "$model/metrics.json" one.json
for ranks in 2 3 4; do
  must $ranks evaluate "$model" train.h5 --at 10,20,50
  good "the same figures at $ranks ranks" cmp one.json "$model/metrics.json"
done
OMP_NUM_THREADS=2 must 1 evaluate "$model" train.h5 --at 10,20,50 --memory 1M
good "the same figures with 2 threads in little memory" cmp one.json "$model/metrics.json"
ndcg=$(figure one.json model at 10 ndcg)
good "the model beats most popular" at_least "$ndcg" "$(figure one.json most_popular at 10 ndcg)"

# ---- lists ----
for ranks in 1 3; do
  must $ranks recommend "$model" --all --top 30 -o all$ranks.h5
done
must 1 recommend "$model" --all --top 30 -o all0.h5 --memory 1M
good "the same lists at 1 and 3 ranks" cmp all1.h5 all3.h5
good "the same lists in little memory" cmp all1.h5 all0.h5
must 0 recommend "$model" --user u17 --top 30 --json
cp out user.json
must 0 recommend "$model" --likes i3,i40 --top 30 --json
cp out likes.json
must 0 similar "$model" --item i7 --top 5 --support 0 --json
cp out similar.json
cat >lists.py <<'PY'
import csv, json, sys
import h5py
import numpy as np
m, a = h5py.File(sys.argv[1] + "/model.h5"), h5py.File("all1.h5")
ids, users = [v.decode() for v in m["items/id"][:]], [v.decode() for v in m["users/id"][:]]
x, y = m["users/factors"][:].astype("f8"), m["items/factors"][:].astype("f8")
seen = [set() for _ in users]
for row in csv.DictReader(open("train.csv")):
    seen[users.index(row["user"])].add(ids.index(row["item"]))
item, score, match = a["users/item"][:], a["users/score"][:], a["users/match"][:]
for u in range(len(users)):
    s = y @ x[u]
    strongest = s.max()
    free = s.copy()
    free[list(seen[u])] = -np.inf
    assert not seen[u] & set(item[u][item[u] >= 0])
    best = np.sort(free)[::-1][: item.shape[1]]
    n = np.isfinite(best).sum()
    assert (item[u][n:] == -1).all()
    assert np.allclose(score[u][:n], best[:n], atol=1e-6) and np.allclose(s[item[u][:n]], score[u][:n], atol=1e-6)
    assert (abs(match[u][:n] - 100 * np.clip(best[:n] / strongest, 0, 1)) <= 0.51).all()
u = users.index("u17")
one = json.load(open("user.json"))["items"]
assert [v["id"] for v in one] == [ids[i] for i in item[u]]
assert [v["match"] for v in one] == list(match[u])
# A newcomer's row is that of the normal equations (Rendle et al. 2021).
a0, lam, likes = m.attrs["unobserved_weight"], m.attrs["lambda"], [ids.index("i3"), ids.index("i40")]
g = a0 * y.T @ y + y[likes].T @ y[likes] + lam * (2 + a0 * len(ids)) * np.eye(y.shape[1])
prior = m.attrs["prior_mean"] * lam * a0 * len(ids) * m["users/prior_mean"][:].astype("f8")
assert m.attrs["prior_mean"] > 0 and np.allclose(m["users/prior_mean"][:], x.mean(axis=0), atol=1e-5)
s = y @ np.linalg.solve(g, y[likes].sum(axis=0) + prior)
s[likes] = -np.inf
new = json.load(open("likes.json"))["items"]
assert np.allclose([v["score"] for v in new], np.sort(s)[::-1][:30], atol=1e-5)
i = ids.index("i7")
c = y @ y[i] / (np.linalg.norm(y, axis=1) * np.linalg.norm(y[i]))
c[i] = -2
near = json.load(open("similar.json"))["items"]
assert np.allclose([v["similarity"] for v in near], np.sort(c)[::-1][:5], atol=1e-5)
PY
good "lists, matches, fold-in and neighbours are what NumPy computes" "$python" lists.py "$model"

# ---- strong generalization: test members are unknown to the model, and folded in ----
must 2 train train.h5 -o strong --holdout users:0.2 --factors 9 --sweeps 5
strong=$(tail -n 1 out)
must 1 evaluate "$strong" train.h5
cp "$strong/metrics.json" strong.json
must 3 evaluate "$strong" train.h5
good "the same figures at 3 ranks" cmp strong.json "$strong/metrics.json"
good "every measured user was folded in" [ "$(figure strong.json users)" = "$(figure strong.json users_folded_in)" ]
good "about a fifth of the users" at_least "$(figure strong.json users)" 35
good "and no more" at_least 90 "$(figure strong.json users)"
good "folding in beats most popular" at_least "$(figure strong.json model at 10 ndcg)" \
  "$(figure strong.json most_popular at 10 ndcg)"

# ---- files for other tools ----
for format in npy csv ann-benchmarks; do
  must 0 export "$model" --format $format -o export
done
cat >export.py <<'PY'
import csv, sys
import h5py
import numpy as np
m = h5py.File(sys.argv[1] + "/model.h5")
for side in "users", "items":
    f = np.load(f"export/{side}_factors.npy", mmap_mode="r")
    assert (f == m[side + "/factors"][:]).all() and f.offset % 64 == 0
    assert (np.load(f"export/{side}_id.npy") == m[side + "/id"][:]).all()
    rows = list(csv.reader(open(f"export/{side}.csv", newline="")))
    assert rows[0] == ["id"] + [f"f{p}" for p in range(f.shape[1])]
    assert [r[0] for r in rows[1:]] == [v.decode() for v in m[side + "/id"][:]]
    assert (np.array([r[1:] for r in rows[1:]], "f4") == f).all()
a = h5py.File("export/ann-benchmarks.hdf5")
t, q = a["train"][:].astype("f8"), a["test"][:].astype("f8")
d = 1 - (q / np.linalg.norm(q, axis=1)[:, None]) @ (t / np.linalg.norm(t, axis=1)[:, None]).T
n = a["neighbors"][:]
assert np.allclose(np.take_along_axis(d, n, 1), np.sort(d, axis=1)[:, :100], atol=1e-5)
assert np.allclose(a["distances"][:], np.sort(d, axis=1)[:, :100], atol=1e-5)
PY
good "exports are the model" "$python" export.py "$model"

# ---- the hold-out goes with ids: the same pairs, whatever rows they have and however the file is laid out ----
"$python" - <<'PY'
import random
random.seed(3)
lines = [f"m{u},film {i},{random.randint(1, 5)}" for u in range(200) for i in random.sample(range(90), 25)]
open("old.csv", "w").write("user,item,rating\n" + "\n".join(lines) + "\n")
# One member and one title that come first in every order, seen by nobody else.
open("new.csv", "w").write("user,item,rating\na newcomer,a film,3\n" + "\n".join(lines) + "\n")
PY
must 1 ingest old.csv -o old.h5 --quiet
must 1 ingest new.csv -o new.h5 --quiet
"$python" - <<'PY'
import h5py
with h5py.File("old.h5") as a, h5py.File("packed.h5", "w") as b:
    for name in a:
        if name != "checksums":
            a.copy(name, b)
    for name, value in a.attrs.items():
        b.attrs[name] = value
    for side in "users", "items":
        ids = [v.decode() for v in b[side + "/id"][:]]
        del b[side + "/id"]
        b.create_dataset(side + "/id", data=ids, dtype=h5py.string_dtype(), chunks=(7,), compression="gzip")
PY
for rule in random:0.2 users:0.3; do
  must 2 train old.h5 -o lots -q --loss explicit --factors 4 --lambda 0.1 --sweeps 3 --holdout $rule
  lots=$(tail -n 1 out)
  must 1 evaluate "$lots" old.h5 --json
  cp out lots.json
  must 3 evaluate "$lots" packed.h5 --json
  good "$rule: the same of a packed file" cmp lots.json out
  must 2 evaluate "$lots" new.h5 --json
  good "$rule: the same pairs at other rows" "$python" -c '
import json
a, b = json.load(open("lots.json")), json.load(open("out"))
assert a["users"] > 20 and abs(a["users"] - b["users"]) <= 1, (a["users"], b["users"])
assert abs(a["model"]["rmse"] - b["model"]["rmse"]) < 0.01 and a["model"]["rmse"] > 0.5'
  must 1 train new.h5 -o lots -q --loss explicit --factors 4 --lambda 0.1 --sweeps 3 --holdout $rule
  other=$(tail -n 1 out)
  must 2 evaluate "$other" new.h5 --json
  cp out lots.json
  must 2 evaluate "$other" old.h5 --json
  good "$rule: as much there as here" "$python" -c '
import json
a, b = json.load(open("lots.json")), json.load(open("out"))
assert abs(a["users"] - b["users"]) <= 1 and abs(a["model"]["rmse"] - b["model"]["rmse"]) < 0.01'
done

# ---- what cannot be ----
refused() {
  local code=$1 text=$2
  shift 2
  run "$@"
  good "palate ${*:2} ends with $code, not $status" [ "$status" -eq "$code" ]
  good "and says why" grep -q -- "$text" err
}
refused 64 "needs times" 1 evaluate "$model" train.h5 --holdout last:1
refused 64 "needs times" 2 train train.h5 -o models --holdout before:2020-01-01
refused 64 "not both" 1 train train.h5 -o models --holdout random:0.1 --test test.h5
refused 66 "gone.h5" 2 train train.h5 -o models --test gone.h5
refused 64 "is not a rule" 1 train train.h5 -o models --holdout some
refused 64 "no member" 0 recommend "$model" --user nobody
refused 64 "no item" 0 recommend "$model" --likes i3,nothing
refused 64 "give one of" 0 recommend "$model" --user u1 --all
refused 64 "no item" 0 similar "$model" --item nothing
refused 64 "one of npy" 0 export "$model" --format xls
must 1 train train.h5 -o models --factors 3 --sweeps 1
refused 64 "nothing is left to measure" 1 evaluate "$(tail -n 1 out)" train.h5

# ---- test pairs that a model was trained on are counted, not guessed ----
seen() { "$python" -c 'import json, sys
m = json.load(open(sys.argv[1]))
print(m["test_pairs_seen"], m["test_pairs"])' "${1:-out}"; }
must 1 evaluate "$model" train.h5 --holdout random:0.1 --json
read -r had of < <(seen)
good "measuring on what was trained with is warned of" grep -q "has seen $of of $of test pairs" err
good "and written down: all" [ "$had" = "$of" ]
must 1 train train.h5 -o seen -q --factors 3 --sweeps 1
must 2 evaluate "$(tail -n 1 out)" train.h5 --test test.h5 --json
good "pairs of another dataset were not trained on: no warning" eval '! grep -q "has seen" err && [ "$(seen | cut -d " " -f 1)" = 0 ]'
# random:F is nested in a larger F of the same seed; of another seed a tenth is in both.
must 1 train train.h5 -o seen -q --factors 3 --sweeps 1 --holdout random:0.1
tenth=$(tail -n 1 out)
must 1 evaluate "$tenth" train.h5 --json
read -r had of < <(seen)
good "its own hold-out: none" eval '[ "$had" = 0 ] && ! grep -q "has seen" err'
must 1 evaluate "$tenth" train.h5 --holdout random:0.2 --json
cp out fifth.json
read -r more all < <(seen)
good "a wider one: those beyond its own" [ "$more" = $((all - of)) ]
must 3 evaluate "$tenth" train.h5 --holdout random:0.2 --json
good "the same at 3 ranks" cmp fifth.json out
must 1 evaluate "$tenth" train.h5 --holdout random:0.05 --json
good "a narrower one: none" eval '[ "$(seen | cut -d " " -f 1)" = 0 ] && ! grep -q "has seen" err'
must 2 evaluate "$tenth" train.h5 --seed 9 --json
read -r more all < <(seen)
good "of another seed: about nine in ten" [ $((100 * more)) -gt $((80 * all)) -a "$more" -lt "$all" ]
# Trained on data that is not at hand: drawn by id with the same rule, nothing is seen; else a bound is told.
must 1 ingest test.csv --append train.h5 -o grown.h5
must 2 evaluate "$tenth" grown.h5 --json
good "data that grew: none" eval '[ "$(seen | cut -d " " -f 1)" = 0 ] && ! grep -Eq "(has|have) seen" err'
must 2 evaluate "$tenth" grown.h5 --holdout random:0.2 --json
good "what cannot be counted is said" grep -q "may have seen up to .* test pairs in training, on data that is not at hand" err
good "and not given as a count" [ "$(seen | cut -d ' ' -f 1)" = None ]
finish
