#!/bin/bash
# If this fails, a file that is packed or comes through a pipe is read in part, twice or not at all, or one that is not
# a table of events is read as one.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export OMP_NUM_THREADS=1

# The same events in every packing. Python's own modules write them; zstd by hand, as it has none: frames of raw blocks.
cat >pack.py <<'PY'
import bz2, gzip, io, lzma, struct, zipfile
def zstd(data, sized=True):
    out = struct.pack("<IBB", 0xFD2FB528, 0, 0x58)  # no checksum, window of 2 MiB
    pieces = [data[i:i + 100000] for i in range(0, len(data), 100000)] or [b""]
    for i, piece in enumerate(pieces):
        out += struct.pack("<I", len(piece) << 3 | (i == len(pieces) - 1))[:3] + piece
    return out
def zipped(*files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files:
            z.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()
PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd,
        "zip": lambda data: zipped(("events.csv", data))}
PY
"$python" - <<'PY'
import random, zipfile
from pack import *
random.seed(2)
lines = ["%d,%d,%d\n" % (random.randrange(400), random.randrange(300), random.randrange(1, 6)) for _ in range(60000)]
text = ("user,item,rating\n" + "".join(lines)).encode()
half = text.index(b"\n", len(text) // 2) + 1
put = lambda name, data: open(name, "wb").write(data)
put("a.csv", text)
put("first.csv", text[:half])
put("second.csv", b"user,item,rating\n" + text[half:])
put("cr.csv", text.replace(b"\n", b"\r"))
put("titles.csv", b"itemId,title\n" + b"".join(b"%d,Title %d\n" % (i, i) for i in range(300)))
for name, pack in PACK.items():
    put("a.csv." + name, pack(text))
    put("plain-name." + name + ".txt", pack(text))
    put("second.csv." + name, pack(b"user,item,rating\n" + text[half:]))
    put("titles.csv." + name, pack(open("titles.csv", "rb").read()))
    put("empty." + name, pack(b""))
    packed = pack(text)
    put("cut." + name, packed[:len(packed) // 2])
    put("cut-end." + name, packed[:-1])
    put("cut-start." + name, packed[:8])
    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 4
    put("flipped." + name, bytes(flipped))
    if name != "zip":
        put("two." + name, pack(text[:half]) + pack(text[half:]))
        put("many." + name, b"".join(pack(text[i:i + 9999]) for i in range(0, len(text), 9999)) + pack(b""))
        put("garbage." + name, packed + b"garbage behind the end")
        put("cut-second." + name, pack(text[:half]) + pack(text[half:])[:-20])
put("padded.gz", gzip.compress(text) + bytes(1000))
put("padded.bz2", bz2.compress(text) + bytes(1000))
put("padded.xz", lzma.compress(text) + bytes(1000))
put("half.gz", gzip.compress(text[:half]) + b"\x1f")
put("mac.zip", zipped(("events/", b""), ("events/a.csv", text), ("__MACOSX/events/._a.csv", b"x"), (".DS_Store", b"y")))
put("several.zip", zipped(("a.csv", text), ("b.csv", text), ("README", b"")))
put("nothing.zip", zipped())
put("book.zip", zipped(("xl/workbook.xml", b""), ("[Content_Types].xml", b"")))
put("letter.docx", zipped(("[Content_Types].xml", b""), ("word/document.xml", b"")))
put("matrix.npz", zipped(("data.npy", b"\x93NUMPY"), ("indices.npy", b"\x93NUMPY")))
PY
must 1 ingest a.csv -o a.h5
"$python" - <<'PY'
import h5py
f = h5py.File("a.h5")
assert f["interactions/data"].shape == (60000,), f["interactions/data"].shape
PY
cat >same_events.py <<'PY'
import sys, h5py
def rows(name):
    f = h5py.File(name)
    return [f[p][:].tobytes() for p in ("interactions/indptr", "interactions/indices", "interactions/data", "users/id", "items/id")]
want = rows(sys.argv[1])
for name in sys.argv[2:]:
    assert rows(name) == want, name
PY

# --- each packing, under any name, is read like the plain file ---
for kind in gz bz2 xz zst zip; do
  for ranks in 1 3; do
    must $ranks ingest a.csv.$kind -o $kind.$ranks.h5
  done
  good "$kind: the same on 1 and 3 ranks" cmp $kind.1.h5 $kind.3.h5
  must 1 ingest plain-name.$kind.txt -o named.h5
  must 2 ingest first.csv second.csv.$kind -o mixed.h5
  good "$kind: its events" "$python" same_events.py a.h5 $kind.1.h5 named.h5 mixed.h5
  good "$kind: the hash is of the file as it lies there" "$python" -c '
import h5py, hashlib, sys
f = h5py.File(sys.argv[1])
assert bytes(f.attrs["source_sha256"][0]).decode() == hashlib.sha256(open(sys.argv[2], "rb").read()).hexdigest()' $kind.1.h5 a.csv.$kind
  must 2 ingest a.csv.$kind --items titles.csv.$kind -o titled.h5
  must 1 ingest a.csv --items titles.csv -o plain-titled.h5
  good "$kind: a table of titles" "$python" -c '
import h5py
a, b = h5py.File("titled.h5"), h5py.File("plain-titled.h5")
assert (a["items/title"][:] == b["items/title"][:]).all()'
done
for kind in gz bz2 xz zst; do
  for name in two many; do
    must 2 ingest $name.$kind -o $name.h5
    good "$name.$kind: streams one after another are one file" "$python" same_events.py a.h5 $name.h5
  done
done
for kind in gz bz2 xz; do
  must 1 ingest padded.$kind -o padded.h5
  good "padded.$kind: NULs behind the end" "$python" same_events.py a.h5 padded.h5
done
must 2 ingest mac.zip -o mac.h5
good "what macOS adds to an archive is passed over" "$python" same_events.py a.h5 mac.h5
must 3 ingest cr.csv -o cr.h5
good "carriage returns alone end lines" "$python" same_events.py a.h5 cr.h5

# --- damaged ones are errors: never a part of the events ---
refused() { # STATUS PATTERN ARG...
  local want=$1 pattern=$2
  shift 2
  for ranks in 0 2; do
    run $ranks ingest "$@" -o no.h5
    good "status $want for $*, not $status" grep -qxE "$want" <<<"$status"
    good "the message for $* tells" grep -qE -- "$pattern" err
    good "nothing is left behind" [ -z "$(echo no.h5*[!d])" -o ! -e no.h5 ]
  done
}
for kind in gz bz2 xz zst zip; do
  for name in cut cut-end; do
    refused 74 "$name.$kind: the [a-z0-9]* stream is broken or cut short" $name.$kind
  done
  refused '74|65' "cut-start.$kind" cut-start.$kind
  refused 65 "empty.$kind is empty" empty.$kind
  [ $kind = zst ] || refused '74|65' "flipped.$kind" flipped.$kind # it has a checksum
  [ $kind = zip ] || refused 74 "garbage.$kind" garbage.$kind
  [ $kind = zip ] || refused 74 "cut-second.$kind" cut-second.$kind
done
refused 74 'half.gz' half.gz
refused 65 'several.zip is a zip archive of 3 files \(a.csv, b.csv, README\).*unzip -p several.zip' several.zip
refused 65 'nothing.zip is a zip archive without any file' nothing.zip
refused 65 'book.zip is an Excel workbook.*read_excel' book.zip
refused 65 'letter.docx is an Office document' letter.docx
refused '65|66' 'matrix.npz' --items matrix.npz a.csv

# --- other kinds of files say what they are ---
"$python" - <<'PY'
import gzip, io, sqlite3, tarfile
put = lambda name, data: open(name, "wb").write(data)
text = open("titles.csv", "rb").read()
put("events.parquet", b"PAR1" + bytes(range(100)) + b"PAR1")
put("feather.arrow", b"ARROW1\0\0" + bytes(100))
sqlite3.connect("shop.db").execute("create table t (a)")
with tarfile.open("all.tar", "w") as t:
    t.add("titles.csv")
with tarfile.open("all.tgz", "w:gz") as t:
    t.add("titles.csv")
put("array.json", b'[{"user": 1, "item": 2},\n {"user": 1, "item": 3}]\n')
put("page.csv", b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n")
put("wide.csv", text.decode().encode("utf-16-le"))
put("wide4.csv", text.decode().encode("utf-32"))
put("model.h5.gz", gzip.compress(open("a.h5", "rb").read()))
put("noise.bin", bytes((i * 7919 ^ i >> 3) & 255 for i in range(5000)))
PY
refused 65 'events.parquet is a Parquet file; convert it first: python3 .*read_parquet\("events.parquet"\).to_csv\("events.csv"' events.parquet
refused 65 'events.parquet is a Parquet file' a.csv --items events.parquet
refused 65 'an Arrow' feather.arrow
refused 65 'shop.db is an SQLite database.*sqlite3' shop.db
refused 65 'all.tar is a tar archive.*tar -xvf' all.tar
refused 65 'all.tgz holds a tar archive inside gzip' all.tgz
refused 65 'array.json is one JSON array.*jq -c' array.json
refused 65 'page.csv is an HTML page' page.csv
refused 65 'wide.csv is text in UTF-16.*iconv -f UTF-16LE' wide.csv
refused 65 'wide4.csv is text in UTF-32' wide4.csv
refused 65 'model.h5.gz holds an HDF5 file inside gzip' model.h5.gz
refused 65 'a.h5 is an HDF5 file' a.csv --items a.h5
refused 65 'noise.bin is a binary file' noise.bin

# --- pipes ---
no_spool() { [ -z "$(find . -name '*.part-*')" ]; }
head -n 2000 a.csv >short.csv # longer input now and then crashes the mpirun of Open MPI 4 (their issue 7483)
must 1 ingest short.csv -o short.h5
for ranks in 1 2 3; do
  status=0
  cat short.csv | "$tests/mpi/mpi_run" $ranks "$palate" ingest - -o in.h5 2>err || status=$?
  good "standard input on $ranks ranks" [ "$status" -eq 0 ]
  good "its events on $ranks ranks" "$python" same_events.py short.h5 in.h5
  good "its copy is gone" no_spool
done
for ranks in 0 1 2; do
  mkfifo pipe$ranks
  (sleep 0.3; cat first.csv; sleep 0.3; tail -n +2 second.csv) >pipe$ranks &
  must $ranks ingest pipe$ranks -o fifo.h5
  good "a named pipe on $ranks ranks" "$python" same_events.py a.h5 fifo.h5
done
for kind in gz bz2 xz zst zip; do
  cat a.csv.$kind | "$palate" ingest - -o in.h5 2>err
  good "$kind from standard input" "$python" same_events.py a.h5 in.h5
done
"$palate" ingest - -o in.h5 <a.csv.xz 2>err
good "a file as standard input" "$python" same_events.py a.h5 in.h5
good "standard input has a name and a hash" "$python" -c '
import h5py, hashlib
f = h5py.File("in.h5")
assert bytes(f.attrs["source"][0]) == b"standard input"
assert bytes(f.attrs["source_sha256"][0]).decode() == hashlib.sha256(open("a.csv.xz", "rb").read()).hexdigest()'
run 0 ingest <(cat first.csv) second.csv.zip -o process.h5
good "process substitution beside a file" "$python" same_events.py a.h5 process.h5
(cat titles.csv >pipe0) &
run 2 ingest a.csv --items pipe0 -o titled2.h5
good "a table through a pipe" "$python" -c '
import h5py
assert (h5py.File("titled2.h5")["items/title"][:] == h5py.File("plain-titled.h5")["items/title"][:]).all()'
printf 'user,item\n1,2\n3\n' | "$palate" ingest - -o no.h5 2>err
good "a bad line of standard input" grep -q 'standard input:3:2: too few columns' err
"$palate" ingest - -o no.h5 </dev/null 2>err
good "an empty one" grep -q 'standard input is empty' err
"$palate" ingest - - -o no.h5 <a.csv 2>err
good "named twice" grep -q 'standard input can be read only once' err
"$palate" ingest - -o a.csv/no.h5 <first.csv 2>err
good "nowhere to copy it to" grep -q 'cannot create a.csv/no.h5' err
run 2 ingest /dev/fd/77 -o no.h5
good "a pipe that this process has not" grep -q 'cannot read /dev/fd/77.*ingest -' err
good "no copies are left" no_spool

# --- how many bad lines ---
{ echo user,item,rating; for k in $(seq 20000); do echo "$k,$((k % 7)),$([ $((k % 100)) = 0 ] && echo bad || echo 3)"; done; } >bad.csv
refused 65 'bad.csv:101:7: .*the first of more bad lines' bad.csv --max-bad-lines 199
refused 65 'bad.csv:101:7: .*the first of 200 bad lines among 20000, more than the 0.9 %' bad.csv --max-bad-lines 0.9%
for ranks in 1 2 3; do
  for limit in 200 1% 50% all; do
    must $ranks ingest bad.csv --max-bad-lines $limit -o bad.h5
    good "the rejected lines" [ "$(wc -l <bad.h5.rejected)" -eq 201 ]
  done
done
for text in x 1%% -1 101% % 1.5 alles nan%; do
  ends 64 1 ingest bad.csv --max-bad-lines "$text" -o no.h5
done
{ echo user,item,rating; echo 1,2,3; for k in $(seq 25000); do echo "$k,x,bad"; done; } >worse.csv
for ranks in 1 2 3; do
  must $ranks ingest worse.csv --max-bad-lines all -o worse.h5
  good "the first of them are listed, in order" [ "$(sed -n 10001p worse.h5.rejected)" = "$(printf 'worse.csv\t10002\t9\tthe value is not a number\t10000,x,bad')" ]
  good "the others are counted" [ "$(sed -n '10002,$p' worse.h5.rejected)" = "# 15000 further rejected lines are not listed" ]
  good "and so they are in the table" grep -qE 'rejected +25000' err
done
printf 'user,item,rating\n1,2,3\n4,a\0b\001,x\n' >nul.csv
refused 65 '4,a\\x00b\\x01,x' nul.csv
must 1 ingest nul.csv --max-bad-lines all -o nul.h5
good "a NUL is shown as one" grep -qF '4,a\x00b\x01,x' nul.h5.rejected
printf 'user,item,rating,,\n,,,,\n1,2,3,,\n,,,,\n,,,,\n' >rows.csv
must 2 ingest rows.csv --json -o rows.h5
good "rows of separators are blank" "$python" -c '
import json
r = json.load(open("out"))
assert (r["kept"], r["blank"], r["rejected"]) == (1, 3, 0), r'

# --- folders of outputs ---
must 1 synth -o new/a/d.h5 --users 20 --items 15 --events 200 --groups 2 --factors 2 --quiet
must 1 train new/a/d.h5 -o new/b/s --factors 2 --sweeps 1 --quiet
snapshot=$(only new/b/s)
must 0 export "$snapshot" -o new/c/d/e
must 1 recommend "$snapshot" --all --top 3 -o new/f/g/r.h5
good "they are there" [ -e new/c/d/e -a -e new/f/g/r.h5 ]
finish
