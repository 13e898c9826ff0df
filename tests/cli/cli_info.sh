#!/bin/bash
# If this fails, people are told wrong numbers about their data, or their notebooks cannot read the dataset file.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

must 0 synth -o d.h5 --users 300 --items 70 --events 5000 --groups 3 --factors 4 --seed 3 --quiet
must 0 info d.h5
good "info says the number of users" grep -q 300 out
must 0 info d.h5 --json
cp out info.json

# The same numbers by h5py and SciPy, as a notebook would take them.
if "$python" -c 'import h5py, numpy, scipy.sparse' 2>/dev/null; then
  cat >look.py <<'PY'
import h5py, json, numpy as np, scipy.sparse as sp
info = json.load(open("info.json"))
f = h5py.File("d.h5")
g = f["interactions"]
m = sp.csr_matrix((g["data"][:], g["indices"][:], g["indptr"][:]), shape=g.attrs["shape"])
n = np.diff(m.indptr)
assert (info["users"], info["items"]) == m.shape
assert info["users"] == len(f["users/id"]) == 300 and info["items"] == len(f["items/id"]) == 70
assert info["events"] == m.nnz and abs(info["density"] - m.nnz / 21000) < 1e-12
assert info["value"]["min"] == m.data.min() and info["value"]["max"] == m.data.max()
assert abs(info["value"]["mean"] - m.data.mean(dtype=float)) < 1e-9
u, i = info["events_per_user"], info["events_per_item"]
k = np.bincount(m.indices, minlength=70)
for name, q in (("p10", .1), ("p25", .25), ("median", .5), ("p75", .75), ("p90", .9)):
    assert u[name] == np.quantile(n, q, method="inverted_cdf"), name
    assert i[name] == np.quantile(k, q, method="inverted_cdf"), name
assert (u["min"], u["max"], u["none"]) == (n.min(), n.max(), (n == 0).sum())
assert (i["min"], i["max"], i["none"]) == (k.min(), k.max(), (k == 0).sum())
PY
  good "info and SciPy agree" "$python" look.py
else
  echo "no h5py and SciPy here: not compared with them"
fi

ends() { # STATUS ARG...
  local want=$1
  shift
  run 0 "$@"
  good "palate $* ends with $want, not $status" [ "$status" -eq "$want" ]
}
ends 66 info nothing.h5
good "the message names the file" grep -q 'nothing.h5' err
printf 'user,item\n1,2\n' >text.csv
ends 65 info text.csv
ends 64 info d.h5 --groups
ends 64 info
ends 64 info d.h5 --no-such-option
head -c 3000 d.h5 >cut.h5
ends 74 info cut.h5
mkdir empty
ends 66 info empty
mkfifo pipe
ends 66 info pipe
finish
