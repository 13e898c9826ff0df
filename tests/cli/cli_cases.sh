#!/bin/bash
# If this fails, a file as a shop, a service or another library writes it becomes another dataset than the one it holds,
# with status 0: the user trains on invoices instead of products, and nothing says so. Or it is refused with a message
# that does not say what it is.
# tests/cases has small files, each with what it holds. A case passes if `palate ingest` reads exactly that ("want"), or,
# where "refuse" stands, ends with status 64, 65 or 66 and one of those words. Status 0 with anything else is a failure.
#   cli_cases.sh BUILD [NAME...]
. "$(dirname "$0")/lib.sh"
"$python" -c 'import h5py' 2>/dev/null || skip "no python3-h5py"
shift

cat >"$work/cases.py" <<'PY'
import json, os, subprocess, sys
import h5py

work, runner, palate, names = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]

def text(x):
    return x.decode() if isinstance(x, bytes) else str(x)

def read(path):
    with h5py.File(path, "r") as f:
        g = f["interactions"]
        start, item, value = g["indptr"][:], g["indices"][:], g["data"][:]
        time = g["time"][:] if "time" in g else None
        users, items = [text(x) for x in f["users/id"][:]], [text(x) for x in f["items/id"][:]]
        rows = [[users[u], items[item[e]], round(float(value[e]), 4)] + ([int(time[e])] if time is not None else [])
                for u in range(len(users)) for e in range(start[u], start[u + 1])]
        out = {"users": len(users), "items": len(items), "events": len(rows), "user_ids": sorted(users),
               "item_ids": sorted(items), "rows": rows, "names": {}}
        for name in ("title", "tags"):
            out[name] = dict(zip(items, map(text, f["items/" + name][:]))) if "items/" + name in f else {}
        if "users/name" in f:
            out["names"] = dict(zip(users, map(text, f["users/name"][:])))
    return out

def differs(want, got):
    """What of the dataset is not as wanted; None: all is."""
    for key, value in want.items():
        if key == "rows":
            have = sorted(r[:len(value[0])] for r in got["rows"]) if value else got["rows"]
            if have != sorted(value):
                return f"rows {have[:4]}, not {sorted(value)[:4]}"
        elif key == "order":  # a user's items in the order in which they are kept
            for user, items in value.items():
                have = [r[1] for r in got["rows"] if r[0] == user]
                if have != items:
                    return f"{user}: {have}, not {items}"
        elif key == "last":  # what --duplicates last takes: a pair's last row as they are kept
            for user, item, last in value:
                have = [r[2] for r in got["rows"] if r[:2] == [user, item]]
                if not have or have[-1] != last:
                    return f"{user} {item}: {have}, and the last should be {last}"
        elif key in ("title", "tags", "names"):
            for id, said in value.items():
                if got[key].get(id) != said:
                    return f"{key} of {id} {got[key].get(id)!r}, not {said!r}"
        elif got[key] != value:
            return f"{key} {str(got[key])[:80]}, not {str(value)[:80]}"
    return None

def attempt(command, case, folder):
    """None if the case passes, else why not."""
    os.mkdir(folder)
    made = [os.path.join(folder, f"d{n}.h5") for n in range(9)]
    for n, args in enumerate(case.get("steps", [case.get("args")])):
        args = [a.replace("{before}", made[n - 1]) for a in args]
        r = subprocess.run([*command, "ingest", *args, "-o", made[n]], capture_output=True, text=True, errors="replace")
        if r.returncode:
            break
    if r.returncode == 0:
        return differs(case["want"], read(made[n])) if "want" in case else "read with status 0; it can only be refused"
    said = " ".join(r.stderr.split("-----")[0].split())  # mpirun has a word, too
    if r.returncode not in (64, 65, 66):
        return f"status {r.returncode}: {said[-300:]}"
    if "refuse" not in case:
        return f"refused: {said[-300:]}"
    for a in args:  # a word of the file's own name says nothing
        said = said if a.startswith("-") else said.replace(os.path.basename(a), "FILE")
    if any(word.lower() in said.lower() for word in case["refuse"]):
        return None
    return f"refused without a word of {case['refuse']}: {said[-300:]}"

for case in json.load(open("cases.json")):
    if names and case["name"] not in names:
        continue
    for ranks in (0, 3):
        command = [runner, str(ranks), palate] if ranks else [palate]
        why = attempt(command, case, os.path.join(work, f"{case['name']}-{ranks}"))
        print(f"{'WRONG' if why else 'ok'} {case['name']} at {max(ranks, 1)} ranks{': ' + why if why else ''}")
PY
cd "$tests/cases" || exit 1
OMP_NUM_THREADS=1 "$python" "$work/cases.py" "$work" "$tests/mpi/mpi_run" "$palate" "$@" >"$work/cases" 2>"$work/err"
good "all cases are tried" [ $? -eq 0 ]
: >"$work/err"
while IFS= read -r line; do
  good "${line#* }" [ "${line%% *}" = ok ]
done <"$work/cases"
good "there are cases" [ -s "$work/cases" ]
finish
