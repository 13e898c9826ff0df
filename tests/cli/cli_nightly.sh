#!/bin/bash
# If this fails, a day's events are lost, counted twice, or the nightly job's status does not reach the scheduler.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export PALATE=$palate PALATE_KEEP=2

# Two days of events of the same members.
"$python" - <<'PY'
import random
random.seed(1)
seen = set()
for day in (1, 2):
    with open(f"day{day}.csv", "w") as f:
        f.write("user,item,count\n")
        for _ in range(1500):
            u, i = random.randrange(60 + 5 * day), random.randrange(30)
            if (u, i % 6 == u % 6) and (u, i) not in seen and (i % 3 == u % 3 or random.random() < 0.2):
                seen.add((u, i))
                f.write(f"{u},{i},{1 + random.randrange(4)}\n")
PY
night() {
  status=0
  "$tests/../jobs/nightly" "$@" >"$work/out" 2>"$work/err" || status=$?
}
settings="--factors 8 --groups 3 --gate-jump 10"
# shellcheck disable=SC2086
night data.h5 snapshots day1.csv -- $settings
good "the first night ends with 0, not $status" [ "$status" -eq 0 ]
first=$(readlink snapshots/latest)
events() { "$python" -c 'import h5py, sys; print(len(h5py.File(sys.argv[1])["interactions/indices"]))' "$1"; }
one=$(($(wc -l <day1.csv) - 1)) two=$(($(wc -l <day2.csv) - 1))
good "the first day is in" [ "$(events data.h5)" -eq "$one" ]
# shellcheck disable=SC2086
night data.h5 snapshots day1.csv day2.csv -- $settings --gate off
good "the second night ends with 0, not $status" [ "$status" -eq 0 ]
good "the second day is in, and the first only once" [ "$(events data.h5)" -eq $((one + two)) ]
good "a new snapshot is published" [ "$(readlink snapshots/latest)" != "$first" ]
# shellcheck disable=SC2086
night data.h5 snapshots -- $settings --gate off
good "a night without events ends with 0, not $status" [ "$status" -eq 0 ]
# shellcheck disable=SC2086
night data.h5 snapshots -- $settings --gate off
good "old snapshots go, the newest stay" [ "$(ls -d snapshots/2* | wc -l)" -le 3 ]
# shellcheck disable=SC2086
night data.h5 snapshots -- $settings --gate-coverage 1.0 --gate-served 1.0 --gate-jump 1
latest=$(readlink snapshots/latest)
night data.h5 snapshots none.csv -- --factors 8
good "events that are not there are 66, not $status" [ "$status" -eq 66 ]
night data.h5 snapshots -- --factors 0
good "a wrong setting is 64, not $status" [ "$status" -eq 64 ]
good "and latest stays" [ "$(readlink snapshots/latest)" = "$latest" ]
night
good "without arguments it says how" [ "$status" -eq 64 ]
finish
