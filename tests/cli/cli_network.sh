#!/bin/bash
# If this fails, a model trained over several nodes is not the model, or the network between the nodes carries more than
# the job says: what was booked by its count does not suffice.
[ -n "${NET_HOSTS:-}" ] || PALATE_NET_RATE=200mbit exec "$(dirname "$0")/../support/net_hosts" 4 bash "$0" "$@"
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1 OMP_NUM_THREADS=1
export OMPI_MCA_plm_rsh_agent=net_on OMPI_MCA_odls_base_sigkill_timeout=0 OMPI_MCA_btl_base_warn_component_unused=0

# on_hosts HOSTS slot|node ARG...: palate on so many hosts with two ranks each, neighbouring ranks on a host (slot) or
# dealt out to the hosts in turn (node). As `run`; what all hosts put on the wire is in $wire, the busiest one in $most.
on_hosts() {
  local names
  names=$(seq -s , -f 'host%g:2' "$1")
  net_sent >before
  status=0
  net_on host1 mpirun --oversubscribe --bind-to none -H "$names" --map-by "$2" -n $((2 * $1)) \
    "$palate" "${@:3}" >"$work/out" 2>"$work/err" || status=$?
  net_sent >after
  read -r wire most < <(paste before after | awk '{ n = $4 - $2; all += n; if (n > most) most = n } END { print all, most }')
}

# sum NAME: over all sweeps of the journal of the run that just ended.
sum() {
  "$python" -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
print(sum(line[sys.argv[2]] for line in lines if line["event"] == "sweep"))' "$(tail -n 1 out)/train.jsonl" "$1"
}

between() { awk -v x="$1" -v low="$2" -v high="$3" 'BEGIN { exit !(x >= low && x <= high) }'; }

# The link is as slow as it is said to be, whatever the machine does: 20 MB from one host to another, as they arrive.
link_speed() {
  net_on host2 "$python" -u link.py receive >arrived &
  net_on host1 "$python" link.py send
  wait
  cat arrived
}
cat >link.py <<'PY'
import socket, sys, time
if sys.argv[1] == "receive":
    with socket.create_server(("10.231.0.2", 5005)) as door:
        door.settimeout(60)
        link, _ = door.accept()
        n, start = len(link.recv(1)), time.monotonic()
        while got := len(link.recv(1 << 16)):
            n += got
        print(round(8e-6 * n / (time.monotonic() - start)))
else:
    for _ in range(600):
        try:
            link = socket.create_connection(("10.231.0.2", 5005))
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    link.sendall(bytes(20000000))
    link.close()
PY
if [ -n "${PALATE_NET_RATE:-}" ]; then
  speed=$(link_speed)
  good "20 MB cross at $speed Mbit/s where 200 are allowed" between "$speed" 1 220
  echo "20 MB cross at $speed Mbit/s"
fi

must 1 synth -q -o data.h5 --users 5000 --items 1200 --events 250000 --groups 6 --factors 8

# planned RANKS RANKS-PER-NODE OPTION...: bytes between hosts of eight sweeps.
planned() {
  run 0 plan data.h5 --ranks "$1" --ranks-per-node "$2" --factors 48 --json "${@:3}"
  echo $((8 * $(figure out bytes_between_hosts)))
}

# over HOSTS slot|node OPTION...: the model has the bits of one rank's, and eight more sweeps put on the wire what the
# journal says crosses hosts, and the headers of its packets.
over() {
  local hosts=$1 map=$2 short_wire short_most seconds model
  shift 2
  on_hosts "$hosts" "$map" train data.h5 -o models -q --factors 48 --sweeps 2 "$@"
  good "train $* on $hosts hosts by $map" [ "$status" -eq 0 ]
  short_wire=$wire short_most=$most
  [ "$status" -eq 0 ] || return 0
  counted=$(sum bytes_between_hosts)
  on_hosts "$hosts" "$map" train data.h5 -o models --factors 48 --sweeps 10 "$@"
  good "train $* on $hosts hosts by $map, for longer" [ "$status" -eq 0 ]
  good "the job sees $hosts hosts" grep -q "$((2 * hosts)) ranks on $hosts hosts" err
  model=$(tail -n 1 out)
  counted=$(($(sum bytes_between_hosts) - counted))
  wire=$((wire - short_wire)) most=$((most - short_most))
  echo "$hosts hosts by $map, $*: $counted bytes counted, $wire on the wire, $most from one host, $(sum seconds) s"
  # For headers, acknowledgements and small messages of agreement; and a sum over ranks, which MPI moves as it likes,
  # crosses hosts more often than it must where neighbouring ranks are on different hosts.
  local room=8
  [ "$map" = slot ] || room=4
  good "train $* on $hosts hosts by $map: $wire bytes on the wire, counted $counted" \
    between "$wire" "$counted" "$((counted + counted / room + 100000))"
  if [ -n "${PALATE_NET_RATE:-}" ]; then
    seconds=$("$python" -c 'import sys; print(8 * float(sys.argv[1]) / 200e6)' "$most")
    good "$most bytes from one host take at least $seconds s of a link of 200 Mbit/s" \
      at_least "$(sum seconds)" "$seconds"
  fi
  if [ "$map" = slot ]; then
    good "the plan says what train $* on $hosts hosts counts: $counted" \
      [ "$counted" -eq "$(planned $((2 * hosts)) 2 "$@")" ]
  fi
  must 1 train data.h5 -o models -q --factors 48 --sweeps 10 "$@"
  good "train $* on $hosts hosts by $map has the bits of one rank" \
    "$python" "$tests/support/same_h5" "$model/model.h5" "$(tail -n 1 out)/model.h5" created exchange
}

over 3 slot --exchange halo --loss explicit
over 3 node --exchange halo
over 2 slot --exchange replicate
over 3 slot --exchange reduce --heavy-rows 600
over 4 slot --exchange halo
# A row crosses hosts once for a host: two neighbouring ranks on each send what one would.
over 2 slot --exchange halo
good "two ranks on each of 2 hosts send between hosts what one on each sends: $counted" \
  [ "$counted" -eq "$(planned 2 1 --exchange halo)" ]
# So do the sums of heavy rows, and their solutions, which every rank needs.
over 2 slot --exchange reduce --heavy-rows 600
good "so they do with heavy rows: $counted" [ "$counted" -eq "$(planned 2 1 --exchange reduce --heavy-rows 600)" ]
[ -n "${PALATE_NET_RATE:-}" ] || echo "the kernel does not limit bandwidth: not tried"
finish
