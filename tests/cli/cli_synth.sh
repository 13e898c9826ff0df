#!/bin/bash
# If this fails, planted data depends on the machine it was made on, and figures measured on it cannot be compared.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

for loss in implicit explicit; do
  options="--users 301 --items 97 --events 7001 --groups 5 --factors 4 --seed 7 --loss $loss"
  for ranks in 1 2 3 4; do
    # shellcheck disable=SC2086
    OMP_NUM_THREADS=$((1 + ranks % 2)) must $ranks synth -o $loss$ranks.h5 $options
    good "$ranks ranks give the same dataset" cmp $loss$ranks.h5 ${loss}1.h5
    good "$ranks ranks give the same truth" cmp $loss$ranks.truth.h5 ${loss}1.truth.h5
  done
done
# More ranks than users; the catalogue's factors not kept; every pair there is; one of everything.
must 4 synth -o few.h5 --users 3 --items 50 --events 40 --groups 2 --factors 2
must 1 synth -o table.h5 --users 50 --items 60 --events 900 --groups 2 --factors 3
must 2 synth -o bare.h5 --users 50 --items 60 --events 900 --groups 2 --factors 3 --memory 1
good "factors kept or made anew are the same" cmp table.h5 bare.h5
must 2 synth -o all.h5 --users 11 --items 13 --events 143 --groups 3 --factors 2
must 2 synth -o one.h5 --users 1 --items 1 --events 1 --groups 1 --factors 1
must 1 synth -o seed.h5 --users 50 --items 60 --events 900 --groups 2 --factors 3 --seed 2
good "another seed gives other data" eval '! cmp -s table.h5 seed.h5'

cat >look.py <<'PY'
import h5py
import numpy as np
from scipy.sparse import csr_matrix

def read(name):
    f = h5py.File(name)
    g = f["interactions"]
    return f, csr_matrix((g["data"][:], g["indices"][:], g["indptr"][:]), shape=g.attrs["shape"]), g["time"][:]

for name in ["implicit1", "explicit1", "few", "all", "one"]:
    f, m, time = read(name + ".h5")
    wanted = {"few": 40, "all": 143, "one": 1}.get(name, 7001)
    assert m.nnz == wanted, (name, m.nnz)
    for u in range(m.shape[0]):
        a, b = m.indptr[u], m.indptr[u + 1]
        items, t = m.indices[a:b], time[a:b]
        assert len(set(items)) == b - a, "an item twice"
        assert all((t[j - 1], items[j - 1]) < (t[j], items[j]) for j in range(1, b - a)), "order"
    assert [s.decode() for s in f["users/id"][:]] == [str(u + 1) for u in range(m.shape[0])]
    assert all(len(s) > 8 for s in f["items/title"][:]) and all(len(s) > 2 for s in f["items/tags"][:])
    with h5py.File(name + ".truth.h5") as truth:
        assert truth["users/factors"].shape[0] == m.shape[0] and truth["items/factors"].shape[0] == m.shape[1]

# Ratings are what the truth says, to the noise (0.5, and 0.29 / 2 for rounding to halves) and the ends of the scale.
f, m, _ = read("explicit1.h5")
with h5py.File("explicit1.truth.h5") as t:
    m = m.tocoo()
    said = (t.attrs["mean"] + t["users/bias"][:][m.row] + t["items/bias"][:][m.col]
            + np.einsum("nk,nk->n", t["users/factors"][:][m.row], t["items/factors"][:][m.col]))
inside = (said > 1.5) & (said < 4)
error = (m.data - said)[inside]
assert abs(error.mean()) < 0.05 and 0.48 < error.std() < 0.56, (error.mean(), error.std())
# Members take what their group loves: the mean of x·y over what was taken is far above that over all pairs.
f, m, _ = read("implicit1.h5")
with h5py.File("implicit1.truth.h5") as t:
    scores = t["users/factors"][:] @ t["items/factors"][:].T
taken = scores[m.nonzero()].mean()
assert taken > scores.mean() + 0.3, (taken, scores.mean())
# Popularity and activity are uneven.
items, users = np.sort(m.getnnz(axis=0)), np.sort(m.getnnz(axis=1))
assert items[-10:].sum() > 0.2 * m.nnz, items[-10:].sum() / m.nnz
assert users[-30:].sum() > 0.18 * m.nnz, users[-30:].sum() / m.nnz
PY
good "what h5py and SciPy read is what was planted" "$python" look.py
finish
