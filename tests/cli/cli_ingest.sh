#!/bin/bash
# If this fails, people's files become other datasets than the ones they hold: events lost, doubled or misread, ids mixed
# up, or a result that depends on the machine.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# A slow and obviously right reading of a table by Python's own csv module, held against the dataset.
cat >same.py <<'PY'
import csv, datetime, gzip, io, sys
import h5py
import numpy as np

def number_or_none(s):
    return int(s) if s.lstrip("-").isdigit() and str(int(s)) == s else None

def order(ids):
    numbers = {s: number_or_none(s) for s in ids}
    return sorted(ids, key=(lambda s: numbers[s]) if None not in numbers.values() else (lambda s: s.encode()))

# Events of a user in the order of their times (seconds, or seconds and nanoseconds), else as they come in the list; those
# of a dataset appended to stand first in it.
def expected(events, old_users=(), old_items=()):
    users = list(old_users) + order({e[0] for e in events} - set(old_users))
    items = list(old_items) + order({e[1] for e in events} - set(old_items))
    u, i = {s: k for k, s in enumerate(users)}, {s: k for k, s in enumerate(items)}
    moment = lambda t: t if isinstance(t, tuple) else (t, 0)
    rows = sorted(events, key=lambda e: (u[e[0]], moment(e[3])))
    return users, items, [(u[a], moment(t)[0], i[b], np.float32(v)) for a, b, v, t in rows]

def check(path, events, time=True, old_users=(), old_items=()):
    users, items, rows = expected(events, old_users, old_items)
    with h5py.File(path) as f:
        got = [s.decode() for s in f["users/id"][:]], [s.decode() for s in f["items/id"][:]]
        assert got == (users, items), "ids"
        g = f["interactions"]
        assert list(g.attrs["shape"]) == [len(users), len(items)], "shape"
        counts = np.bincount([r[0] for r in rows], minlength=len(users))
        assert (np.diff(g["indptr"][:]) == counts).all() and g["indptr"][0] == 0, "indptr"
        assert (g["indices"][:] == [r[2] for r in rows]).all(), "items"
        assert (g["data"][:] == np.array([r[3] for r in rows], np.float32)).all(), "values"
        assert ("time" in g) == time
        if time:
            assert (g["time"][:] == [r[1] for r in rows]).all(), "times"

def table(path, columns, delimiter=",", header=True, quoting=csv.QUOTE_MINIMAL):
    opened = gzip.open(path, "rt", newline="") if path.endswith(".gz") else open(path, newline="")
    rows = list(csv.reader(opened, delimiter=delimiter, quoting=quoting))[1 if header else 0:]
    u, i, v, t = columns
    return [(r[u], r[i], float(r[v]) if v is not None else 1, int(r[t]) if t is not None else 0) for r in rows]
PY

# --- a table with everything odd about it, in any order, cut anywhere, plain or gzip ---
"$python" - <<'PY'
import gzip, random
random.seed(5)
lines = []
for k in range(3000):
    user = random.choice(["u%d" % random.randrange(40), '"comma, %d"' % random.randrange(9), '"q""%d"' % random.randrange(9),
                          "%d" % random.randrange(30), "0%d" % random.randrange(30), "\u00e9t\u00e9%d" % random.randrange(5)])
    note = random.choice(["", "plain", '"two\nlines"', '"a ""quoted"" comma,"'])
    lines.append("%s,%s,%d,%s,%d%s" % (user, note, random.randrange(500), random.choice(["1", "4.5", "-2", "1e3", ".25"]),
                                       random.randrange(10**9, 2 * 10**9), random.choice(["\n", "\r\n"])))
head = "user,note,item,rating,timestamp\n"
open("a.csv", "w", newline="").write(head + "".join(lines))
random.shuffle(lines)
open("b.csv", "w", newline="").write(head + "".join(lines).rstrip("\r\n"))
with gzip.open("c.csv.gz", "wt", newline="") as f:
    f.write(head + "".join(lines[:1000]))
open("d.csv", "w", newline="").write(head + "".join(lines[1000:]))
PY
export OMP_NUM_THREADS
for ranks in 1 2 3 4; do
  for threads in 1 2; do
    OMP_NUM_THREADS=$threads
    must $ranks ingest a.csv -o a$ranks$threads.h5
    good "$ranks ranks and $threads threads give the same dataset" cmp a$ranks$threads.h5 a11.h5
  done
done
OMP_NUM_THREADS=1
must 0 ingest a.csv -o a0.h5
good "without mpirun, the same" cmp a0.h5 a11.h5
cat >check_a.py <<'PY'
import sys
from same import *
events = table("a.csv", (0, 2, 3, 4))
assert len(events) == 3000
for name in sys.argv[1:]:
    check(name, events)
PY
must 3 ingest b.csv -o b.h5
must 2 ingest d.csv c.csv.gz -o c.h5
good "the datasets are what Python's csv module reads" "$python" check_a.py a11.h5 b.h5 c.h5

# --- every format, at several ranks ---
"$python" - <<'PY'
import gzip, random
random.seed(6)
events = sorted({(random.randrange(1, 60), random.randrange(1, 90)) for _ in range(900)})
random.shuffle(events)
events = [(u, i, random.randrange(1, 6), 1100000000 + 86400 * random.randrange(300)) for u, i in events]
import datetime, json
json.dump([(str(u), str(i), v, t) for u, i, v, t in events], open("events.json", "w"))
open("ml.dat", "w").write("".join("%d::%d::%d::%d\n" % e for e in events))
open("u.data", "w").write("".join("%d\t%d\t%d\t%d\n" % e for e in events))
open("counts.tsv", "w").write("userID\tartistID\tweight\r\n" + "".join("%d\t%d\t%d\r\n" % e[:3] for e in events))
open("pipe.txt", "w").write("".join("%d|%d|%d\n" % e[:3] for e in events))
open("m.mtx", "w").write("%%MatrixMarket matrix coordinate integer general\n% x\n60 90 " + "%d\n" % len(events)
                         + "".join("%d %d %d\n" % e[:3] for e in events))
lists, movies = {}, {}
for u, i, v, t in events:
    lists.setdefault(u, []).append(i)
    movies.setdefault(i, []).append((u, v, datetime.date.fromordinal(719163 + t // 86400)))
open("lists.txt", "w").write("".join("%d %s\n" % (u, " ".join(map(str, l))) for u, l in lists.items()))
def movie(i):
    return "%d:\n" % i + "".join("%d,%d,%s\n" % x for x in movies[i])
open("combined.txt", "w").write("".join(movie(i) for i in movies))
for i in movies:
    open("mv_%07d.txt" % i, "w").write(movie(i))
with gzip.open("ratings.csv.gz", "wt") as f:
    f.write("userId,movieId,rating,timestamp\n" + "".join("%d,%d,%d,%d\n" % e for e in events))
# the same with milliseconds, and with dates
open("ms.csv", "w").write("user,item,value,time\n" + "".join("%d,%d,%d,%d\n" % (u, i, v, 1000 * t) for u, i, v, t in events))
open("iso.csv", "w").write("time,user,item,value\n" + "".join("%sZ,%d,%d,%d\n" % (
    datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"), u, i, v) for u, i, v, t in events))
PY
cat >check_events.py <<'PY'
import json, sys
from same import *
events = [tuple(e) for e in json.load(open("events.json"))]
kind = sys.argv[1]
if kind in ("day", "movies"): # one movie after another: in the order of their first events, or of their files
    first = {}
    for e in events:
        first.setdefault(e[1], len(first))
    events.sort(key=lambda e: first[e[1]] if kind == "day" else int(e[1]))
    events = [(u, i, v, t // 86400 * 86400) for u, i, v, t in events]
if kind in ("notime", "ones", "columns"):
    events = [(u, i, 1 if kind == "ones" else v, 0) for u, i, v, t in events]
if kind == "columns": # SciPy's matrices have the columns of a row in order
    events.sort(key=lambda e: int(e[1]))
for name in sys.argv[2:]:
    check(name, events, time=kind in ("time", "day", "movies"))
PY
format() { # KIND NAME SOURCE...
  local kind=$1 name=$2
  shift 2
  for ranks in 1 3; do
    must $ranks ingest "$@" -o "$name.$ranks.h5"
    good "$name on $ranks ranks" "$python" check_events.py "$kind" "$name.$ranks.h5"
  done
  good "$name: the same on 1 and 3 ranks" cmp "$name.1.h5" "$name.3.h5"
}
format time movielens ml.dat
format time udata u.data
format time gzip ratings.csv.gz
format time milliseconds ms.csv
format time dates iso.csv
format notime counts counts.tsv
format notime pipe pipe.txt
format notime mtx m.mtx
format ones lists lists.txt --format lists
format day netflix combined.txt
format movies movies mv_*.txt
format notime none ml.dat --time-column none
format ones only ml.dat --time-column none --value-column none
must 1 ingest u.data --format udata -o named.h5
good "the format by name" "$python" check_events.py time named.h5

# --- HDF5 from elsewhere ---
"$python" - <<'PY'
import json
import h5py
import numpy as np
from scipy.sparse import csr_matrix
events = json.load(open("events.json"))
u, i, v = (np.array([int(e[0]) - 1 for e in events]), np.array([int(e[1]) - 1 for e in events]),
           np.array([e[2] for e in events], np.float32))
m = csr_matrix((v, (u, i)))
users, items = [str(k + 1) for k in range(m.shape[0])], [str(k + 1) for k in range(m.shape[1])]
def put(g, m, encoding=None):
    g.create_dataset("data", data=m.data, compression="gzip", chunks=True)
    g["indices"], g["indptr"] = m.indices, m.indptr
    if encoding:
        g.attrs["encoding-type"], g.attrs["shape"] = encoding, (m.shape if encoding[:3] == "csr" else m.shape[::-1])
text = h5py.string_dtype()
for name, matrix, encoding in (("anndata", m, "csr_matrix"), ("csc", m.tocsc().T.tocsr(), "csc_matrix")):
    with h5py.File(name + ".in.h5", "w") as f:
        put(f.create_group("X"), matrix, encoding)
        f.create_group("obs").attrs["_index"] = "_index"
        f.create_group("var").attrs["_index"] = "names"
        f["obs"].create_dataset("_index", data=users, dtype=text)
        f["var"]["names"] = np.array(items, "S4")
with h5py.File("implicit.in.h5", "w") as f:
    put(f.create_group("artist_user_plays"), m.T.tocsr())
    f.create_dataset("artist", data=items, dtype=text)
    f.create_dataset("user", data=users, dtype=text)
with h5py.File("bare.in.h5", "w") as f:
    put(f.create_group("user_things"), m)
with h5py.File("two.in.h5", "w") as f:
    put(f.create_group("a"), m)
    put(f.create_group("b"), m)
for name, part, bad in (("indptr", "indptr", 3), ("index", "indices", 7), ("nan", "data", 5)):
    with h5py.File(name + ".in.h5", "w") as f:
        g = f.create_group("X")
        put(g, m, "csr_matrix")
        x = g[part][:]
        x[bad] = {"indptr": 100000, "index": 5000, "nan": np.nan}[name]
        del g[part]
        g[part] = x
PY
format columns anndata anndata.in.h5
format columns csc csc.in.h5
format columns implicit implicit.in.h5
format time own movielens.1.h5
must 2 ingest two.in.h5 --group b --rows users -o two.h5
must 2 ingest bare.in.h5 -o bare.h5
good "without names, ids are numbers from 0" "$python" -c '
import json
from same import *
events = [(str(int(u) - 1), str(int(i) - 1), v, 0) for u, i, v, t in json.load(open("events.json"))]
events.sort(key=lambda e: int(e[1]))
check("bare.h5", events, time=False)
check("two.h5", events, time=False)'

# --- the order of events: of times to the nanosecond, then of the sources ---
# Nearly all times are equal in the second. Who fails here gets another `--duplicates last` and another `last:N`.
cat >ties.py <<'PY'
import datetime, random
FORMS = ("ms", "us", "float", "iso", "comma", "day")
def events_of(name):
    r = random.Random(name)
    out = []
    for k in range({"none": 0, "one": 1}.get(name, 700)):
        second = 1400000000 - 1400000000 % 86400 + r.randrange(3) * 86400
        nano = r.choice((0, 0, 300, 300, 900)) * 10**6 + (r.randrange(3) * 1000 if name in ("us", "comma", "float") else 0)
        out.append((str(r.randrange(9)), str(r.randrange(40)), r.randrange(-2, 6), second, 0 if name in ("day", "one") else nano))
    return out
def stamp(name, e):
    at = datetime.datetime.fromtimestamp(e[3], datetime.timezone.utc)
    return {"ms": "%d" % (e[3] * 1000 + e[4] // 10**6), "us": "%d" % (e[3] * 10**6 + e[4] // 1000),
            "float": "%d.%09d" % (e[3], e[4]), "iso": at.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (e[4] // 10**6),
            "comma": at.strftime("%Y-%m-%d %H:%M:%S") + ",%06d" % (e[4] // 1000), "day": at.strftime("%Y-%m-%d")}.get(name, "%d" % e[3])
def table_of(*names):
    return [(*e[:3], e[3:]) for n in names for e in events_of(n)]
def kept(name): # by a dataset, which has whole seconds
    return [(*e[:3], e[3][0]) for e in sorted(table_of(name), key=lambda e: e[3])]
PY
"$python" - <<'PY'
import gzip
from ties import *
for name in FORMS + ("none", "one"):
    text = "user;item;value;time\n" + "".join("%s;%s;%d;%s\n" % (*e[:3], stamp(name, e)) for e in events_of(name))
    (gzip.open(name + ".csv.gz", "wt") if name == "us" else open(name + ".csv", "w")).write(text.rstrip("\n") if name == "iso" else text)
for name, of in (("seq", "day"), ("seq2", "ms")):
    open(name + ".csv", "w").write("user,item,value\n" + "".join("%s,%s,%d\n" % e[:3] for e in events_of(of)))
PY
order_of() { # NAME SOURCE...: the dataset of these sources, on any number of ranks and threads
  local name=$1 k=0
  shift
  for OMP_NUM_THREADS in 1 2 3; do
    some_ranks 1 2 3 4
    for ranks in "${at_ranks[@]}"; do
      must $ranks ingest "$@" -o "$name.h5"
      [ $k -gt 0 ] || cp "$name.h5" "$name.1.h5"
      good "$name: $ranks ranks of $OMP_NUM_THREADS threads give the same order" cmp "$name.h5" "$name.1.h5"
      k=$((k + 1))
    done
  done
  OMP_NUM_THREADS=1
}
order_of ties float.csv none.csv iso.csv us.csv.gz one.csv day.csv comma.csv ms.csv
good "the order of moments, then of the sources" "$python" -c '
from same import *
from ties import *
check("ties.h5", table_of("float", "none", "iso", "us", "one", "day", "comma", "ms"))'
order_of seq seq.csv
order_of seqs seq2.csv seq.csv
good "without times, the order of the sources" "$python" -c '
from same import *
from ties import *
check("seq.h5", [(*e[:3], 0) for e in table_of("day")], time=False)
check("seqs.h5", [(*e[:3], 0) for e in table_of("ms", "day")], time=False)'
# HDF5 between texts: every rank reads a part of each of them.
must 2 ingest day.csv -o day.h5
must 1 ingest ms.csv -o ms.h5
order_of mixed iso.csv day.h5 us.csv.gz one.csv ms.h5 float.csv
good "HDF5 sources have their place among the others" "$python" -c '
from same import *
from ties import *
check("mixed.h5", table_of("iso") + kept("day") + table_of("us", "one") + kept("ms") + table_of("float"))'
# What is appended comes after what is there in the same second, which has lost its fractions.
order_of more float.csv us.csv.gz --append ms.h5
good "appended events come after those of the same second" "$python" -c '
from same import *
from ties import *
users, items, _ = expected(kept("ms"))
check("more.h5", kept("ms") + table_of("float", "us"), old_users=users, old_items=items)'
printf 'user,item,rating\nann,heat,5\nbo,alien,3\n' >monday.csv
printf 'user,item,rating\nann,heat,1' >tuesday.csv
must 2 ingest monday.csv -o monday.h5
must 3 ingest tuesday.csv --append monday.h5 -o tuesday.h5
good "a lowered rating stands last" "$python" -c '
import h5py
f = h5py.File("tuesday.h5")["interactions"]
assert list(f["indices"][:]) == [1, 1, 0] and list(f["data"][:]) == [5, 1, 3], (f["indices"][:], f["data"][:])'

# --- values that are no likes ---
printf 'user,item,quantity\na,x,2\na,x,-2\nb,x,0\nb,y,-0.0\nb,z,3\n' >returns.csv
for ranks in 1 3; do
  must $ranks ingest returns.csv --json -o returns.h5
  good "zeros and returns are counted on $ranks ranks" "$python" -c '
import json
r = json.load(open("out"))
assert (r["zeros"], r["negatives"], r["events"]) == (2, 1, 5), r'
  good "zeros are told" grep -q 'zeros  *2 ' err
  good "returns are told" grep -q 'negative  *1 ' err
done

# --- titles ---
printf 'itemId;Title;Genres\n1;"Alpha; ""one""";a|b\n2;Am\xe9lie;(no genres listed)\n999;Nobody;x\n2;Again;y\n' >items.csv
printf 'user,item\n5,1\n5,2\n5,3\n' >three.csv
for ranks in 1 2 4; do
  must $ranks ingest three.csv --items items.csv -o t$ranks.h5
  good "titles on $ranks ranks" cmp t$ranks.h5 t1.h5
done
good "Latin-1 is said" grep -q 'Latin-1' err
good "titles without an event are counted" grep -q '1 further titles have no event' err
good "titles and tags are there" "$python" -c '
import h5py
f = h5py.File("t1.h5")
assert [s.decode() for s in f["items/title"][:]] == ["Alpha; \"one\"", "Am\u00e9lie", ""], f["items/title"][:]
assert [s.decode() for s in f["items/tags"][:]] == ["a|b", "y", ""], f["items/tags"][:]
import hashlib
assert [bytes(s).decode() for s in f.attrs["source"]] == ["three.csv", "items.csv"]
assert bytes(f.attrs["source_sha256"][1]).decode() == hashlib.sha256(open("items.csv", "rb").read()).hexdigest()'

printf 'userId,name\n5,Eve\n77,Nobody\n' >users.csv
for ranks in 1 3; do
  must $ranks ingest three.csv --users users.csv -o n$ranks.h5
  good "names on $ranks ranks" cmp n$ranks.h5 n1.h5
done
printf 'user,item\n6,1\n' >six.csv
must 2 ingest six.csv --append n1.h5 -o n6.h5
good "names are there, and stay when more is appended" "$python" -c '
import h5py
assert [s.decode() for s in h5py.File("n1.h5")["users/name"][:]] == ["Eve"]
assert [s.decode() for s in h5py.File("n6.h5")["users/name"][:]] == ["Eve", ""]'

# --- bad lines ---
refused() { # STATUS PATTERN ARG...
  local want=$1 pattern=$2
  shift 2
  for ranks in 1 3; do
    run $ranks ingest "$@" -o no.h5
    good "status $want for $*" [ "$status" -eq "$want" ]
    good "the message for $* tells" grep -qE -- "$pattern" err
    good "nothing is left behind" [ ! -e no.h5 ]
  done
}
{ echo user,item,rating; for k in $(seq 400); do echo "$k,$((k % 7)),3"; done; echo 8,9,nan; echo 1,2,3; echo ,2,3; } >bad.csv
refused 65 'bad.csv:402:5: the value is NaN, in `8,9,nan`' bad.csv
refused 65 'bad.csv:402:5: .*max-bad-lines' bad.csv --max-bad-lines 1
for ranks in 1 2 3 4; do
  must $ranks ingest bad.csv --max-bad-lines 2 -o bad$ranks.h5
  mv bad$ranks.h5.rejected bad$ranks.txt
  good "refused lines are told alike on $ranks ranks" cmp bad$ranks.txt bad1.txt
  good "and the rest is the same" cmp bad$ranks.h5 bad1.h5
done
good "the refused lines" [ "$(tail -n +2 bad1.txt)" = "$(printf 'bad.csv\t402\t5\tthe value is NaN\t8,9,nan\nbad.csv\t404\t1\tthe user id is empty\t,2,3')" ]
must 1 ingest bad.csv --max-bad-lines 2 --json -o bad1.h5
good "the counts of lines" "$python" -c '
import json
r = json.load(open("out"))
assert (r["lines"], r["kept"], r["rejected"], r["users"], r["items"], r["events"], r["repeated"]) == (404, 401, 2, 400, 7, 401, 0), r'
printf '1,2,3\n4,"open,5\n6,7,8\n' >open.csv
refused 65 'open.csv:2:1: a quote is not closed' open.csv
"$python" -c 'open("nul.csv", "wb").write(b"1,2,3\n4,\0,5\n")'
refused 65 'nul.csv:2:3: a NUL byte' nul.csv
"$python" -c 'open("long.csv", "wb").write(b"1,2,3\n" + b"9" * 100000000 + b"\n4,5,6\n")'
refused 65 'long.csv:2:1: the line is longer than 1 MB' long.csv
must 2 ingest long.csv --max-bad-lines 1 -o long.h5 --json
good "a line of 100 MB is passed over without being held" "$python" -c '
import json
r = json.load(open("out"))
assert (r["lines"], r["events"]) == (3, 2) and r["memory"] < 150e6, r'
rm -f long.csv
: >empty.csv
refused 65 'empty.csv is empty' empty.csv
echo user,item >head.csv
refused 65 'no events in head.csv' head.csv
refused 66 'cannot read missing.csv' missing.csv
refused 66 'not a regular file' .
refused 64 'has no column `stars`; its header names: user, item, rating' bad.csv --value-column stars
refused 64 'takes one of auto' bad.csv --format xml
head -c 200 ratings.csv.gz >cut.csv.gz
refused 74 'cut.csv.gz: the gzip stream is broken or cut short' cut.csv.gz
refused 64 'two.in.h5 has 2 groups' two.in.h5
refused 65 'indptr is broken' indptr.in.h5
refused 65 'index 5000' index.in.h5
refused 65 'not a finite number' nan.in.h5
refused 64 'no columns to choose' two.in.h5 --user-column 2 --group a
printf '\xff\xfeu\0' >wide.csv
refused 65 'UTF-16' wide.csv
run 1 ingest a.csv
good "no output is a usage error" [ "$status" -eq 64 ]
run 2 ingest a.csv -o a.csv/folder/x.h5
good "an output that cannot be made" [ "$status" -eq 73 ]
must 2 ingest a.csv -o made/for/it/x.h5
good "an output's folders are made" cmp made/for/it/x.h5 a11.h5

# --- appending ---
cat >check_append.py <<'PY'
from same import *
old, new = table("day1.csv", (0, 1, 2, 3)), table("day2.csv", (0, 1, 2, 3))
old_users, old_items, _ = expected(old)
check("day1.h5", old)
check("both1.h5", old + new, old_users=old_users, old_items=old_items)
with h5py.File("both1.h5") as f:
    titles = [s.decode() for s in f["items/title"][:]]
    assert titles == [{"14": "fourteen", "5": "five"}.get(s.decode(), "") for s in f["items/id"][:]], titles
    assert [bytes(s).decode() for s in f.attrs["source"]] == ["day1.csv", "i1.csv", "day2.csv", "i2.csv"]
PY
"$python" - <<'PY'
import random
random.seed(8)
for day, users, items in ((1, 300, 40), (2, 400, 60)):
    with open("day%d.csv" % day, "w") as f:
        f.write("user,item,rating,time\n")
        for k in range(2000):
            f.write("%d,%d,%d,%d\n" % (random.randrange(users) * 3 % 401, random.randrange(items) * 7 % 61,
                                       random.randrange(1, 6), 1.2e9 + 86400 * day + random.randrange(86400)))
PY
printf 'id,title\n14,fourteen\n' >i1.csv
printf 'id,title\n5,five\n' >i2.csv
must 2 ingest day1.csv --items i1.csv -o day1.h5
for ranks in 1 2 3 4; do
  must $ranks ingest day2.csv --append day1.h5 --items i2.csv -o both$ranks.h5
  good "appended on $ranks ranks" cmp both$ranks.h5 both1.h5
done
good "old rows keep their places" "$python" check_append.py
refused 65 'day1.csv is already in day1.h5' day1.csv --append day1.h5
refused 64 'has times and' counts.tsv --append day1.h5
refused 66 'missing.h5' day2.csv --append missing.h5

# --- days that say nothing, and days that came before ---
printf 'user,item,rating,time\n' >nothing.csv
gzip -k nothing.csv
printf 'user,item,rating,time\r\n\n  \n' >blank.csv
for ranks in 1 2 4; do
  must $ranks ingest nothing.csv --append day1.h5 -o same1.h5
  must $ranks ingest nothing.csv blank.csv --append same1.h5 -o same2.h5
  must $ranks ingest nothing.csv.gz nothing.csv --append same2.h5 -o same3.h5
  good "a day without events is a day: nothing changes on $ranks ranks, again and again" "$python" -c '
import h5py
a, b = h5py.File("day1.h5"), h5py.File("same3.h5")
for name in ("users/id", "items/id", "items/title", "interactions/indptr", "interactions/indices", "interactions/data", "interactions/time"):
    assert (a[name][:] == b[name][:]).all(), name'
  must $ranks ingest nothing.csv day2.csv --append day1.h5 -o with.h5
  good "an empty day beside one with events" "$python" -c '
import h5py
a, b = h5py.File("both1.h5"), h5py.File("with.h5")
assert (a["interactions/indices"][:] == b["interactions/indices"][:]).all()'
done
refused 65 'no events in nothing.csv' nothing.csv
printf 'user,item,rating,time\n,2,3,4\n' >broken.csv
refused 65 'no events in broken.csv' broken.csv --append day1.h5 --max-bad-lines 9
gzip -kc day2.csv >day2.csv.gz
{ cat day2.csv; echo; } >day2n.csv
head -n 1501 day2.csv >day2part.csv
{ cat day2.csv; echo 1,7,3,1200000000; } >day2more.csv
for again in day2.csv.gz day2n.csv day2part.csv; do
  for ranks in 1 3; do
    must $ranks ingest $again --append both1.h5 -o again.h5 --json
    good "$again: that every event is there already is said" grep -q "warning: every event of $again is already in both1.h5" err
    good "and counted" "$python" -c '
import json
r = json.load(open("out"))
assert r["already_there"] == r["new_events"] > 0, r'
  done
  refused 65 "every event of $again is already in both1.h5" $again --append both1.h5 --if-repeated refuse
done
must 2 ingest day2more.csv --append both1.h5 -o again.h5 --json --if-repeated refuse
good "one new event makes it a new day; what is there is counted" "$python" -c '
import json
r = json.load(open("out"))
assert r["already_there"] + 1 == r["new_events"] == 2001, r'
good "and told" grep -q 'in BASE  *2000 ' err
refused 65 'day1.csv is already in both1.h5' day1.csv --append both1.h5 --if-repeated warn

# --- real data ---
if [ -d "$data" ]; then
  for ranks in 1 2 3 4; do
    must $ranks ingest "$data/ml-latest-small/ratings.csv" --items "$data/ml-latest-small/movies.csv" -o ml$ranks.h5 --json
    good "MovieLens on $ranks ranks" cmp ml$ranks.h5 ml1.h5
  done
  good "MovieLens: 610 users, 9,724 items, 100,836 events, all titled" "$python" -c '
import json
r = json.load(open("out"))
assert (r["users"], r["items"], r["events"], r["titled"], r["rejected"]) == (610, 9724, 100836, 9724, 0), r'
  must 2 ingest "$data/hetrec2011-lastfm-2k/user_artists.dat" --items "$data/hetrec2011-lastfm-2k/artists.dat" -o fm.h5 --json
  good "Last.fm: 1,892 users, 17,632 artists, 92,834 events, all named" "$python" -c '
import json
r = json.load(open("out"))
assert (r["users"], r["items"], r["events"], r["titled"], r["rejected"]) == (1892, 17632, 92834, 17632, 0), r'
else
  echo "no real data at $data: those checks are left out (PALATE_DATA names the folder)"
fi
finish
