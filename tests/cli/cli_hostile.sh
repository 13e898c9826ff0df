#!/bin/bash
# If this fails, somebody who may choose a name in the data writes to the terminal, the tables or the JSON of those who
# look at it; or somebody on the same machine changes what is published; or a clock or a disk that is not as it should be
# costs a night.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
umask 0

# Names that are commands to a terminal, ends of lines, quotes, formulas, and bytes that are no UTF-8.
"$python" - <<'PY'
import csv
nasty = ["\x1b]0;owned\x07", "\x1b[2J\x1b[31mred", 'quote"d', "comma,d", "new\nline", "car\rriage", "</script><b>", "=1+1",
         "\\back", "tab\tbed", "\u202eright to left", "\u009b31m", "{\"a\":1}", "'; --", "../../etc/passwd", "%s%n%d"]
with open("d.csv", "w", newline="") as f:
    w = csv.writer(f)
    w.writerow(["user", "item", "rating"])
    for u in range(60):
        for i in range(40):
            if (u * 7 + i * 3) % 5 < 2:
                w.writerow([nasty[u] if u < len(nasty) else f"u{u}", nasty[i] if i < len(nasty) else f"i{i}", 1 + (u * i) % 5])
with open("t.csv", "w", newline="") as f:
    w = csv.writer(f)
    w.writerow(["item", "title", "tags"])
    for i in range(40):
        name = nasty[i] if i < len(nasty) else f"i{i}"
        w.writerow([name, "The " + name, name.replace("|", "") + "|plain"])
PY
must 1 ingest d.csv --items t.csv -o d.h5 --quiet
must 1 refresh d.h5 -o s --factors 4 --sweeps 3 --groups 3 --restarts 1 --quiet

# Nothing of it reaches the terminal as it is.
cat >clean.py <<'PY'
import sys, unicodedata
text = open(sys.argv[1], "rb").read().decode("utf-8")
bad = [c for c in text if c not in "\n\t" and unicodedata.category(c) == "Cc" or c in "\u202e\u202d\u2066\u2067"]
sys.exit(f"{len(bad)} control characters, {bad[:5]!a}" if bad else 0)
PY
first=$(printf '\033]0;owned\007')
for what in "info d.h5" "info s" "info s --groups" "recommend s --user u20 --top 30" "similar s --item i20 --top 30" "evaluate s d.h5"; do
  # shellcheck disable=SC2086
  must 0 $what
  good "$what prints no control characters" "$python" clean.py out
  good "nor does its progress" "$python" clean.py err
done
run 0 recommend s --user "$first" --top 30
good "a member of such a name is found" [ "$status" -eq 0 ]
good "and is not printed as it is" "$python" clean.py out
for command in "recommend s --user $(printf 'no\033[2Jbody')" "similar s --item $(printf 'no\033[2Jthing')" \
  "info $(printf 'no\033[2Jthing')" "train d.h5 --loss $(printf 'no\033[2Jthing')" "$(printf 'no\033[2Jthing')"; do
  # shellcheck disable=SC2086
  run 0 $command
  good "a name that is not there is refused" [ "$status" -ne 0 ]
  good "and its message prints no control characters" "$python" clean.py err
done

# JSON says each name as it is, and nothing else.
must 0 recommend s --user u20 --top 30 --json
good "JSON has the names, to the character" "$python" - out <<'PY'
import json, sys
text = open(sys.argv[1]).read()
assert not any(ord(c) < 32 and c != "\n" for c in text)
def strings(x):
    if isinstance(x, dict):
        for v in x.values(): yield from strings(v)
    elif isinstance(x, list):
        for v in x: yield from strings(v)
    elif isinstance(x, str): yield x
names = set(strings(json.loads(text)))
assert any("\x1b" in n or "\n" in n or '"' in n for n in names), names
PY
must 0 info s --groups --json
good "the groups as well" "$python" -m json.tool out

# CSV: one record an item, whatever is in its name.
must 0 export s --format csv -o tables
good "tables have as many records as there are names" "$python" - tables <<'PY'
import csv, glob, sys
csv.field_size_limit(1 << 30)
found = 0
for path in glob.glob(sys.argv[1] + "/*.csv"):
    rows = list(csv.reader(open(path, newline="", encoding="utf-8", errors="surrogateescape")))
    assert len({len(r) for r in rows}) == 1, path
    found += sum("new\nline" in field for r in rows for field in r)
assert found > 0
PY

# Whatever the umask, nobody but the owner may write: not to datasets, models, exports or the folder.
must 1 train d.h5 -o s --factors 4 --sweeps 2 --quiet # not sealed, as its files were made
good "nobody else may write what was made" [ -z "$(find . -mindepth 1 \( -name '*.h5' -o -path './s/*' -o -path './tables*' \) ! -type l -perm /022)" ]
# What stands under a name that is to be written is replaced, not followed.
echo precious >elsewhere
ln -s "$work/elsewhere" linked.h5
run 1 ingest d.csv -o linked.h5 --quiet
good "a link that stands in the way is not written through" [ "$(cat elsewhere)" = precious ]

# The clock goes back: a newer snapshot than any that can be.
mkdir -p s/20991231T235958Z-0badcafe
must 1 refresh d.h5 -o s --factors 4 --sweeps 2 --groups 3 --restarts 1 --gate off --quiet
good "what is made later has the later name" eval '[[ $(readlink s/latest) > 20991231T235958Z-0badcafe ]]'
must 0 verify s
must 0 prune s --keep 1
good "and is not cleared away" "$palate" verify s

# A folder that cannot be written.
mkdir fixed
if mount -t tmpfs -o size=4M palate-test fixed 2>"$work/err"; then
  # shellcheck disable=SC2064
  trap "umount '$work/fixed'; rm -rf '$work'" EXIT
  cp -a s fixed/s
  before=$(readlink fixed/s/latest)
  mount -o remount,ro fixed
  for command in "refresh d.h5 -o fixed/s --factors 4 --sweeps 2 --groups 3" "ingest d.csv -o fixed/d.h5" \
    "train d.h5 -o fixed/t --factors 4 --sweeps 2" "publish fixed/s/latest" "rollback fixed/s" "export s --format npy -o fixed/x"; do
    # shellcheck disable=SC2086
    run 0 $command --quiet
    good "$command: status $status says that it cannot be written" eval "[[ ' 73 74 ' == *' $status '* ]]"
    good "$command: with a message" grep -q '^palate' err
  done
  good "what is published there can be read" "$palate" verify fixed/s
  good "and is what it was" [ "$(readlink fixed/s/latest)" = "$before" ]
  run 0 evaluate fixed/s d.h5 --quiet
  good "and be measured" [ "$status" -eq 0 ]
  umount fixed
  trap 'rm -rf "$work"' EXIT
else
  echo "no tmpfs may be mounted here: the folder that cannot be written is not tried"
fi
finish
