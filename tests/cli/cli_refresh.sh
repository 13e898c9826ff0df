#!/bin/bash
# If this fails, a night's run publishes a model that is worse or made from broken data, or two runs at once, a killed
# run or a wrong option take down the model that members get their recommendations from.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

ends() { # STATUS RANKS ARG...
  local want=$1
  shift
  run "$@"
  good "palate $* ends with $want, not $status" [ "$status" -eq "$want" ]
}
latest() { readlink s/latest; }
verdict() { "$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["gate"]["verdict"])' "$1/manifest.json"; }
newest() { find s -maxdepth 1 -name '2*-*' | sort | tail -1; }

must 0 synth -o d.h5 --users 600 --items 120 --events 20000 --groups 4 --factors 4 --seed 5 --quiet
must 0 synth -o big.h5 --users 2000 --items 120 --events 60000 --groups 4 --factors 4 --seed 5 --quiet
common="-o s --factors 8 --groups 4 --seed 1"

# Wrong from the start: nothing is made.
# shellcheck disable=SC2086
{
  ends 66 1 refresh nothing.h5 $common
  ends 64 1 refresh d.h5 $common --holdout none
  ends 64 2 refresh d.h5 $common --gate maybe
  ends 64 1 refresh d.h5 $common --sweeps 0
  good "nothing was made" [ -z "$(ls s 2>/dev/null)" ]
  ends 73 1 refresh d.h5 -o d.h5 --factors 8 --groups 4

  must 2 refresh d.h5 $common --metrics-file m.prom
}
first=$(cat out)
good "the published path alone is printed" [ "$first" = "s/$(latest)" ]
good "the first has no parent to pass" [ "$(verdict "$first")" = first ]
must 0 verify s
good "everything is there" [ -e "$first/groups.h5" -a -e "$first/metrics.json" -a -e "$first/train.jsonl" ]
good "the dashboard says published" grep -q '^palate_refresh_promoted 1' m.prom

# shellcheck disable=SC2086
must 1 refresh d.h5 $common --metrics-file m.prom
second=$(cat out)
good "as good as its parent: published" eval '[ "$(verdict "$second")" = passed ] && [ "$second" = "s/$(latest)" ]'
good "the parent is named" grep -q "\"parent\": \"$(basename "$first")\"" "$second/manifest.json"
good "it was measured beside its parent" grep -q '"parent"' "$second/metrics.json"

# Worse: sealed, told, and not published.
# shellcheck disable=SC2086
ends 76 2 refresh d.h5 $common --lambda 3 --gate-served 0 --metrics-file m.prom
good "nothing on standard output" [ ! -s out ]
good "latest is where it was" [ "$second" = "s/$(latest)" ]
good "the verdict is in the manifest" [ "$(verdict "$(newest)")" = worse ]
good "what was refused is sealed" "$palate" verify "$(newest)" --json
good "the dashboard says not published" grep -q '^palate_refresh_promoted 0' m.prom
good "the dashboard knows the last success" grep -Eq '^palate_refresh_last_success_timestamp_seconds 1[0-9]{9}$' m.prom
good "the dashboard has the status" grep -q '^palate_refresh_status 76$' m.prom
# A tolerance of everything lets it through.
# shellcheck disable=SC2086
must 1 refresh d.h5 $common --lambda 3 --gate-served 0 --gate-tolerance 1
must 0 rollback s
good "rolled back" [ "$second" = "s/$(latest)" ]

# Limits.
# shellcheck disable=SC2086
{
  ends 76 1 refresh big.h5 $common
  good "a jump in the data is told" grep -q 'the data jumped' err
  good "its verdict" [ "$(verdict "$(newest)")" = limits ]
  ends 76 1 refresh d.h5 $common --gate-served 1 --holdout random:0.9 --refit off
  good "members without events are told" grep -q 'members have events to learn from' err
  good "latest is where it was" [ "$second" = "s/$(latest)" ]
  must 1 refresh big.h5 $common --gate off
  good "without a gate it is published" [ "s/$(latest)" = "$(cat out)" ]
  must 1 refresh big.h5 $common --gate off --holdout none
  good "without a hold-out there are no metrics" [ ! -e "s/$(latest)/metrics.json" ]
}
now=$(latest)

# Two at once: one of them goes on, the other says why not.
# shellcheck disable=SC2086
{
  "$palate" refresh big.h5 $common --gate off --sweeps 2000 --objective-every 2000 >first.out 2>first.err &
  running=$!
  for _ in $(seq 100); do
    grep -q 'new snapshot' first.err 2>/dev/null && break
    sleep 0.1
  done
  ends 73 1 refresh big.h5 $common
  good "the message names the holder" grep -q "process $running" err
  # Killed: nothing is lost but its work, and the next run takes over.
  kill -9 "$running"
  wait "$running" 2>/dev/null
  good "latest is where it was" [ "$(latest)" = "$now" ]
  must 0 verify s
  ends 76 1 refresh big.h5 $common
  good "the takeover is told" grep -q 'taking over the lock' err
  pairs=$(figure "$(newest)/metrics.json" test_pairs)
  good "the unfair comparison is told, and counted" \
    grep -q "the published model has seen $pairs of the $pairs test pairs" "$(newest)/manifest.json"
}

# A warm start: the same objective in fewer sweeps, and the same bits on any ranks; cold where it would be unfair.
sweeps() { grep -c '"event":"sweep"' "$1/train.jsonl"; }
# shellcheck disable=SC2086
{
  warm="d.h5 --factors 8 --groups 4 --sweeps 40 --tolerance 0.001"
  must 1 refresh $warm -o w
  cold=$(cat out)
  must 2 refresh $warm -o w
  next=$(cat out)
  good "it says from where it starts" grep -q 'starting from .*600 of 600 users and 120 of 120 items' err
  good "fewer sweeps: $(sweeps "$next") after $(sweeps "$cold")" [ $((2 * $(sweeps "$next"))) -lt "$(sweeps "$cold")" ]
  must 1 train d.h5 --factors 8 --sweeps 40 --tolerance 0.001 --holdout random:0.1 --warm-start "$cold" -o v
  good "the same bits on other ranks" cmp "$next/measured.h5" "$(cat out)/model.h5"
  must 1 train d.h5 --factors 8 --sweeps 2 --holdout random:0.2 --warm-start "$cold" -o v
  good "cold where the hold-out differs" grep -q 'a cold start' err
  must 1 train d.h5 --factors 9 --sweeps 2 --holdout random:0.1 --warm-start "$cold" -o v
  good "cold where the factors differ" grep -q 'a cold start' err
  must 1 train big.h5 --factors 8 --sweeps 2 --holdout random:0.1 --warm-start "$cold" -o v
  good "newcomers are taken in" grep -q '600 of 2000 users' err
  ends 65 1 train d.h5 --factors 8 --warm-start "$(cat out)" -o v
  ends 66 1 train d.h5 --factors 8 --warm-start nowhere -o v
}

# Ratings.
must 0 synth -o r.h5 --users 300 --items 80 --events 6000 --groups 3 --factors 3 --loss explicit --quiet
must 2 refresh r.h5 -o r --loss explicit --lambda 0.05 --factors 4 --groups 3
must 1 refresh r.h5 -o r --loss explicit --lambda 0.05 --factors 4 --groups 3
good "the gate looks at RMSE" grep -q '"metric": "rmse"' r/latest/manifest.json
ends 76 1 refresh r.h5 -o r --loss explicit --lambda 5 --factors 4 --groups 1 --gate-served 0
ends 65 1 refresh r.h5 -o r --loss implicit --factors 4 --groups 3
good "no partial files are left" [ -z "$(find s r -name '*.part-*' ! -path "*/$(basename "$(newest)")/*")" ]

# Refit: members get a model of all events; the next night compares models that have not seen the hold-out.
attribute() { # FILE NAME
  "$python" -c 'import h5py, sys
v = h5py.File(sys.argv[1])["/"].attrs.get(sys.argv[2])
print(v.decode() if isinstance(v, bytes) else v)' "$@"
}
quality() { grep '"event":"quality"' "$1/train.jsonl" | "$python" -c 'import json, sys
print(json.loads(sys.stdin.readline())["ndcg_popular_in_groups"])'; }
# shellcheck disable=SC2086
{
  fit="d.h5 --factors 7 --groups 3 --quality"
  must 1 refresh $fit -o f1
  f1=$(cat out)
  good "it tells of the extra sweeps" grep -q 'refit: 3 sweeps on all events, those of --holdout random:0.1' err
  must 1 refresh $fit -o off --refit off
  off=$(cat out)
  good "no refit, one model" [ ! -e "$off/measured.h5" ]
  good "the manifest says so" grep -q '"refit": null' "$off/manifest.json"
  good "the measured model is that of a night without refit" cmp "$off/model.h5" "$f1/measured.h5"
  must 2 train d.h5 --factors 7 --sweeps 3 --warm-start "$off" -o v
  good "the served one is trained on everything from there" "$tests/support/same_h5" "$(cat out)/model.h5" \
    "$f1/model.h5" refit
  good "what is held out is in it" [ "$(attribute "$f1/model.h5" pairs)" -eq 20000 ]
  good "and not in the other" [ "$(attribute "$f1/measured.h5" pairs)" -lt 20000 ]
  good "the attributes say which is which" [ "$(attribute "$f1/model.h5" holdout) $(attribute "$f1/model.h5" refit) \
$(attribute "$f1/measured.h5" holdout) $(attribute "$f1/measured.h5" refit)" = "none random:0.1 random:0.1 None" ]
  good "so does the manifest" [ "$(figure "$f1/manifest.json" refit measured_sha256)" = \
    "$(sha256sum <"$f1/measured.h5" | cut -d ' ' -f 1)" ]
  good "metrics are of the measured model" [ "$(figure "$f1/metrics.json" model_file)" = measured.h5 ]
  good "and the same as without refit" [ "$(figure "$f1/metrics.json" model at 10 ndcg)" = \
    "$(figure "$off/metrics.json" model at 10 ndcg)" ]
  good "groups are judged on pairs that they have not seen" [ "$(quality "$f1")" = "$(quality "$off")" ]
  good "and are those of the served model" eval '! cmp -s "$off/groups.h5" "$f1/groups.h5"'
  for ranks in 2 3; do
    must $ranks refresh $fit -o f$ranks
    for file in model.h5 measured.h5 groups.h5 metrics.json; do
      good "the same $file at $ranks ranks" cmp "$f1/$file" "$(cat out)/$file"
    done
  done
  must 0 info f1
  good "info tells of it" grep -q 'the metrics are of measured.h5, trained with --holdout random:0.1' out
  must 0 evaluate "$f1" d.h5 --json
  shown=$(figure out model at 10 ndcg) written=$(figure "$f1/metrics.json" model at 10 ndcg)
  good "evaluate measures the measured model" [ "${shown:0:10}" = "${written:0:10}" ]
  must 2 refresh $fit -o f1
  f2=$(cat out)
  good "the next night starts from the measured model" grep -q "starting from $f1/measured.h5" err
  good "and is compared with it" [ "$(figure "$f2/metrics.json" parent at 10 ndcg)" = \
    "$(figure "$f1/metrics.json" model at 10 ndcg)" ]
  good "neither has seen a test pair" eval '[ "$(figure "$f2/metrics.json" test_pairs_seen)" = 0 ] && ! grep -q "has seen" err'
  # The parent's measured model is gone: the one that is left has seen what is held out, and this is said.
  rm -f "$f2/measured.h5"
  must 1 refresh $fit -o f1 --gate-tolerance 1
  good "it is counted" grep -q "$f2/model.h5 has seen $(figure f1/latest/metrics.json test_pairs) of" err
  good "a cold start then" grep -q 'a cold start' err
}

# A first model that is worse than most popular is not published, and the settings to change are named.
# shellcheck disable=SC2086
{
  must 1 synth -o c.h5 --users 900 --items 400 --events 9000 --groups 4 --factors 4 --quiet
  ends 76 2 refresh c.h5 -o bad --factors 8 --groups 4 --prior-mean 0 --unobserved-weight 30
  good "nothing is published" [ ! -e bad/latest ]
  good "it is said" grep -q 'warning: the model is worse than most popular: ndcg@10' err
  good "with what to try" grep -Eq 'try --unobserved-weight 0.2[0-9]: at 30, what was not observed weighs 1[0-9]{3} times' err
  bad=$(only bad)
  good "its verdict" [ "$(verdict "$bad")" = worse ]
  good "its reason" grep -q 'the model is worse than most popular' "$bad/manifest.json"
  good "its interval" "$python" -c 'import json, sys
g, m = (json.load(open(sys.argv[1] + "/" + f)) for f in ("manifest.json", "metrics.json"))
g, d = g["gate"], m["difference_most_popular"]["at"]["10"]
assert g["difference_popular"] == d["ndcg"] < 0 and g["difference_popular_ci"] == d["ndcg_ci"] and d["ndcg_ci"][1] < 0' "$bad"
  ends 76 1 refresh c.h5 -o bad --factors 8 --groups 4 --prior-mean 0 --lambda 3 --gate-coverage 0 --gate-served 0
  good "a collapse is said" grep -q 'the model has collapsed: its lists show [0-9]* of 400 items to all' err
  good "with the setting" grep -q 'try a smaller --lambda (now 3)' err
  must 1 refresh c.h5 -o bad --factors 8 --groups 4 --prior-mean 0 --unobserved-weight 30 --gate off
  good "without a gate it is published" [ -e bad/latest ]
  must 1 refresh c.h5 -o fair --factors 8 --groups 4 --prior-mean 0 --lambda 0.01 --unobserved-weight 0.1
  good "what cannot be told apart is published, and said" grep -q 'not shown to be better than most popular' err
  must 1 refresh c.h5 -o good --factors 8 --groups 4 --lambda 0.05 --unobserved-weight 0.23
  good "what is better needs no warning" eval '! grep -q "most popular:.*try" err'
}
finish
