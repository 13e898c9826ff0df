#!/bin/bash
# If this fails, a matrix that people keep in anndata, a .npz of SciPy or MatrixMarket becomes another dataset than the one
# it holds: ids mixed up, rows taken for columns, entries lost at the end of a file that was cut short.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import h5py, numpy, scipy' 2>/dev/null || skip "no python3-h5py, -numpy or -scipy"
cd "$work" || exit 1
export OMP_NUM_THREADS=1

cat >made.py <<'PY'
import json, sys
import h5py
import numpy as np
import scipy.sparse as sp
text = h5py.string_dtype()

def kind(o, name, version):
    o.attrs["encoding-type"], o.attrs["encoding-version"] = name, version

def frame(g, ids, how):
    """A data frame of anndata whose index is written in one of the ways that anndata has or had."""
    kind(g, "dataframe", "0.2.0")
    g.attrs["_index"] = "names"
    g.attrs["column-order"] = np.array([], dtype="S1")
    if how == "text":
        g.create_dataset("names", data=ids, dtype=text)
        kind(g["names"], "string-array", "0.2.0")
    elif how == "fixed":
        g["names"] = np.array([i.encode() for i in ids])
    elif how == "integer":
        g["names"] = np.array([int(i) for i in ids], np.int64)
    elif how == "nullable":
        n = g.create_group("names")
        kind(n, "nullable-string-array", "0.1.0")
        n.create_dataset("values", data=ids, dtype=text)
        n["mask"] = np.zeros(len(ids), bool)
    elif how == "categorical":
        n = g.create_group("names")
        kind(n, "categorical", "0.2.0")
        categories = sorted(set(ids))
        n.create_dataset("categories", data=categories, dtype=text)
        n["codes"] = np.array([categories.index(i) for i in ids], np.int16)
    elif how == "old categorical":
        categories = sorted(set(ids))
        g.create_group("__categories").create_dataset("names", data=categories, dtype=text)
        g["names"] = np.array([categories.index(i) for i in ids], np.int8)

def matrix(f, path, m):
    if sp.issparse(m):
        g = f.create_group(path)
        kind(g, m.format + "_matrix", "0.1.0")
        g.attrs["shape"] = m.shape
        g["data"], g["indices"], g["indptr"] = m.data, m.indices, m.indptr
    else:
        f[path] = m
        kind(f[path], "array", "0.2.0")

def anndata(path, m, users, items, how="text", at="X"):
    with h5py.File(path, "w") as f:
        kind(f, "anndata", "0.1.0")
        matrix(f, at, m)
        frame(f.create_group("obs"), users, how)
        frame(f.create_group("var"), items, how)

def events(m, users, items):
    m = sp.coo_matrix(m)
    return sorted([users[u], items[i], float(np.float32(v))] for u, i, v in zip(m.row, m.col, m.data))

def got(path):
    with h5py.File(path) as f:
        g, users, items = f["interactions"], f["users/id"][:], f["items/id"][:]
        row = np.repeat(np.arange(len(users)), np.diff(g["indptr"][:]))
        return sorted([users[u].decode(), items[i].decode(), float(v)] for u, i, v in zip(row, g["indices"][:], g["data"][:]))

def same(path, want):
    have = got(path)
    assert have == want, (path, have[:5], want[:5], len(have), len(want))
PY
cat >files.py <<'PY'
from made import *
rng = np.random.default_rng(7)
m = sp.random(61, 37, 0.12, "csr", np.float32, random_state=5)
m.data = np.ceil(m.data * 9).astype(np.float32)
users = ["u%d" % k for k in rng.permutation(61)]
items = ["%d" % (100 + k) for k in rng.permutation(37)]
wanted = events(m, users, items)
numbers = events(m, [str(k) for k in range(61)], [str(k) for k in range(37)])
json.dump([wanted, numbers, [[b, a, v] for a, b, v in numbers]], open("want.json", "w"))
for how in ("text", "fixed", "nullable", "categorical", "old categorical"):
    anndata("ids %s.h5ad" % how, m, users, items, how)
anndata("ids integer.h5ad", m, [str(900 - k) for k in range(61)], [str(k) for k in range(37)], "integer")
json.dump(events(m, [str(900 - k) for k in range(61)], [str(k) for k in range(37)]), open("integer.json", "w"))
anndata("csc.h5ad", m.tocsc(), users, items)
anndata("dense.h5ad", m.toarray(), users, items)
anndata("ints.h5ad", m.toarray().astype(np.int16), users, items)
anndata("bools.h5ad", m.toarray().astype(bool), users, items)
json.dump(events(m.toarray().astype(bool).astype(float), users, items), open("bools.json", "w"))
with h5py.File("chunked.h5ad", "w") as f:
    f.create_dataset("X", data=m.toarray(), chunks=(7, 5), compression="gzip")
    frame(f.create_group("obs"), users, "text")
    frame(f.create_group("var"), items, "text")
# raw has more items than X, and layers other values
anndata("raw.h5ad", m.toarray()[:, :1], users, items[:1])
with h5py.File("raw.h5ad", "a") as f:
    matrix(f, "raw/X", m)
    frame(f.create_group("raw/var"), items, "nullable")
anndata("layers.h5ad", sp.csr_matrix(m.shape, dtype=np.float32), users, items)
with h5py.File("layers.h5ad", "a") as f:
    matrix(f, "layers/counts", m)
    matrix(f, "layers/full", m.toarray())
    f["obsm/X_pca"] = rng.normal(size=(61, 3))
with h5py.File("mudata.h5mu", "w") as f:
    matrix(f, "mod/films/X", m.tocsc())
    frame(f.create_group("mod/films/obs"), users, "text")
    frame(f.create_group("mod/films/var"), items, "text")
# npz, in every form
for f in ("csr", "csc", "coo"):
    sp.save_npz(f + ".npz", m.asformat(f))
sp.save_npz("stored.npz", m, compressed=False)
unsorted = m.copy()
for r in range(61):
    low, high = unsorted.indptr[r:r + 2]
    unsorted.indices[low:high] = unsorted.indices[low:high][::-1].copy()
    unsorted.data[low:high] = unsorted.data[low:high][::-1].copy()
sp.save_npz("unsorted.npz", unsorted)
def parts(name, data, index=np.int32, order="<", f="csr", **more):
    a = dict(format=np.array(f.encode()), shape=np.array(m.shape), data=data, indices=m.indices.astype(np.dtype(index).newbyteorder(order)),
             indptr=m.indptr.astype(np.dtype(index).newbyteorder(order)))
    a.update(more)
    np.savez(name, **{k: v for k, v in a.items() if v is not None})
for name, type, index, order in (("f8.npz", ">f8", np.int64, ">"), ("f2.npz", "<f2", np.uint16, "<"), ("i1.npz", "i1", np.int64, "<"),
                                 ("u8.npz", ">u8", np.uint32, ">"), ("i4.npz", ">i4", np.int32, ">")):
    parts(name, m.data.astype(type), index, order)
parts("named.npz", m.data, format=np.array("csr"))
parts("fortran.npz", np.asfortranarray(m.data))
big = sp.random(3000, 5000, 0.04, "csr", np.float64, random_state=1)
sp.save_npz("big.npz", big)
json.dump(events(big, [str(k) for k in range(3000)], [str(k) for k in range(5000)]), open("big.json", "w"))
one = sp.csr_matrix(np.array([[0, 2.5, 0]]))
sp.save_npz("one.npz", one)
anndata("one.h5ad", one, ["ann"], ["a", "b", "c"])
tail = sp.csr_matrix(np.vstack([np.array([[1.0, 2.0]]), np.zeros((9, 2))]))
sp.save_npz("tail.npz", tail)
# what must be refused
sp.save_npz("none.npz", sp.csr_matrix((4, 5)))
sp.save_npz("nothing.npz", sp.csr_matrix((0, 0)))
sp.save_npz("bsr.npz", sp.bsr_matrix(m))
sp.save_npz("dia.npz", sp.dia_matrix(m))
np.savez("arrays.npz", users=np.arange(3), m=m.toarray())
np.save("array.npy", m.toarray())
def with_(a, k, v):
    a = a.copy()
    a[k] = v
    return a
parts("index.npz", m.data, indices=with_(m.indices, 11, 37))
parts("negative.npz", m.data, indices=with_(m.indices, 11, -1))
parts("down.npz", m.data, indptr=with_(m.indptr, 30, 1))
parts("end.npz", m.data, indptr=with_(m.indptr, 61, m.nnz - 1))
parts("begin.npz", m.data, indptr=with_(m.indptr, 0, 1))
parts("nan.npz", with_(m.data, 5, np.nan))
parts("huge.npz", with_(m.data.astype(float), 5, 1e300))
parts("short.npz", m.data[:-1])
parts("shape.npz", m.data, shape=np.array([60, 37]))
parts("complex.npz", m.data.astype(complex))
parts("objects.npz", m.data.astype(object))
parts("words.npz", m.data, indices=m.indices.astype(float))
parts("noindptr.npz", m.data, indptr=None)
parts("noformat.npz", m.data, format=None)
raw = open("stored.npz", "rb").read()
open("cut.npz", "wb").write(raw[:len(raw) // 2])
at = raw.index(b"data.npy") + 400
open("flipped.npz", "wb").write(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:])
import zipfile, io
def rezip(name, change):
    with zipfile.ZipFile("stored.npz") as old, zipfile.ZipFile(name, "w") as new:
        for n in old.namelist():
            new.writestr(n, change(n, old.read(n)))
rezip("trailing.npz", lambda n, b: b + b"\0\0\0\0" if n == "data.npy" else b)
rezip("header.npz", lambda n, b: b.replace(b"(%d,)" % m.nnz, b"(99999999999999999999,)") if n == "data.npy" else b)
rezip("lacking.npz", lambda n, b: b[:-8] if n == "indices.npy" else b)
rezip("noise.npz", lambda n, b: b"\x93NUMPY\1\0\xff\xff" + b"{" * 20 if n == "data.npy" else b)
anndata("twice.h5ad", m, ["same"] * 2 + users[2:], items)
anndata("shorter.h5ad", m, users[:-1], items)
anndata("missing.h5ad", m, users, items, "nullable")
with h5py.File("missing.h5ad", "a") as f:
    f["obs/names/mask"][3] = True
anndata("uncoded.h5ad", m, users, items, "categorical")
with h5py.File("uncoded.h5ad", "a") as f:
    f["var/names/codes"][4] = -1
anndata("outcoded.h5ad", m, users, items, "categorical")
with h5py.File("outcoded.h5ad", "a") as f:
    f["var/names/codes"][4] = 99
anndata("empty.h5ad", m, [""] + users[1:], items)
anndata("version.h5ad", m, users, items)
with h5py.File("version.h5ad", "a") as f:
    f["X"].attrs["encoding-version"] = "9.0.0"
anndata("idversion.h5ad", m, users, items, "nullable")
with h5py.File("idversion.h5ad", "a") as f:
    f["obs/names"].attrs["encoding-version"] = "7.0.0"
anndata("unknown.h5ad", m, users, items)
with h5py.File("unknown.h5ad", "a") as f:
    f["X"].attrs["encoding-type"] = "awkward-array"
anndata("old.h5ad", m, users, items)
with h5py.File("old.h5ad", "a") as f:
    del f["obs"]
    f["obs"] = np.array([(u.encode(), 1) for u in users], [("index", "S8"), ("n", "i4")])
anndata("noobs.h5ad", m, users, items)
with h5py.File("noobs.h5ad", "a") as f:
    del f["obs"]
anndata("densenan.h5ad", with_(m.toarray(), (3, 4), np.nan), users, items)
anndata("vector.h5ad", np.arange(61.0), users, items)
with h5py.File("layers only.h5ad", "w") as f:
    matrix(f, "layers/counts", m)
    frame(f.create_group("obs"), users, "text")
    frame(f.create_group("var"), items, "text")
anndata("laterptr.h5ad", m, users, items)
with h5py.File("laterptr.h5ad", "a") as f: # broken where no entry lies, behind the last one
    g = f["X"]
    p = np.concatenate([g["indptr"][:], [m.nnz, m.nnz + 9, m.nnz]])
    del g["indptr"], g.attrs["shape"]
    g["indptr"] = p
    g.attrs["shape"] = (64, 37)
    del f["obs"]
    frame(f.create_group("obs"), users + ["x", "y", "z"], "text")
# MatrixMarket
lines = "".join("%d %d %g\n" % (u + 1, i + 1, v) for u, i, v in zip(sp.coo_matrix(m).row, sp.coo_matrix(m).col, m.data))
head = "%%%%MatrixMarket matrix coordinate %s general\n"
size = "61 37 %d\n"
def mtx(name, text):
    open(name, "wb").write(text if isinstance(text, bytes) else text.encode())
mtx("plain.mtx", head % "real" + size % m.nnz + lines)
mtx("odd.mtx", "\ufeff%%matrixmarket  MATRIX coordinate Real general  \r\n% a comment\r\n\r\n" + (" " + size % m.nnz).replace("\n", " \r\n") +
    "% another\r\n\r\n" + lines.replace("\n", "\r\n\r\n").replace(" ", "\t").rstrip())
mtx("pattern.mtx", head % "pattern" + size % m.nnz + "".join(" ".join(l.split()[:2]) + "\n" for l in lines.splitlines()))
shifted = events(m, [str(k + 1) for k in range(61)], [str(k + 1) for k in range(37)])
json.dump([shifted, [[b, a, v] for a, b, v in shifted], [[a, b, 1.0] for a, b, v in shifted]], open("mtx.json", "w"))
mtx("few.mtx", head % "real" + size % (m.nnz + 1) + lines)
mtx("many.mtx", head % "real" + size % (m.nnz - 2) + lines)
mtx("misspelt.mtx", "%%MatrixMarket matrix coordnate real general\n" + size % m.nnz + lines)
mtx("market.mtx", "%%MatrixMarkt matrix coordinate real general\n" + size % m.nnz + lines)
mtx("field.mtx", head % "reel" + size % m.nnz + lines)
mtx("array.mtx", "%%MatrixMarket matrix array real general\n2 2\n1\n0\n0\n3\n")
mtx("symmetric.mtx", "%%MatrixMarket matrix coordinate real symmetric\n3 3 1\n2 1 5\n")
mtx("skew.mtx", "%%MatrixMarket matrix coordinate real skew-symmetric\n3 3 1\n2 1 5\n")
mtx("complex.mtx", "%%MatrixMarket matrix coordinate complex general\n3 3 1\n2 1 5 1\n")
mtx("sizes.mtx", head % "real" + "61 37\n" + lines)
mtx("sizes4.mtx", head % "real" + "61 37 5 7\n" + lines)
mtx("overflow.mtx", head % "real" + "61 37 99999999999999999999\n" + lines)
mtx("bodyless.mtx", head % "real" + size % m.nnz)
mtx("headonly.mtx", (head % "real").strip())
mtx("more.mtx", head % "pattern" + size % m.nnz + lines)
mtx("range.mtx", head % "real" + "60 37 %d\n" % m.nnz + lines)
PY
"$python" files.py || exit 1

same() { # FILE WANT.json [N]: the dataset holds what the file holds
  "$python" - "$@" <<'PY'
import sys
from made import *
want = json.load(open(sys.argv[2]))
same(sys.argv[1], sorted(want[int(sys.argv[3])] if len(sys.argv) > 3 else want))
PY
}
holds() { # NAME WANT N ARG...: read at 1 and at 2, 3 or 4 ranks, the same file, and what it should hold
  local name=$1 want=$2 n=$3
  shift 3
  some_ranks 1 2 3 4
  for ranks in "${at_ranks[@]}"; do
    must $ranks ingest "$@" -o "$name$ranks.h5"
    good "$* on $ranks ranks" cmp "$name$ranks.h5" "${name}1.h5"
  done
  # shellcheck disable=SC2086
  good "$* holds what Python reads" same "${name}1.h5" "$want" $n
}
refused() { # STATUS PATTERN ARG...
  local want=$1 pattern=$2
  shift 2
  for ranks in 1 3; do
    run $ranks ingest "$@" -o no.h5
    good "status $want for $*, not $status" [ "$status" -eq "$want" ]
    good "the message for $* tells" grep -qE -- "$pattern" err
    good "nothing is left behind" [ ! -e no.h5 ]
  done
}

# --- anndata ---
for how in text fixed nullable categorical "old categorical"; do
  holds "ids$how" want.json 0 "ids $how.h5ad"
done
holds integer integer.json '' "ids integer.h5ad"
for name in csc dense ints chunked; do
  holds $name want.json 0 $name.h5ad
done
holds bools bools.json '' bools.h5ad
good "a dense matrix is said to be one" grep -q 'dense' err
holds raw want.json 0 raw.h5ad --group raw/X
holds counts want.json 0 layers.h5ad --group layers/counts
holds full want.json 0 layers.h5ad --group /layers/full/
holds mu want.json 0 mudata.h5mu --group mod/films/X
must 2 ingest csc.h5ad --rows items -o turned.h5
must 2 ingest dense.h5ad --rows items -o turned2.h5
good "rows may be items, sparse or dense" "$python" -c '
from made import *
want = sorted([b, a, v] for a, b, v in json.load(open("want.json"))[0])
same("turned.h5", want)
same("turned2.h5", want)'
good "one row" "$palate" ingest one.h5ad -o oneh5.h5
good "one row holds one event" "$python" -c 'from made import *; same("oneh5.h5", [["ann", "b", 2.5]])'
refused 65 'id `same` is in /obs/names twice.*make_unique' twice.h5ad
refused 65 'obs/names has 60 ids, but the matrix has 61' shorter.h5ad
refused 65 'row 3 of /obs/names is empty or missing' missing.h5ad
refused 65 'row 4 of /var/names is empty or missing' uncoded.h5ad
refused 65 'row 4 of /var/names/codes is 99, but there are 37 categories' outcoded.h5ad
refused 65 'row 0 of /obs/names is empty' empty.h5ad
refused 65 'encoding-version `9.0.0`, and palate knows 0.1.0' version.h5ad
refused 65 'encoding-version `7.0.0`' idversion.h5ad
refused 65 'awkward-array' unknown.h5ad
refused 65 '/obs does not say .*write_h5ad' old.h5ad
refused 65 'has no /obs' noobs.h5ad
refused 65 'NaN in row 3, column 4' densenan.h5ad
refused 65 'indptr is broken at row' laterptr.h5ad
refused 64 'X_pca does not have users and items' layers.h5ad --group obsm/X_pca
refused 64 '--group can be: X, layers/counts, layers/full' layers.h5ad --group layers
refused 64 'has 1 group with a matrix: layers/counts; say which with --group' 'layers only.h5ad'
run 1 ingest vector.h5ad -o no.h5
good "a vector is not a matrix" [ "$status" -ge 64 ]

# --- npz ---
for name in csr csc coo stored unsorted named fortran f8 f2 i1 u8 i4; do
  holds $name want.json 1 $name.npz
done
holds items want.json 2 csr.npz --rows items
holds itemsc want.json 2 csc.npz --rows items
holds itemso want.json 2 coo.npz --rows items
holds big big.json '' big.npz
must 3 ingest one.npz -o onenpz.h5
good "one row of a .npz" "$python" -c 'from made import *; same("onenpz.h5", [["0", "1", 2.5]])'
must 4 ingest tail.npz -o tail.h5
good "rows without entries at the end" "$python" -c 'from made import *; same("tail.h5", [["0", "0", 1.0], ["0", "1", 2.0]])'
must 2 ingest csr.npz coo.npz csr.npz -o three.h5
good "several matrices" "$python" -c 'from made import *; same("three.h5", sorted(3 * json.load(open("want.json"))[1]))'
good "it says what rows are, and how to turn them" grep -q 'users in rows.*--rows items' err
refused 65 'no events' none.npz
refused 65 'no events' nothing.npz
refused 65 'format `bsr`.*tocsr' bsr.npz
refused 65 'format `dia`.*tocsr' dia.npz
refused 65 'arrays users, m.*save_npz' arrays.npz
refused 65 'index 37, which is outside the shape' index.npz
refused 65 'index -1, which is outside the shape' negative.npz
refused 65 'indptr is broken at row' down.npz
refused 65 'indptr' end.npz
refused 65 'indptr begins with 1' begin.npz
refused 65 'not a finite number' nan.npz
refused 65 'not a finite number' huge.npz
refused 65 'values in data, but' short.npz
refused 65 'indptr has 62 values' shape.npz
refused 65 'data.npy in it cannot be read: its values are neither numbers' complex.npz
refused 65 'Python objects' objects.npz
refused 65 'indices.npy in it is not a vector of whole numbers' words.npz
refused 65 'needs the array indptr' noindptr.npz
refused 65 'arrays shape, data' noformat.npz
refused 74 'broken or cut short' cut.npz
refused 74 'broken or cut short' flipped.npz
refused 65 'data.npy in it should have .* bytes by its header, and has' trailing.npz
refused 65 'its shape is' header.npz
refused 65 'indices.npy in it should have' lacking.npz
refused 65 'data.npy in it cannot be read' noise.npz
refused 64 '--group is for HDF5' csr.npz --group X
refused 64 'no columns to choose' csr.npz --user-column 1
refused 65 'is not a .npz' plain.mtx --format npz

# --- MatrixMarket ---
for name in plain odd; do
  holds $name mtx.json 0 $name.mtx
done
holds pattern mtx.json 2 pattern.mtx
holds mtxitems mtx.json 1 plain.mtx --rows items
entries=$("$python" -c 'import json; print(len(json.load(open("mtx.json"))[0]))')
refused 65 "announces $((entries + 1)) entries, but there are $entries" few.mtx
refused 65 "announces $((entries - 2)) entries, but there are $entries" many.mtx
refused 65 "announces $entries entries, but there are 0" bodyless.mtx
refused 65 'coordnate.*not a header of MatrixMarket.*%%MatrixMarket matrix coordinate real general' misspelt.mtx
refused 65 'not a header of MatrixMarket' market.mtx
refused 65 'reel.*not a header of MatrixMarket' field.mtx
refused 65 'dense matrix.*mmwrite' array.mtx
refused 65 'a symmetric real matrix' symmetric.mtx
refused 65 'a skew-symmetric real matrix' skew.mtx
refused 65 'complex' complex.mtx
refused 65 'sizes.mtx:2: `rows columns entries` expected, not `61 37`' sizes.mtx
refused 65 'expected, not `61 37 5 7`' sizes4.mtx
refused 65 '`rows columns entries` expected' overflow.mtx
refused 65 'no line with `rows columns entries`' headonly.mtx
refused 65 'more.mtx:3:.*more numbers than an entry' more.mtx
refused 65 'not within the declared size' range.mtx
printf 'user,item\n1,2\n' >plain.csv
refused 64 '--rows is for matrices' --rows items plain.csv
refused 64 '--group is for HDF5' --group X plain.mtx
finish
