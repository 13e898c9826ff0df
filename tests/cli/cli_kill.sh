#!/bin/bash
# If this fails, a node that dies at the wrong moment costs a night's work, or leaves members with a model that is half
# made. A nightly run on one to three ranks is killed again and again, any rank or the launcher, at random moments of its
# training, its grouping and its measuring, and gone on with on another number of ranks, until it ends; until each of the
# three has met its share of the kills.
# PALATE_LONG=1: at least 100 kills.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

want=6
[ -n "$PALATE_LONG" ] && want=${PALATE_KILLS:-100}
share=$(((want + 2) / 3)) # of each phase
seed=${PALATE_SEED:-$$}
RANDOM=$seed
echo "seed $seed (PALATE_SEED repeats the moments, as far as the machine lets it)"
must 0 synth -o d.h5 --users 6000 --items 500 --events 400000 --groups 5 --factors 4 --quiet
night="d.h5 --factors 32 --sweeps 60 --groups 20 --restarts 12 --checkpoint-every 1 --at 10,5000 --memory 64M"
# shellcheck disable=SC2086
must 1 refresh $night -o whole --quiet
whole=whole/$(readlink whole/latest)

PHASES=(training grouping measuring)
at_work() { # the phase that the files of the snapshot tell of; 3: none any more
  if compgen -G 's/2*/SHA256SUMS' >/dev/null; then echo 3
  elif compgen -G 's/2*/groups.h5' >/dev/null; then echo 2
  elif compgen -G 's/2*/model.h5' >/dev/null; then echo 1
  else echo 0; fi
}
# What has met the fewest kills comes next. On a fast machine a phase may be over when its moment comes: then the night goes
# on to its end, if what it does now has met enough.
next_target() {
  target=0
  for phase in 1 2; do [ "${hit[phase]}" -lt "${hit[target]}" ] && target=$phase; done
}
kills=0 ended=0 nights=0 hit=(0 0 0 0)
while next_target; [ "${hit[target]}" -lt $share ] && [ $nights -lt $((2 * want)) ]; do
  nights=$((nights + 1))
  rm -rf s
  for ((try = 0; try < 60; try++)); do
    ranks=$((1 + RANDOM % 3))
    # shellcheck disable=SC2086
    setsid "$tests/mpi/mpi_run" $ranks "$palate" refresh $night -o s >out 2>err &
    job=$!
    next_target
    while [ "$(at_work)" -lt $target ] && kill -0 $job 2>/dev/null; do sleep 0.02; done
    # Starting takes half a second: training begins where the log says so.
    while [ $target -eq 0 ] && ! grep -q '^sweep' err && [ "$(at_work)" -eq 0 ] && kill -0 $job 2>/dev/null; do sleep 0.02; done
    sleep "$(printf '0.%03d' $((RANDOM % 600)))"
    phase=$(at_work)
    mapfile -t processes < <(pgrep -P $job)
    victim=$job
    [ ${#processes[@]} -gt 0 ] && victim=${processes[RANDOM % ${#processes[@]}]}
    if [ "${hit[phase]}" -lt $share ] && kill -9 "$victim" 2>/dev/null; then
      kills=$((kills + 1))
      hit[phase]=$((hit[phase] + 1))
    fi
    status=0
    wait $job 2>/dev/null || status=$?
    # The launcher killed: its ranks notice by themselves; the next run must not meet them.
    for ((w = 0; w < 100; w++)); do pgrep -g "$job" >/dev/null || break; sleep 0.1; done
    pkill -9 -g "$job" 2>/dev/null
    [ $status -eq 0 ] && break
    if [ -e s/latest ]; then
      good "what is published after a kill is whole" "$palate" verify s
      break
    fi
  done
  if [ -e s/latest ]; then ended=$((ended + 1)); else
    # shellcheck disable=SC2086
    must 2 refresh $night -o s --quiet
  fi
  for file in model.h5 measured.h5 groups.h5 metrics.json; do
    good "night $nights: the same $file as without kills" cmp "$whole/$file" "s/latest/$file"
  done
  good "night $nights: published whole" "$palate" verify s
done
for phase in 0 1 2; do good "killed while ${PHASES[phase]}" [ "${hit[phase]}" -gt 0 ]; done
echo "$kills kills in $nights nights: ${hit[0]} in training, ${hit[1]} in grouping, ${hit[2]} in measuring"
finish
