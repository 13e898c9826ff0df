# Sourced by cli_*.sh: say `. "$(dirname "$0")/lib.sh"` first. Sets $palate, $ranks_run and a scratch folder $work that
# goes away at the end, and counts what is checked.
bin=$(realpath "$1")
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
palate=$bin/palate
python=${PYTHON:-/usr/bin/python3}
data=${PALATE_DATA:-$tests/../../shared/data}
work=$(mktemp -d)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1767225600}
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} # threads that spin hold up what runs beside them
trap 'rm -rf "$work"' EXIT
checked=0 wrong=0

# run RANKS ARG...: palate with stdout in $work/out, stderr in $work/err, status in $status. Ranks 0: without mpirun.
run() {
  local ranks=$1
  shift
  status=0
  if [ "$ranks" = 0 ]; then
    "$palate" "$@" >"$work/out" 2>"$work/err" || status=$?
  else
    "$tests/mpi/mpi_run" "$ranks" "$palate" "$@" >"$work/out" 2>"$work/err" || status=$?
  fi
}

# good NAME CONDITION...: a check; the condition is a command.
good() {
  local name=$1
  shift
  checked=$((checked + 1))
  if ! "$@" >"$work/said" 2>&1; then
    wrong=$((wrong + 1))
    [ "$wrong" -le 12 ] || return 0 # enough to see what is wrong
    echo "WRONG: $name: $*"
    { tail -n 2 "$work/said"; head -n 3 "$work/err"; } 2>/dev/null | sed 's/^/  | /'
  fi
}

# must RANKS ARG...: a run that has to end with 0.
must() {
  run "$@"
  good "palate $*" [ "$status" -eq 0 ]
}

# ends STATUS RANKS ARG...: a run that has to end with this status.
ends() {
  local want=$1
  shift
  run "$@"
  good "palate $* ends with $want, not $status" [ "$status" -eq "$want" ]
}

# some_ranks RANKS...: the numbers of ranks at which the case at hand is tried, into $at_ranks: the first, and one of the
# others in turn from case to case, so that all cases together are tried at all of them; with PALATE_LONG each at all.
turn=0
some_ranks() {
  at_ranks=("$@")
  [ -z "${PALATE_LONG:-}" ] || return 0
  shift
  at_ranks=("${at_ranks[0]}" "${@:1 + turn % $#:1}")
  turn=$((turn + 1))
}

# only FOLDER: the snapshots in it.
only() { find "$1" -maxdepth 1 -name '2*-*'; }

# byte FILE PLACE: flips a bit.
byte() {
  "$python" - "$1" "$2" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    b = f.read(1)[0]
    f.seek(int(sys.argv[2]))
    f.write(bytes([b ^ 1]))
PY
}

# figure FILE NAME...: a number deep inside a JSON file.
figure() {
  "$python" -c 'import json, sys
x = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    x = x[name]
print(x)' "$@"
}

# at_least A B: whether A >= B, as numbers.
at_least() { "$python" -c 'import sys; sys.exit(not float(sys.argv[1]) >= float(sys.argv[2]))' "$1" "$2"; }

skip() {
  echo "skipped: $1"
  exit 77
}

finish() {
  echo "$checked checked, $wrong wrong"
  [ "$wrong" -eq 0 ]
  exit
}
