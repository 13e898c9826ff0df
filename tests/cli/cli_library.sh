#!/bin/bash
# If this fails, a program that serves lists by libpalate does not build, crashes, or shows other lists than palate's.
. "$(dirname "$0")/lib.sh"
[ -e "$bin/libpalate.so" ] || skip "libpalate is not built (apt-get install libhdf5-dev)"
cmake --install "$bin" --prefix "$work/prefix" >"$work/out" 2>"$work/err"
cd "$work" || exit 1
export PKG_CONFIG_PATH=$(dirname "$(find prefix -name palate.pc)") LD_LIBRARY_PATH=$(realpath "$(dirname "$(find prefix -name libpalate.so)")")
cp "$tests/support/use_library.c" .
# shellcheck disable=SC2046
good "a C program builds with pkg-config" cc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror -O1 use_library.c \
  -o use_library $(pkg-config --cflags --libs palate) -pthread
echo '#include <palate.h>
int main() { palate_snapshot *s; return palate_open("none", 0, &s) == PALATE_OK; }' >use.cc
# shellcheck disable=SC2046
good "so does a C++ program" g++ -Wall -Wextra -Wpedantic -Werror use.cc -o use_cc $(pkg-config --cflags --libs palate)
good "which runs" ./use_cc
good "there is no MPI in it" eval '! ldd use_library | grep -Ei "mpi|openblas|pmix"'
good "only palate_ names are in it" eval '! nm -D --defined-only "$LD_LIBRARY_PATH/libpalate.so" | grep -v " [TAB] palate_"'
good "its version is palate's" [ "$(pkg-config --modversion palate)" = "$("$palate" --version | cut -d' ' -f2)" ]

for loss in implicit explicit; do
  must 0 synth -o $loss.h5 --users 300 --items 120 --events 9000 --groups 4 --factors 6 --loss $loss --quiet
  must 0 refresh $loss.h5 -o $loss --loss $loss --factors 9 --sweeps 3 --groups 4 --quiet
  must 0 recommend $loss --all --top 12 -o $loss-lists.h5 --quiet
  good "lists of every $loss user, by four threads" eval "./use_library all $loss 12 4 >$loss-lists"
done
must 0 synth -o other.h5 --users 350 --items 140 --events 12000 --groups 4 --factors 6 --seed 5 --quiet

cat >lists.py <<'PY'
import json
import subprocess
import sys
import h5py
import numpy as np

palate = sys.argv[1]
for loss in "implicit", "explicit":  # every list is the one that --all writes, to the bit
    said = np.loadtxt(f"{loss}-lists")
    with h5py.File(f"{loss}-lists.h5") as f:
        item, score, match = (f["users/" + name][:] for name in ("item", "score", "match"))
    users = said[:, 0].astype(int)
    place = np.arange(len(said)) - np.searchsorted(users, users)
    assert len(said) == (item >= 0).sum() > 3000
    assert (said[:, 1] == item[users, place]).all()
    assert (said[:, 2].astype(np.float32) == score[users, place]).all()
    assert (said[:, 3] == match[users, place]).all()

def lines(*words):
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout

questions = [("user", "--user", "17", "recommend", "score"), ("user", "--user", "300", "recommend", "score"),
             ("likes", "--likes", "5,9,100", "recommend", "score"), ("likes", "--likes", "1", "recommend", "score"),
             ("similar", "--item", "33", "similar", "similarity")]
for loss in "implicit", "explicit":
    for what, option, name, command, figure in questions:
        for data in ("-", "other.h5") if what == "user" else ("-",):
            extra = [] if data == "-" else ["--data", data]
            theirs = json.loads(lines(palate, command, loss, option, name, "--json", "--top", "15",
                                      *extra))["items"]
            ours = [line.split() for line in lines("./use_library", "list", loss, data, what, name, "15").splitlines()]
            assert len(ours) == len(theirs) == 15
            for a, b in zip(ours, theirs):
                assert a[0] == b["id"] and f"{float(a[1]):.7g}" == f"{b[figure]:.7g}", (a, b)
                assert int(a[2]) == b.get("match", -1), (a, b)

# The same model packed by another program: read under a lock, by threads too.
import os
import shutil
latest = os.path.join("implicit", os.readlink("implicit/latest"))
shutil.copytree(latest, "packed")
os.remove("packed/model.h5")
with h5py.File(latest + "/model.h5") as f, h5py.File("packed/model.h5", "w") as g:
    g.attrs.update(f.attrs)
    for side in "users", "items":
        for name, column in f[side].items():
            g.create_dataset(f"{side}/{name}", data=column[:], dtype=column.dtype, chunks=True, compression="gzip")
with open("packed-lists", "w") as out:
    subprocess.run(["./use_library", "all", "packed", "12", "4"], stdout=out, check=True)
assert open("packed-lists").read() == open("implicit-lists").read()
PY
good "the lists are those of palate recommend and similar" "$python" lists.py "$palate"

# any FOLDER: asks everything; what palate_open said is in `answer`.
any() {
  ./use_library any "$1" >answer 2>any.err
  status=$?
  good "no crash and no printing with $1, but $status" [ "$status" -eq 0 ] && [ ! -s any.err ]
}
any explicit
good "a snapshot is open" grep -q '^0 opened; 1 answers failed' answer # the item that does not exist
any nothing-there
good "a missing snapshot is said to be missing" grep -q '^66 .*nothing-there' answer
mkdir empty && any empty
good "a folder without snapshots is said to be one" grep -q '^66 .*latest' answer
cp -rL explicit/latest cut && truncate -s 20000 cut/model.h5 && any cut
good "a model that is cut short is said to be" grep -q '^74 .*cut' answer
cp -rL explicit/latest text && echo text >text/model.h5 && any text
good "a text is not a model" grep -q '^65 .*HDF5' answer
cp -rL implicit/latest nogroups && rm nogroups/groups.h5 && any nogroups
good "a snapshot without groups opens" grep -q '^0 opened' answer

cp -rL explicit/latest damaged
cat >damage.py <<'PY'
import random
import shutil
import subprocess
import sys
random.seed(int(sys.argv[1]))
bad, found = 0, 0
for name in "model.h5", "groups.h5":
    for i in range(30):
        good = open("explicit/latest/" + name, "rb").read()
        data = bytearray(good)
        at = random.randrange(len(data)) if i % 3 else random.randrange(4096)
        data[at] ^= 1 << random.randrange(8)
        open("damaged/" + name, "wb").write(data)
        run = subprocess.run(["./use_library", "any", "damaged"], capture_output=True, text=True)
        found += run.returncode == 0 and run.stdout != "0 opened; 1 answers failed\n"
        if run.returncode != 0 or run.stderr != "":
            print(name, at, run.returncode, run.stdout, run.stderr)
            bad += 1
    shutil.copy("explicit/latest/" + name, "damaged/" + name)
print(found, "of 60 changes were noticed")
sys.exit(bad > 0)
PY
seed=${PALATE_SEED:-$$}
good "no damage brings it down (seed $seed)" "$python" damage.py "$seed"
finish
