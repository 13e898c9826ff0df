#!/bin/bash
# If this fails, a night's work is lost when a job is killed, preempted or runs out of time; or the model that comes out
# in the end is another one than it would have been.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

must 0 synth -o i.h5 --users 700 --items 150 --events 20000 --groups 4 --factors 4 --quiet
must 0 synth -o e.h5 --users 500 --items 130 --events 15000 --groups 4 --factors 4 --loss explicit --quiet
must 0 synth -o other.h5 --users 700 --items 150 --events 20000 --groups 4 --factors 4 --seed 9 --quiet

for loss in implicit explicit; do
  data=${loss:0:1}.h5
  options="$data --loss $loss --factors 9 --sweeps 9 --solver cg --quiet"
  # shellcheck disable=SC2086
  {
    must 2 train $options -o whole-$loss
    whole=$(cat out)
    # A limit that allows one sweep at a time, and another number of ranks for each.
    status=75
    for ranks in 1 3 2 4 1 2 3 4 1 2; do
      run $ranks train $options -o steps-$loss --time-limit 0.001s
      [ "$status" -eq 75 ] || break
      good "nothing on standard output" [ ! -s out ]
    done
    good "it comes to an end" [ "$status" -eq 0 ]
    good "in one snapshot" [ "$(only steps-$loss)" = "$(cat out)" ]
    good "with the same model, to the bit" cmp "$whole/model.h5" "$(cat out)/model.h5"
    good "every sweep is in the journal once" [ "$(grep -c '"event":"sweep"' "$(cat out)/train.jsonl")" -eq 9 ]
    good "no checkpoint is left" [ -z "$(find steps-$loss -name 'checkpoint*' -o -name 'resume*')" ]
  }
done

# Only what was made from the same data with the same options is gone on with.
options="i.h5 --factors 9 --sweeps 9 --quiet"
# shellcheck disable=SC2086
{
  ends 75 1 train $options -o s --time-limit 0.001s
  left=$(only s)
  good "what is left is no snapshot for readers" eval '! "$palate" info s 2>/dev/null'
  must 1 train other.h5 --factors 9 --sweeps 9 --quiet -o s
  good "other data starts anew" [ "$(cat out)" != "$left" ]
  must 1 train $options --lambda 0.02 -o s
  good "other settings start anew" [ "$(cat out)" != "$left" ]
  must 1 train $options --resume never -o s
  good "never starts anew" [ "$(cat out)" != "$left" ]
  reference=$(cat out)
  ends 65 1 train $options --seed 8 --resume "$left" -o s
  good "the difference is named" grep -q -- '--seed' err
  ends 66 1 train $options --resume nowhere -o s
  ends 75 2 train $options -o s --time-limit 0.001s
  good "two checkpoints are kept" [ "$(find "$left" -name 'checkpoint-*.json' | wc -l)" -eq 2 ]
  ends 75 3 train $options -o s --time-limit 0.001s
  good "two checkpoints are kept" [ "$(find "$left" -name 'checkpoint-*.json' | wc -l)" -eq 2 ]
  must 1 train $options --resume "$left" -o s
  good "a named one is gone on with" [ "$(cat out)" = "$left" ]
  good "the same bits" cmp "$reference/model.h5" "$left/model.h5"
}

# Damaged checkpoints: the one before is taken, or the start; never wrong bits.
damage() { # NAME COMMAND: run three steps, do the damage, go on
  rm -rf z
  # shellcheck disable=SC2086
  for ranks in 0 0 2; do ends 75 $ranks train $options -o z --time-limit 0.001s; done
  left=$(only z)
  eval "$2"
  # shellcheck disable=SC2086
  must 0 train $options -o z
  good "$1: same snapshot" [ "$(cat out)" = "$left" ]
  good "$1: same bits" cmp "$reference/model.h5" "$left/model.h5"
  [ -z "$3" ] || good "$1: $3" grep -q "$3" "$left/train.jsonl"
}
damage "flipped bit in a shard" 'byte $left/checkpoint-sweep-000003.0001 100' '"event":"resume".*"sweep":2'
damage "cut shard" 'truncate -s 1000 $left/checkpoint-sweep-000003.0000' '"event":"resume".*"sweep":2'
damage "missing shard" 'rm $left/checkpoint-sweep-000003.0000' '"event":"resume".*"sweep":2'
damage "marker cut short" 'truncate -s 100 $left/checkpoint-sweep-000003.json' '"event":"resume".*"sweep":2'
damage "marker empty" ': >$left/checkpoint-sweep-000003.json' ''
damage "marker of nonsense" 'echo "{\"format\": 3, \"shards\": [1, 2]}" >$left/checkpoint-sweep-000003.json' ''
damage "both damaged" 'byte $left/checkpoint-sweep-000003.0001 5; byte $left/checkpoint-sweep-000002.0000 7' ''
damage "no marker" 'rm $left/checkpoint-*.json' ''
damage "shard is a folder" 'rm $left/checkpoint-sweep-000003.0000; mkdir $left/checkpoint-sweep-000003.0000' ''

# Signals, alone and through mpirun.
must 0 synth -o big.h5 --users 3000 --items 400 --events 150000 --groups 4 --factors 4 --quiet
for ranks in 0 2; do
  for signal in USR1 TERM; do
    [ "$ranks$signal" = 2TERM ] && continue # mpirun ends the ranks itself; jobs pass USR1
    rm -rf g
    : >err # what the last run said must not be taken for this one's
    if [ $ranks = 0 ]; then
      "$palate" train big.h5 --factors 16 --sweeps 5000 -o g >out 2>err &
    else
      "$tests/mpi/mpi_run" $ranks "$palate" train big.h5 --factors 16 --sweeps 5000 -o g >out 2>err &
    fi
    job=$!
    for _ in $(seq 1200); do grep -q '^sweep  *2/' err && break; sleep 0.05; done
    kill -$signal $job
    status=0
    wait $job || status=$?
    good "$signal at $ranks ranks ends with 75, not $status" [ $status -eq 75 ]
    good "there is a checkpoint" [ -n "$(find g -name 'checkpoint-*.json')" ]
  done
done
finish
