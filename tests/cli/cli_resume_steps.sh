#!/bin/bash
# If this fails, a night that is stopped while it groups or measures begins these anew each time, and never ends where the
# time is short; or the groups and figures in the end are others than they would have been.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

must 0 synth -o i.h5 --users 700 --items 150 --events 20000 --groups 4 --factors 4 --quiet
must 0 synth -o other.h5 --users 700 --items 150 --events 20000 --groups 4 --factors 4 --seed 9 --quiet
must 0 synth -o big.h5 --users 3000 --items 400 --events 150000 --groups 4 --factors 4 --quiet

# The whole nightly run, stopped at every edge there is: after each sweep, number of groups tried, seeding, round, try
# and batch of members measured, and between the steps; each time on another number of ranks. Long lists make small
# batches.
until_the_end() { # FOLDER ARG...: runs it until it does not end with 75
  local folder=$1 ranks
  shift
  : >messages
  for ((step = 0; step < 99; step++)); do
    ranks=$((1 + (step * 3 + step / 4) % 4))
    run $ranks "$@" --time-limit 0.001s
    cat err >>messages
    [ "$status" -eq 75 ] || break
    good "nothing is published yet" [ ! -e "$folder/latest" ]
  done
  good "$*: it comes to an end" [ "$status" -eq 0 ]
}
night="--factors 6 --sweeps 2 --rounds 4 --restarts 2 --memory 64M --at 10,5000 --gate-jump 9"
# shellcheck disable=SC2086
{
  must 1 refresh i.h5 $night --groups auto:2..4 -o whole
  cp -a whole nights
  cp -a whole parents
  first=$(readlink whole/latest)
  until_the_end new refresh i.h5 $night --groups auto:2..4 -o new
  for what in 'after sweep 1 of' 'before the refit' 'after refit sweep 1 of' 'numbers of groups' 'before the rounds of the groups' 'round 1 of the groups' \
    'try 1 of 2 of the groups' 'batch 1 of the measurement'; do
    good "it was stopped: $what" grep -q "$what" messages
  done
  good "it was stopped between the steps" [ "$(grep -cE 'before (grouping|measuring)' messages)" -eq 2 ]
  good "in one snapshot" [ "$(only new)" = "new/$(readlink new/latest)" ]
  for file in model.h5 measured.h5 groups.h5 metrics.json; do
    good "the same $file" cmp "whole/latest/$file" "new/latest/$file"
  done
  for event in sweep refit groups round phase; do
    good "the journal has each $event once" [ "$(grep -c "\"event\":\"$event\"" whole/latest/train.jsonl)" -eq \
      "$(grep -c "\"event\":\"$event\"" new/latest/train.jsonl)" ]
  done
  good "nothing of the way is left" [ -z "$(find new -name 'checkpoint*' -o -name 'resume*' -o -name '*.part-*')" ]
  must 0 verify new
  # With a parent: from its groups, and measured beside it.
  must 1 refresh other.h5 $night --round-tolerance 0 -o whole
  until_the_end x refresh other.h5 $night --round-tolerance 0 -o nights
  good "it was stopped in the rounds" grep -q "round 1 of the groups" messages
  good "it was stopped in the measurement" grep -q "batch 1 of the measurement" messages
  for file in model.h5 measured.h5 groups.h5 metrics.json; do
    good "the same $file beside a parent" cmp "whole/latest/$file" "nights/latest/$file"
  done
  good "the parent is still there" "$palate" verify "nights/$first"
  # Killed in the refit, with or without its checkpoint: it begins from the measured model, which is not trained again.
  for lost in yes no; do
    rm -rf killed
    for ((step = 0; step < 9; step++)); do
      run $((1 + step % 3)) refresh i.h5 $night --groups auto:2..4 -o killed --time-limit 0.001s
      if [ "$status" -ne 75 ] || grep -q 'after refit sweep 1' err; then break; fi
    done
    left=$(only killed)
    good "it was stopped in the refit" [ -e "$left/measured.h5" -a ! -e "$left/model.h5" ]
    [ $lost = no ] || rm -f "$left"/checkpoint-refit-*
    must 2 refresh i.h5 $night --groups auto:2..4 -o killed
    good "it knows that it was in the refit" grep -q "measured.h5 is already trained" err
    for file in model.h5 measured.h5; do good "checkpoint lost: $lost: the same $file" cmp "whole/$first/$file" "$left/$file"; done
  done
  ends 75 1 refresh i.h5 $night --groups auto:2..4 -o killed --resume never --time-limit 0.001s
  must 1 refresh i.h5 $night --groups auto:2..4 -o killed --refit off --gate off --time-limit 10m
  good "a night without refit does not take over one with it" grep -q "new snapshot" err
  # Groups that are made are not made again, unless others are asked for.
  for ((step = 0; step < 40; step++)); do
    run 1 refresh other.h5 $night --groups 3 -o parents --time-limit 0.001s
    if [ "$status" -ne 75 ] || grep -q 'before measuring' err; then break; fi
  done
  left=$(only parents | grep -v "$first")
  touch -d 2001-01-01 "$left/groups.h5"
  run 2 refresh other.h5 $night --groups 3 -o parents --time-limit 0.001s
  good "groups are not made twice" [ "$(date -r "$left/groups.h5" +%Y)" = 2001 ]
  must 2 refresh other.h5 $night --groups 4 -o parents
  good "other groups where others are asked for" [ "$(date -r "parents/latest/groups.h5" +%Y)" != 2001 ]
}

# Groups and measuring as commands of their own; what is damaged, or of other settings, is not used.
must 1 train i.h5 --factors 6 --sweeps 2 --holdout random:0.2 -o alone --quiet
one=$(cat out)
grouping="cluster $one --groups 5 --rounds 6 --restarts 2"
measuring="evaluate $one i.h5 --at 10,20000 --memory 64M"
# shellcheck disable=SC2086
{
  must 1 $grouping
  mv "$one/groups.h5" groups.h5
  must 2 $measuring
  mv "$one/metrics.json" metrics.json
  until_the_end x $grouping
  good "the same groups" cmp groups.h5 "$one/groups.h5"
  until_the_end x $measuring
  good "the same metrics" cmp metrics.json "$one/metrics.json"
  good "nothing of the way is left" [ -z "$(find alone -name 'checkpoint*')" ]
  for kind in round batch; do
    command=$grouping made=groups.h5
    [ $kind = round ] || command=$measuring made=metrics.json
    for harm in 'byte $newest.0000 9' 'truncate -s 10 $newest.0000' 'rm $newest.0000' ': >$newest.json' \
      'byte $newest.json 200' 'sed -i s/1/2/g $newest.json' 'rm $left/checkpoint-$kind-*.json' \
      'for f in $left/checkpoint-$kind-*; do byte $f 3; done'; do
      left=$one
      for ranks in 0 2; do ends 75 $ranks $command --time-limit 0.001s; done
      newest=$(find "$one" -name "checkpoint-$kind-*.json" | sort | tail -n 1)
      newest=${newest%.json}
      eval "$harm"
      must 0 $command
      good "$kind, $harm: the same $made" cmp $made "$one/$made"
      case $harm in rm*json) ;; *) good "$kind, $harm: a warning" grep -q "skipping the checkpoint" err ;; esac
    done
  done
  ends 75 1 $grouping --time-limit 0.001s
  must 1 $grouping --seed 4
  good "groups of another seed begin anew, and it is said" grep -q "other settings" err
  must 1 $grouping
  good "and leave nothing behind" cmp groups.h5 "$one/groups.h5"
  # A sealed snapshot never changes: what is measured of it is not kept.
  ends 75 1 evaluate whole/latest i.h5 --at 10,5000 --memory 64M --holdout random:0.1 --time-limit 0.001s
  good "nothing is kept in a sealed snapshot" [ -z "$(find whole -name 'checkpoint*')" ]
  good "and it is said" grep -q "nothing was kept" err
}

# A signal within the rounds, and within the measuring.
must 0 train big.h5 --factors 16 --sweeps 2 --holdout random:0.2 -o long --quiet
long=$(cat out)
for ranks in 0 2; do
  for what in cluster evaluate; do
    command="cluster $long --groups 20 --restarts 250 --verbose" sign='round 3:' made=groups.h5
    [ $what = cluster ] || command="evaluate $long big.h5 --at 10,5000 --memory 64M --verbose" sign='loaded in' made=metrics.json
    # shellcheck disable=SC2086
    {
      must 1 $command
      mv "$long/$made" $made
      for _ in $(seq 4); do # on a machine so quick that it is over before the signal is there, again
        : >err
        if [ $ranks = 0 ]; then "$palate" $command >out 2>err & else "$tests/mpi/mpi_run" $ranks "$palate" $command >out 2>err & fi
        job=$!
        while kill -0 $job 2>/dev/null && ! grep -q "$sign" err; do sleep 0.01; done
        kill -USR1 $job 2>/dev/null
        status=0
        wait $job || status=$?
        [ $status -eq 0 ] || break
      done
      good "USR1 in $what at $ranks ranks ends with 75, not $status" [ $status -eq 75 ]
      good "there is a checkpoint" [ -n "$(find "$long" -name 'checkpoint-*.json')" ]
      must $((3 - ranks)) $command
      good "$what is resumed" grep -qE "going on|resuming" err
      good "the same $made after USR1" cmp $made "$long/$made"
    }
  done
done
finish
