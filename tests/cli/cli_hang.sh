#!/bin/bash
# If this fails, one machine that hangs, or a disk that no longer answers, holds a night's job until somebody looks, or a
# job that is merely slow is ended. Ranks are stopped without dying (SIGSTOP), or hang in a write.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
refuse=$bin/tests/refuse.so
must 0 synth -o d.h5 --users 3000 --items 400 --events 150000 --groups 5 --factors 4 --quiet
night="train d.h5 --factors 32 --sweeps 120 --objective-every 40 --checkpoint-every 1"
# shellcheck disable=SC2086
must 1 $night -o whole --quiet
whole=$(echo whole/2*)

rank_of() { tr '\0' '\n' <"/proc/$1/environ" 2>/dev/null | sed -n 's/^OMPI_COMM_WORLD_RANK=//p'; }
# begin RANK: the run on two ranks; $job is the launcher, $victim the process of the rank, once there is a checkpoint
begin() {
  # shellcheck disable=SC2086
  setsid "$tests/mpi/mpi_run" 2 "$palate" $night -o s --stall-timeout "$2" >out 2>err &
  job=$!
  victim=
  for ((w = 0; w < 300; w++)); do
    compgen -G 's/*/checkpoint-*.json' >/dev/null && break
    sleep 0.1
  done
  for process in $(pgrep -P $job); do
    [ "$(rank_of "$process")" = "$1" ] && victim=$process
  done
}
# over SECONDS: whether the job ends within them; its status in $status
over() {
  for ((w = 0; w < $1 * 10; w++)); do
    if ! kill -0 $job 2>/dev/null; then
      status=0
      wait $job || status=$?
      return 0
    fi
    sleep 0.1
  done
  kill -9 -- -$job
  return 1
}

for rank in 1 0; do
  rm -rf s
  begin $rank 2s
  kill -STOP "$victim"
  good "a stopped rank $rank does not hold the job" over 60
  good "status $status is 75" [ "$status" -eq 75 ]
  good "rank $rank and its host are named, and what to do" \
    grep -q "rank $rank on $(hostname | tr -c 'A-Za-z0-9\n-' _) has not responded for .* (last seen: [a-z]*.*).*run the same command again" err
  for ((w = 0; w < 50; w++)); do kill -0 "$victim" 2>/dev/null || break; sleep 0.1; done
  good "no process is left" eval "! kill -0 $victim 2>/dev/null"
  # shellcheck disable=SC2086
  must 3 $night -o s
  good "resumed, not begun anew" grep -q 'resuming after sweep' err
  good "the same bits as without the fault" cmp "$whole/model.h5" s/2*/model.h5
done

# Merely slow: held up again and again, but never for long.
rm -rf s
begin 1 3s
for ((turn = 0; turn < 8; turn++)); do
  kill -STOP "$victim" 2>/dev/null
  sleep 0.8
  kill -CONT "$victim" 2>/dev/null
  sleep 0.05
done
good "a slow rank is waited for" over 100
good "and the run ends well" [ "$status" -eq 0 ]

# A file system that no longer answers: a write never comes back.
if [ -e "$refuse" ] && [[ $(ldd "$palate") != *libasan* ]]; then
  rm -rf s
  status=0
  # shellcheck disable=SC2086
  REFUSE_CALL=write REFUSE_NTH=5 REFUSE_HANG=1 REFUSE_RANK=1 REFUSE_UNDER=$work/s timeout 60 \
    "$tests/mpi/mpi_run" 2 env LD_PRELOAD="$refuse" "$palate" $night -o s --stall-timeout 2s >out 2>err || status=$?
  good "a write that hangs does not hold the job: $status" [ "$status" -eq 75 ]
  good "it is told" grep -q 'rank 1 on .* has not responded' err
  # shellcheck disable=SC2086
  must 2 $night -o s --quiet
  good "the same bits as without the fault" cmp "$whole/model.h5" s/2*/model.h5
fi
run 2 train d.h5 -o s --stall-timeout soon
good "a time-out that is no time" [ "$status" -eq 64 ]
finish
