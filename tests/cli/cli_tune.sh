#!/bin/bash
# If this fails, a search for settings names the wrong best one, chooses on the pairs that the final report measures with,
# or does a night's tries again after it was stopped.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

must 0 synth -o d.h5 --users 900 --items 300 --events 60000 --groups 5 --factors 6 --seed 3
cat >grid <<'END'
# two of these are hopeless
factors = 6, 12
lambda = 0.01, 30
sweeps=4
END

# ---- every setting is tried, best first, and the figures are those of train and evaluate ----
must 2 tune d.h5 --grid grid -o t --prior-mean 0 --unobserved-weight 0.1 --holdout random:0.2 --json
cp out first
good "all are tried" [ "$(figure first tries | grep -o "'rank'" | wc -l)" = 4 ]
good "best first" "$python" - <<'PY'
import json
tries = json.load(open("first"))["tries"]
values = [t["ndcg"] for t in tries]
assert values == sorted(values, reverse=True) and values[0] > 1.5 * values[-1], values
assert [t["settings"]["lambda"] for t in tries] == ["0.01", "0.01", "30", "30"], tries
PY
best=t/$(figure first snapshot)
best_figure() { "$python" -c 'import json; print(json.load(open("first"))["tries"][0]'"$1"')'; }
factors=$(best_figure '["settings"]["factors"]')
must 1 train d.h5 -o m --factors "$factors" --lambda 0.01 --sweeps 4 --prior-mean 0 --unobserved-weight 0.1 --holdout validation:random:0.2
model=$(tail -n 1 out)
must 1 evaluate "$model" d.h5 --json
good "the figure of the best" [ "$(figure out model at 10 ndcg)" = "$(best_figure '["ndcg"]')" ]
good "its model" "$tests/support/same_h5" "$model/model.h5" "$best/model.h5"
good "only the best is kept" [ "$(ls -d t/2* | wc -l)" = 1 ]

# ---- the final test has had no part in the choice ----
must 1 refresh d.h5 --config t/best.conf -o s --holdout random:0.2 --groups 4
good "the settings were taken" [ "$(figure "$(tail -n 1 out)/manifest.json" config factors)" = "$factors" ]

# ---- what was tried is not tried again; a new value makes only its own tries ----
must 1 tune d.h5 --grid grid -o t --prior-mean 0 --unobserved-weight 0.1 --holdout random:0.2 --json
good "the same result" cmp out first
good "nothing was trained" [ "$(grep -c 'earlier run' err)" = 4 ]
sed -i 's/30/30, 0.1/' grid
must 1 tune d.h5 --grid grid -o t --prior-mean 0 --unobserved-weight 0.1 --holdout random:0.2
good "two more" [ "$(grep -c 'earlier run' err)/$(wc -l <t/tune.jsonl)" = 4/6 ]

# ---- stopped in the middle, or cut off by a kill: the same command goes on, on other ranks, to the same figures ----
must 1 tune d.h5 --grid grid -o u --prior-mean 0 --unobserved-weight 0.1 --holdout random:0.2 --json
sed 's/"seconds.*//; /rank/d' out | grep -v snapshot >wanted
status=0
"$palate" tune d.h5 --grid grid -o v --prior-mean 0 --unobserved-weight 0.1 --holdout random:0.2 >out 2>err &
pid=$!
for _ in $(seq 400); do
  [ -s v/tune.jsonl ] && break
  sleep 0.02
done
kill -USR1 $pid
wait $pid || status=$?
good "stopped" [ "$status" = 75 ]
printf '{"event":"try","model":{"at":{"10":{"ndcg":9' >>v/tune.jsonl # the line a kill left
must 3 tune d.h5 --grid grid -o v --prior-mean 0 --unobserved-weight 0.1 --holdout random:0.2 --json
good "went on" grep -q 'earlier run' err
sed 's/"seconds.*//; /rank/d' out | grep -v snapshot >got
good "to the same figures" cmp got wanted

# ---- a sample of the grid; another measure ----
must 1 tune d.h5 --grid grid -o t --prior-mean 0 --unobserved-weight 0.1 --holdout random:0.2 --tries 3 --by recall --at 50 --json
good "three of six" [ "$(figure out tries | grep -o "'rank'" | wc -l)" = 3 ]
good "by recall@50" [ "$(figure out by)" = recall@50 ]

# ---- what makes no sense is said before anything runs ----
refused() {
  run 0 tune d.h5 --grid "$1" -o w "${@:4}"
  good "status of $1" [ "$status" = "$2" ]
  good "message of $1" grep -q -- "$3" err
  good "nothing was made" [ ! -e w ]
}
echo 'factor = 3' >g1
echo 'seed = 1, 2' >g2
printf 'lambda = 0.1\n\nlambda = 0.2\n' >g3
echo 'factors = 8, many' >g4
echo 'factors = 8,,9' >g5
: >g6
echo 'factors 8' >g7
refused g1 64 'g1:1: `factor` is not an option'
refused g2 64 'g2:1: `seed`'
refused g3 64 'is already in line 1'
refused g4 64 'factors takes a whole number'
refused g5 64 'a value of `factors` is empty'
refused g6 64 'has no line'
refused g7 64 'not a `name = value'
refused missing 66 'cannot read the grid missing'
refused grid 64 'needs --loss explicit' --by rmse
refused grid 64 'leaves no pairs to choose' --holdout none
finish
