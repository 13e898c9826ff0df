#!/bin/bash
# If this fails, a nightly model changes because the cluster gave the job another number of nodes, and nobody can tell
# a real difference from noise.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
refuse=$bin/tests/refuse.so

# Odd sizes, a heavy item, and more events for some members than others.
must 1 synth -o implicit.h5 --users 211 --items 83 --events 5003 --groups 4 --factors 5
must 1 synth -o explicit.h5 --users 211 --items 83 --events 5003 --groups 4 --factors 5 --loss explicit

# train NAME RANKS THREADS OPTION...: leaves NAME/model.h5
train() {
  local name=$1 ranks=$2 threads=$3
  shift 3
  OMP_NUM_THREADS=$threads run "$ranks" train -o "all/$name" --quiet "$@"
  good "palate train $* at $ranks ranks, $threads threads" [ "$status" -eq 0 ]
  [ "$status" -eq 0 ] && mv "$(tail -n 1 "$work/out")" "$name"
}

count=0
compare() {
  local what=$1
  shift
  count=$((count + 1))
  train "first$count" 1 1 "$@"
  for how in "1 2" "2 1" "2 2" "3 1" "4 1"; do
    # shellcheck disable=SC2086
    set -- $how -- "$@"
    local ranks=$1 threads=$2
    shift 3
    train "other$count-$ranks-$threads" "$ranks" "$threads" "$@"
    good "$what: $ranks ranks with $threads threads give the bits of one" \
      "$python" "$tests/support/same_h5" "first$count/model.h5" "other$count-$ranks-$threads/model.h5" created dataset
  done
}

compare "explicit" explicit.h5 --loss explicit --factors 7 --lambda 0.1 --sweeps 4 --holdout random:0.1
compare "implicit" implicit.h5 --factors 16 --sweeps 4 --holdout last:2
compare "implicit by halo" implicit.h5 --factors 16 --sweeps 4 --exchange halo
compare "implicit by replicas" implicit.h5 --factors 16 --sweeps 4 --exchange replicate
compare "linear confidence" implicit.h5 --confidence linear --alpha 2 --factors 20 --sweeps 3
good "both ways of exchange give the same bits" "$python" "$tests/support/same_h5" first3/model.h5 first4/model.h5 created dataset exchange

# Files that are moved in many calls, as the kernel does with more than 2^31 bytes at once: here 1000 bytes a call.
export REFUSE_SHORT=1000
status=0
"$tests/mpi/mpi_run" 2 env LD_PRELOAD="$refuse" "$palate" synth -o pieces.h5 --users 211 --items 83 --events 5003 --groups 4 --factors 5 --quiet || status=$?
good "a dataset is written in pieces" [ "$status" -eq 0 ]
good "and is the same" "$python" "$tests/support/same_h5" implicit.h5 pieces.h5 created source
"$tests/mpi/mpi_run" 2 env LD_PRELOAD="$refuse" "$palate" train pieces.h5 -o pieces --quiet --factors 16 --sweeps 4 --holdout last:2 >out || status=$?
good "training in pieces, checkpoints and all" [ "$status" -eq 0 ]
good "gives the same model" "$python" "$tests/support/same_h5" first2/model.h5 "$(tail -n 1 out)/model.h5" created dataset
finish
