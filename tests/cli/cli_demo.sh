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
finish
