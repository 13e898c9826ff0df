#!/bin/bash
# If this fails, the programs that newcomers copy to read palate's results do not run, or read them wrongly.
. "$(dirname "$0")/lib.sh"
examples=$tests/example
missing=
cd "$work" || exit 1
for script in "$examples"/*.sh; do
  good "$(basename "$script") is a script" bash -n "$script"
done

must 0 synth -o d.h5 --users 400 --items 150 --events 12000 --groups 4 --factors 6 --quiet
must 0 refresh d.h5 -o s --factors 9 --sweeps 5 --groups 4 --unobserved-weight 0.3 --quiet
must 0 recommend s --all --top 10 -o lists.h5 --quiet
must 0 recommend s --user 17 --json --quiet
theirs=$("$python" -c 'import json; print(*(i["id"] for i in json.load(open("out"))["items"]))')
ids() { awk '$1 ~ /^[0-9]+$/ && !/%  [^0-9]/ {print $'"$1"'}' "$2" | head -n 10 | xargs; }

"$python" "$examples/read_snapshot.py" s/latest d.h5 17 >answer 2>err
good "read_snapshot.py gives palate's list" [ "$(ids 3 answer)" = "$theirs" ]
good "and the group's size" grep -q "with $("$palate" info s --groups --json | "$python" -c '
import h5py, json, sys
group = h5py.File("s/latest/groups.h5")["users/group"][16, 0]
print(json.load(sys.stdin)["groups"]["groups"][group]["size"])') members" answer

if [ -e "$bin/libpalate.so" ]; then
  cmake --install "$bin" --prefix "$work/prefix" >/dev/null 2>err
  PKG_CONFIG_PATH=$(dirname "$(find prefix -name palate.pc)")
  LD_LIBRARY_PATH=$(realpath "$(dirname "$(find prefix -name libpalate.so)")")
  export PKG_CONFIG_PATH LD_LIBRARY_PATH
  # shellcheck disable=SC2046
  good "read_snapshot.c builds" cc -std=c11 -Wall -Wextra -Werror "$examples/read_snapshot.c" -o read_snapshot \
    $(pkg-config --cflags --libs palate)
  ./read_snapshot s 17 >answer 2>err
  good "read_snapshot.c gives palate's list" [ "$(ids 5 answer)" = "$theirs" ]
  good "and three groups" [ "$(grep -Ec '^ *[0-9]+ %  ' answer)" -eq 3 ]
else
  missing="$missing libhdf5-dev"
fi

"$python" "$examples/lists_to_sqlite.py" s/latest lists.h5 lists.sqlite >answer 2>err
good "lists_to_sqlite.py answers its query" grep -Eq '^ +[0-9]+  [A-Z]' answer
good "the table has every place" [ "$("$python" -c 'import sqlite3
print(*sqlite3.connect("lists.sqlite").execute("select count(*) from list").fetchone())')" -eq 4000 ]
good "and palate's list" [ "$("$python" -c 'import sqlite3
print(*(i for i, in sqlite3.connect("lists.sqlite").execute("select item from list where user = 17 order by place")))')" = "$theirs" ]

if command -v gnuplot >/dev/null; then
  good "plot_training.sh draws a PNG" bash "$examples/plot_training.sh" s/latest curve.png
  good "of some size" [ "$(stat -c %s curve.png)" -gt 2000 ]
  bash "$examples/plot_training.sh" s/latest - >answer 2>err
  good "and a curve as text" [ "$(grep -c '\*' answer)" -gt 5 ]
else
  missing="$missing gnuplot-nox"
fi

[ -z "$missing" ] || [ "$wrong" -gt 0 ] || skip "some examples, which need:$missing"
finish
