#!/bin/bash
# If this fails, a full disk, a failing disk or a lack of memory takes down what was good, hangs the job, or is passed
# over in silence. Here a few calls of each kind are made to fail; with PALATE_LONG=1 every one (PALATE_CALLS=alloc
# PALATE_FIRST=200: those from there on; PALATE_PATIENCE: seconds after which a run is taken to hang).
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
refuse=$bin/tests/refuse.so
[ -e "$refuse" ] || skip "the tests were not built: no $refuse"
case $(ldd "$palate") in *libasan*) skip "the sanitizers do not bear what is preloaded" ;; esac

must 0 synth -o d.h5 --users 150 --items 40 --events 2000 --groups 3 --factors 3 --quiet
must 0 synth -o e.h5 --users 150 --items 40 --events 2100 --groups 3 --factors 3 --seed 2 --quiet
"$python" - >ratings.csv <<'PY'
print("user,item,rating,time")
for i in range(3000):
    print(f"u{i * 7 % 211},i{i * i % 97},{i % 5 + 1},{1700000000 + i}")
PY
# Each sweep, each round of grouping and each batch of measuring (long lists make batches small) has its checkpoint.
steps="--checkpoint-every 1 --restarts 1 --rounds 2 --at 10,20000 --memory 64M"
night="e.h5 -o s --factors 4 --sweeps 3 --groups 3 --gate off $steps --quiet"
must 0 refresh d.h5 -o good --factors 4 --sweeps 3 --groups 3 --quiet
must 0 ingest ratings.csv -o good.h5 --quiet
cp good.h5 target.h5
before=$(readlink good/latest)

# What must hold after a failure: a status that says so, a message, no crash, no hang, what was published still whole.
check() { # NAME STATUSES
  good "$1: status $status is one of $2" eval "[[ ' $2 ' == *' $status '* ]]"
  good "$1: one message" grep -q '^palate' err
  good "$1: says nothing of success" [ ! -s out ]
}
refused() { # CALL NTH UNDER RANKS COMMAND...: runs it with a call refused; 1 where there were not so many calls
  local call=$1 nth=$2 under=$3 ranks=$4
  shift 4
  rm -f told
  status=0
  local launch=()
  [ "$ranks" -gt 0 ] && launch=("$tests/mpi/mpi_run" "$ranks")
  REFUSE_CALL=$call REFUSE_NTH=$nth REFUSE_UNDER=$under REFUSE_TOLD=$work/told \
    timeout "${PALATE_PATIENCE:-60}" "${launch[@]}" env LD_PRELOAD="$refuse" "$palate" "$@" >out 2>err || status=$?
  [ -e told ]
}

tried=0
# Every kind of call in a nightly run over a folder with a published snapshot.
for call in ${PALATE_CALLS:-write sync rename create alloc}; do
  step=1
  if [ -z "$PALATE_LONG" ]; then case $call in alloc) step=71 ;; write) step=6 ;; *) step=4 ;; esac; fi
  for ((n = ${PALATE_FIRST:-$((1 + RANDOM % step))}; ; n += step)); do
    rm -rf s
    cp -a good s
    # shellcheck disable=SC2086
    if ! REFUSE_ERRNO=28 REFUSE_FOREVER= refused $call $n "$work/s/" 0 refresh $night; then
      good "$call: without a refused call it goes well" [ "$status" -eq 0 ]
      break
    fi
    tried=$((tried + 1))
    if [ "$status" -eq 0 ]; then
      # What only tidies up may fail: then the result is whole all the same.
      good "$call $n: passed over, and the result is whole" "$palate" verify s
    else
      case $call in alloc) check "$call $n" "70" ;; *) check "$call $n" "73 74" ;; esac
      good "$call $n: latest is where it was" [ "$(readlink s/latest)" = "$before" ]
      good "$call $n: what is published is whole" "$palate" verify s
    fi
    # The disk has room again: the same command does it.
    # shellcheck disable=SC2086
    must 0 refresh $night
    good "$call $n: published after all" [ "$(readlink s/latest)" != "$before" ]
  done
done
# One rank of two: the other must learn of it, and not wait for ever. (Its writes are shards of checkpoints: of training,
# then of measuring.)
for call in write sync alloc; do
  for n in 1 3 4 5 9; do
    rm -rf s
    cp -a good s
    # shellcheck disable=SC2086
    REFUSE_ERRNO=28 REFUSE_RANK=1 refused $call $n "$work/s/" 2 refresh $night || continue
    tried=$((tried + 1))
    check "rank 1 of 2, $call $n" "70 73 74"
    good "rank 1 of 2, $call $n: latest is where it was" [ "$(readlink s/latest)" = "$before" ]
  done
done
# Groups: no memory at any point.
must 0 train d.h5 -o c --factors 4 --sweeps 3 --holdout random:0.1 --quiet
for how in "--groups 5 --quality" "--groups auto:1..4" "--groups 120" "--groups 4 --side items" "--groups 3 --parent good"; do
  for ranks in 0 2; do
    step=$((ranks == 0 ? 37 : 149))
    if [ -n "$PALATE_LONG" ]; then step=$((1 + 4 * ranks)); fi
    for ((n = 1 + RANDOM % step; ; n += step)); do
      # shellcheck disable=SC2086
      REFUSE_RANK=$((ranks / 2)) refused alloc $n "" $ranks cluster c/2* $how --quiet || break
      tried=$((tried + 1))
      [ "$status" -eq 0 ] || check "cluster $how at $ranks ranks, alloc $n" 70
    done
  done
done
# Ingest over a dataset that is there, alone and on two ranks.
for ranks in 0 2; do
  for call in write sync rename create alloc; do
    for n in 1 2 5 11; do
      refused $call $n "$work/target.h5" $ranks ingest ratings.csv -o target.h5 --quiet || continue
      tried=$((tried + 1))
      [ "$status" -eq 0 ] || check "ingest at $ranks ranks, $call $n" "70 73 74"
      good "ingest at $ranks ranks, $call $n: the dataset is whole" cmp good.h5 target.h5
    done
  done
done
good "nothing is left beside the datasets" [ -z "$(find . -maxdepth 1 -name '*.part-*')" ]
# A disk that cannot be read.
for n in 1 2 4 8; do
  REFUSE_ERRNO=5 refused read $n .h5 0 info d.h5 || continue
  tried=$((tried + 1))
  check "read $n" "74"
done

# A disk that is really full.
mkdir disk
if mount -t tmpfs -o size=1M palate-test disk 2>/dev/null; then
  # shellcheck disable=SC2064
  trap "umount '$work/disk'; rm -rf '$work'" EXIT
  for size in 64k 200k 400k 700k; do
    for ranks in 0 2; do
      mount -o remount,size=$size disk
      rm -rf disk/*
      cp good.h5 disk/target.h5 2>/dev/null || rm -f disk/target.h5
      run $ranks ingest ratings.csv -o disk/target.h5 --quiet
      [ "$status" -eq 0 ] || check "ingest to a disk of $size" "73 74"
      [ ! -e disk/target.h5 ] || good "ingest to a disk of $size: what is there is whole" cmp good.h5 disk/target.h5
      tried=$((tried + 1))
    done
  done
  # Room for the published snapshot and less than another one: wherever it ends, the published one stays.
  used=$(du -sk good | cut -f1)
  for more in 8 24 60 110 160 220; do
    rm -rf disk/*
    mount -o remount,size=$((used + more))k disk
    cp -a good disk/s
    # shellcheck disable=SC2086
    run $((more % 3)) refresh e.h5 -o disk/s --factors 4 --sweeps 3 --groups 3 --gate off $steps --quiet
    tried=$((tried + 1))
    if [ "$status" -ne 0 ]; then
      check "refresh with $more kB left" "73 74"
      good "refresh with $more kB left: latest is where it was" [ "$(readlink disk/s/latest)" = "$before" ]
    fi
    good "refresh with $more kB left: what is published is whole" "$palate" verify disk/s
  done
  umount disk
  trap 'rm -rf "$work"' EXIT
else
  echo "no tmpfs may be mounted here: the full disk is not tried"
fi
echo "$tried faults tried"
finish
