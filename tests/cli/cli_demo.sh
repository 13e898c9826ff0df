#!/bin/bash
# If this fails, the first thing a newcomer types does not show what palate is for.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export PALATE_BUILD=$bin PALATE_DEMO=$work/demo
status=0
"$tests/../jobs/demo" >"$work/out" 2>"$work/err" || status=$?
good "jobs/demo ends with 0, not $status" [ "$status" -eq 0 ]
good "it shows the model beside popularity and chance" grep -q 'most popular *random' <(cat out err)
good "it publishes" [ -s demo/demo/snapshots/latest/SHA256SUMS ]
good "it shows ten recommendations with match per cent" [ "$(grep -Ec '^ +[0-9]+ +[0-9]+ %' out)" -eq 10 ]
good "it says which groups the member is in" grep -Eq '^member [0-9]+: [0-9]+ %' err
better() { at_least "$(figure "$1" model at 10 ndcg)" "$("$python" -c "print(1.3 * $(figure "$1" most_popular at 10 ndcg))")"; }
good "the model ranks well above popularity" better demo/demo/snapshots/latest/metrics.json

cat >groups.py <<'PY'
import json
import subprocess
import sys
import h5py
import numpy as np

def pairs(n):
    return (n * (n - 1) / 2).sum()

def adjusted_rand(a, b):  # Hubert & Arabie 1985
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    rows, columns, all_pairs = pairs(table.sum(1)), pairs(table.sum(0)), pairs(np.array([len(a)]))
    chance = rows * columns / all_pairs
    return (pairs(table) - chance) / ((rows + columns) / 2 - chance)

folder, palate = "demo/demo/", sys.argv[1]
with h5py.File(folder + "snapshots/latest/groups.h5") as g, h5py.File(folder + "demo.truth.h5") as t, \
        h5py.File(folder + "demo.h5") as d:
    found, planted = g["users/group"][:], t["users/group"][:]
    agree = adjusted_rand(found[:, 0], planted)
    print(f"adjusted Rand index of the groups found and planted: {agree:.3f}")
    assert agree >= 0.9, agree
    affinity = g["users/affinity"][:]
    assert abs(affinity.sum(1) - 1).max() < 1e-5 and (np.diff(affinity, axis=1) <= 1e-6).all()
    # The two themes of a group's name are the two that its members were planted to love.
    centre = t["groups/centroid"][:]
    items = t["items/theme"][:]
    tags = [s.decode().split("|")[0] for s in d["items/tags"][:]]
    name_of = {theme: tag for theme, tag in zip(items, tags)}
    named = 0
    for group, label in enumerate(g["groups/label"][:]):
        truth = np.bincount(planted[found[:, 0] == group]).argmax()
        loved = {name_of[f] for f in np.argsort(-centre[truth])[:2]}
        named += set(label.decode().split(":")[0].split(", ")) == loved
    print(f"{named} of {len(centre)} groups named by both planted themes")
    assert named >= 7, named
    # What is recommended is new to the member.
    user = 99
    said = json.loads(subprocess.run([palate, "recommend", folder + "snapshots", "--user", str(user + 1), "--json"],
                                     capture_output=True, check=True, cwd=".").stdout)
    indptr = d["interactions/indptr"][:]
    has = set(d["interactions/indices"][indptr[user]:indptr[user + 1]])
    assert len(said["items"]) == 10 and not has & {int(i["id"]) - 1 for i in said["items"]}
    assert all(0 <= i["match"] <= 100 for i in said["items"])
PY
"$python" groups.py "$palate" | tail -n 2
good "groups, names and recommendations are what was planted" "$python" groups.py "$palate"

# What the README shows of the demo is what the demo shows: words to the letter, numbers to within 2 % (times and ids of
# snapshots aside), also when the demo is run again.
cat >shown.py <<'PY'
import re
import sys

def pieces(line):  # words, and numbers as numbers; times and snapshot ids say nothing
    line = re.sub(r"\d+\.\d+ s\b|\d{8}T\d{6}Z-[0-9a-f]{8}", "", line)
    return [float(p) if re.fullmatch(r"\d+(\.\d+)?", p) else p for p in re.findall(r"\d+(?:\.\d+)?|[^\s\d]+", line)]

def alike(shown, real):
    a, b = pieces(shown.split("…")[0]), pieces(real)
    if "…" in shown:
        b = b[:len(a)]
    return len(a) == len(b) and all(x == y if isinstance(x, str) or isinstance(y, str) else abs(x - y) <= 0.02 * max(x, y)
                                    for x, y in zip(a, b))

readme = open(sys.argv[1], encoding="utf-8").read()
block = re.search(rf"<!-- {sys.argv[2]}:.*?-->\n\n((?:    .*\n|\n)+)", readme).group(1)
real = [line for name in sys.argv[3:] for line in open(name, encoding="utf-8")]
lines = [line.strip() for line in block.splitlines() if line.strip() not in ("", "…")]
lines = [line for line in lines if not line.startswith(("$ mpirun", "$ palate refresh", "$ echo"))]
missing = [line for line in lines if not any(alike(line, r.strip()) for r in real)]
for line in missing:
    print("the README shows, and the demo does not:", line)
assert len(lines) > 8 and not missing
PY
good "the README shows what the demo shows" "$python" shown.py "$tests/../README.md" demo out err
"$tests/../jobs/demo" >"$work/out" 2>"$work/err" || status=$?
good "the demo runs again" [ "$status" -eq 0 ]
good "and shows the same" "$python" shown.py "$tests/../README.md" demo out err

# The nights of jobs/README.md: as good, and worse.
cd demo/demo || exit 1
night="demo.h5 -o snapshots --factors 24 --unobserved-weight 0.3 --groups 8"
# shellcheck disable=SC2086
{
  must 2 refresh $night
  cat "$work/err" >"$work/nights"
  ends 76 2 refresh $night --lambda 0.3
  { cat "$work/err"; echo $status; } >>"$work/nights"
}
good "jobs/README.md shows what nights show" "$python" "$work/shown.py" "$tests/../jobs/README.md" nights "$work/nights"
finish
