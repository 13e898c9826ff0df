#!/bin/bash
# If this fails, nodes are booked for a job that then does not fit, or that spends its nights waiting for the network.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# number FILE NAME: the last number of that name in JSON or JSON lines.
number() { grep -o "\"$2\": *[0-9.]*" "$1" | tail -n 1 | grep -o '[0-9.]*$'; }

# first FILE NAME: the first.
first() { grep -m 1 -o "\"$2\": *[0-9.]*" "$1" | grep -o '[0-9.]*$'; }

# within NAME A B PERCENT
within() { good "$1: $2 is within $4 % of $3" awk -v a="$2" -v b="$3" -v p="$4" 'BEGIN { exit !(a >= b * (1 - p / 100) && a <= b * (1 + p / 100)) }'; }

# The bytes of a real sweep are those of the plan, to the byte: both losses, every exchange, with and without heavy rows.
must 1 synth -o small.h5 --users 301 --items 97 --events 6007 --groups 4 --factors 5
same_bytes() {
  local n=$1
  shift
  run "$n" train small.h5 -q -o runs --factors 17 --sweeps 2 --lambda 0.1 "$@"
  good "train $* at $n ranks" [ "$status" -eq 0 ]
  [ "$status" -eq 0 ] || return 0
  local sent
  sent=$(number "$(tail -n 1 out)/train.jsonl" bytes_sent)
  run 0 plan small.h5 --ranks "$n" --factors 17 --json "$@"
  good "plan $* says $(grep -m 1 -o '"bytes_sent": *[0-9]*' out) at $n ranks, train sent $sent" \
    [ "$(grep -m 1 -o '"bytes_sent": *[0-9]*' out | grep -o '[0-9]*$')" = "$sent" ]
}
for n in 1 2 3 4 5 6 7 8; do
  same_bytes "$n" --loss implicit --exchange reduce --heavy-rows 60
  same_bytes "$n" --loss explicit --exchange halo --holdout random:0.2
done
for n in 3 8; do
  same_bytes "$n" --loss implicit --solver cholesky
  same_bytes "$n" --loss explicit --solver cg
  same_bytes "$n" --loss explicit --exchange replicate
  same_bytes "$n" --loss explicit --exchange reduce --heavy-rows 1
  same_bytes "$n" --loss implicit --exchange auto --heavy-rows 100
done

# Memory, where the data weigh more than the program.
must 1 synth -q -o large.h5 --users 20000 --items 4000 --events 2000000
for n in 1 2 4; do
  run "$n" train large.h5 -q -o runs --factors 64 --sweeps 1
  good "train at $n ranks" [ "$status" -eq 0 ]
  measured=$(number "$(tail -n 1 out)/train.jsonl" memory)
  run 0 plan large.h5 --ranks "$n" --factors 64 --json
  within "planned memory at $n ranks" "$(grep -m 1 -o '"memory_max": *[0-9]*' out | grep -o '[0-9]*$')" "$measured" 10
done

# Without data: within 15 % of the exact plan on data that follow the laws.
for n in 2 16 64; do
  run 0 plan large.h5 --ranks "$n" --factors 64 --exchange halo --json
  exact=$(grep -m 1 -o '"bytes_sent": *[0-9]*' out | grep -o '[0-9]*$')
  run 0 plan --users 20000 --items 4000 --events 2000000 --ranks "$n" --factors 64 --exchange halo --json
  within "modelled bytes at $n ranks" "$(grep -m 1 -o '"bytes_sent": *[0-9]*' out | grep -o '[0-9]*$')" "$exact" 15
done

# One item with every member and one member with every item: no rank has much more to do than another.
awk 'BEGIN { srand(7); print "user,item";
  for (u = 0; u < 4000; u++) { print u ",0"; for (j = 0; j < 20; j++) print u "," 1 + int(rand() * 1999) }
  for (i = 1; i < 2000; i++) print "0," i }' >lopsided.csv
must 1 ingest lopsided.csv -q -o lopsided.h5
for n in 2 4 8; do
  run "$n" train lopsided.h5 -o runs --factors 32 --sweeps 1
  balance=$(grep -o 'largest over mean rank [0-9.]*' err | grep -o '[0-9.]*$')
  good "balance $balance at $n ranks" awk -v b="$balance" 'BEGIN { exit !(b > 0 && b <= 1.10) }'
  good "and what was measured is said" grep -qE 'spent solving, largest over mean rank: [1-9][0-9.]*' err
done

# A bound on memory that a replicated side would break: refused there, kept by bringing rows in batches, to the same bits.
must 1 synth -q -o sparse.h5 --users 40000 --items 40000 --events 300000
must 1 train sparse.h5 -q -o runs --factors 128 --sweeps 2
free_run=$(tail -n 1 out)
run 4 train sparse.h5 -q -o runs --factors 128 --sweeps 2 --exchange replicate --memory 48M
good "a replicated side breaks the bound" [ "$status" -eq 70 ]
good "and says what to do" grep -q 'memory limit' err
run 4 train sparse.h5 -o runs --factors 128 --sweeps 2 --memory 48M
good "batches keep it" [ "$status" -eq 0 ]
good "in batches" grep -qE 'rows in (([2-9]|[1-9][0-9]+) and [0-9]+|1 and ([2-9]|[1-9][0-9]+)) batches' err
[ "$status" -eq 0 ] && good "to the same bits" "$tests/support/same_h5" "$free_run/model.h5" "$(tail -n 1 out)/model.h5"

# The plan knows of the batches: bytes to the byte, memory within 10 %.
for n in 2 4; do
  for memory in 36M 48M; do
    for how in "--loss explicit"; do
      # shellcheck disable=SC2086
      run "$n" train sparse.h5 -q -o runs --factors 96 --sweeps 1 --memory $memory $how
      trained=$status
      sent=$(number "$(tail -n 1 out)/train.jsonl" bytes_sent 2>/dev/null) peak=$(number "$(tail -n 1 out)/train.jsonl" memory 2>/dev/null)
      # shellcheck disable=SC2086
      run 0 plan sparse.h5 --ranks "$n" --factors 96 --memory $memory --json $how
      if [ "$trained" -ne 0 ]; then
        good "plan $how --memory $memory at $n ranks says that it is too little" grep -qE '"(user|item)_batches": 0' out
        continue
      fi
      good "plan $how --memory $memory at $n ranks says $(first out bytes_sent), train sent $sent" [ "$(first out bytes_sent)" = "$sent" ]
      within "planned memory of $how --memory $memory at $n ranks" "$(first out memory_max)" "$peak" 10
      echo "$n ranks, $memory, $how: $(first out user_batches) and $(first out item_batches) batches; memory planned $(first out memory_max), measured $peak"
    done
  done
done

# The service in mind: an item half sweep under 1 GB a rank, and a header to paste.
run 0 plan --users 200000000 --items 20000 --events 100000000000 --factors 128 --ranks 64 --threads 16 --json
good "a large service plans" [ "$status" -eq 0 ]
good "heavy titles are reduced" grep -q '"exchange": "reduce"' out
good "under 1 GB a rank" awk -v b="$(grep -m 1 -o '"bytes_sent_max": *[0-9]*' out | grep -o '[0-9]*$')" 'BEGIN { exit !(b < 1e9) }'
run 0 plan --users 200000000 --items 20000 --events 100000000000 --factors 128
good "a header for sbatch" grep -q '^#SBATCH --ntasks-per-node=' out
run 0 plan --items 20 --events 100
good "sizes are asked for" [ "$status" -eq 64 ]
run 0 plan --users 10 --items 20 --events 201
good "more events than pairs" [ "$status" -eq 64 ]
finish
