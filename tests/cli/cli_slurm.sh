#!/bin/bash
# If this fails, a job that a Slurm user submits loses the night's work at its time limit, or tells the scheduler that
# all is well when it is not.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "needs root to start a Slurm cluster of one machine"
for tool in slurmctld slurmd munged srun; do
  [ -x "/usr/sbin/$tool" ] || command -v $tool >/dev/null || skip "needs $tool (apt-get install slurm-wlm munge libpmix-dev)"
done
cluster=$(mktemp -d)
chmod 755 "$work" "$cluster"
"$tests/support/slurm_host" start "$cluster" >"$work/err" 2>&1 || { cat "$work/err"; skip "Slurm does not start on this machine"; }
trap '"$tests/support/slurm_host" stop "$cluster"; sleep 1; rm -rf "$work" "$cluster"' EXIT
export SLURM_CONF=$cluster/slurm.conf

# What an unprivileged member of the cluster sees: the installed program and job files, and a folder of its own.
must 1 synth -o "$work/data.h5" --users 400 --items 150 --events 12000 --groups 4 --factors 6
cp "$palate" "$work/palate"
cp "$tests/../jobs/train.sbatch" "$tests/../jobs/refresh.sbatch" "$work"
mkdir "$work/home"
chown nobody "$work/home"
cd "$work/home" || exit 1
# The cluster offers more cores than the machine has, so ranks are not bound.
export PALATE="$work/palate" PALATE_MPIRUN="--oversubscribe --bind-to none" OMPI_MCA_mpi_yield_when_idle=1 HOME=$work/home
as_user() { runuser -u nobody -- "$@"; }

# submit ARG...: the id of the job in $id; its words go to job.log.
submit() {
  rm -f job.log
  id=$(as_user sbatch --parsable --output=job.log "$@" 2>"$work/err")
}

# ended: waits until the job of $id is over; its status in $status, its words in $work/err.
ended() {
  local shown=
  status=-1
  for _ in $(seq 600); do
    shown=$(scontrol show job "$id")
    case $shown in *JobState=COMPLETED* | *JobState=FAILED* | *JobState=TIMEOUT* | *JobState=CANCELLED* | *JobState=NODE_FAIL*)
      status=$(grep -o ' ExitCode=[0-9]*' <<<"$shown" | cut -d= -f2)
      restarts=$(grep -o 'Restarts=[0-9]*' <<<"$shown" | cut -d= -f2)
      break
      ;;
    esac
    sleep 0.1
  done
  cp job.log "$work/err"
}

job() {
  submit "$@"
  ended
}

job "$work/train.sbatch" ../data.h5 models --factors 8 --sweeps 3
good "train.sbatch ends with 0, not $status" [ "$status" -eq 0 ]
model=$(grep -o 'models/[0-9A-Za-z-]*' "$work/err" | tail -n 1)
good "train.sbatch leaves a model" [ -s "$model/model.h5" ]
good "two ranks worked on it" grep -q '2 ranks' "$work/err"

job "$work/train.sbatch" ../none.h5
good "a missing dataset is 66 for the scheduler too, not $status" [ "$status" -eq 66 ]
job "$work/train.sbatch" ../data.h5 models --factors 0
good "a usage error is 64, not $status" [ "$status" -eq 64 ]

job "$work/refresh.sbatch" ../data.h5 models --factors 8 --sweeps 3 --groups 4
good "refresh.sbatch ends with 0, not $status" [ "$status" -eq 0 ]
good "refresh.sbatch publishes" [ -s models/latest/SHA256SUMS ]

# The example that newcomers copy: the night, then everyone's lists.
cp "$tests/example/submit.sh" "$work"
good "submit.sh submits two jobs" eval 'PALATE_JOBS=$work as_user "$work/submit.sh" ../data.h5 example --output=job.log >"$work/jobs"'
id=$(sed -n 's/.*lists \([0-9]*\)$/\1/p' "$work/jobs")
ended
good "the lists of submit.sh end with 0, not $status" [ "$status" -eq 0 ]
good "they are there" [ -s lists.h5 ]

# srun starts the ranks itself, without mpirun.
status=0
as_user srun --mpi=pmix -n 2 "$palate" train ../data.h5 -o by_srun --factors 8 --sweeps 3 >"$work/out" 2>"$work/err" || status=$?
good "srun --mpi=pmix ends with 0, not $status" [ "$status" -eq 0 ]
good "srun --mpi=pmix gives the bits of mpirun" "$python" "$tests/support/same_h5" "$model/model.h5" \
  "$(tail -n 1 "$work/out")/model.h5" created dataset

# As many sweeps as this machine makes in some eight seconds, so that the scheduler can stop a run that is under way.
before=$(date +%s%N)
must 2 train "$work/data.h5" -o speed --factors 24 --sweeps 500 --quiet
sweeps=$((500 * 8000 / (($(date +%s%N) - before) / 1000000 + 1)))
[ "$sweeps" -ge 3000 ] || sweeps=3000

# The time limit comes: a checkpoint, back to the queue, and the bits of a run that was never stopped.
submit "$work/train.sbatch" ../data.h5 long --factors 24 --sweeps "$sweeps"
for _ in $(seq 100); do
  grep -q 'sweep' job.log 2>/dev/null && break
  sleep 0.1
done
sleep 1
as_user scancel --batch --signal=USR1 "$id"
ended
good "the job ends with 0 after its restart, not $status" [ "$status" -eq 0 ]
good "it said that it goes back to the queue" grep -q 'back to the queue' job.log
good "it was restarted once, not $restarts times" [ "$restarts" -eq 1 ]
good "it went on from its checkpoint" grep -q 'resuming after sweep' job.log
resumed=$(grep -o 'long/[0-9A-Za-z-]*' job.log | tail -n 1)
must 2 train "$work/data.h5" -o straight --factors 24 --sweeps "$sweeps" --quiet
good "stopped and resumed gives the bits of a run in one go" "$python" "$tests/support/same_h5" "$resumed/model.h5" \
  "$(tail -n 1 "$work/out")/model.h5" created dataset
straight=$(tail -n 1 "$work/out")/model.h5

# A job of higher priority wants the whole node: a checkpoint, back to the queue, and on when the node is free again.
submit -p low "$work/train.sbatch" ../data.h5 preempted --factors 24 --sweeps "$sweeps"
low=$id
for _ in $(seq 100); do
  grep -q 'sweep' job.log 2>/dev/null && break
  sleep 0.1
done
as_user sbatch --parsable -p high --ntasks=4 --output=high.log --wrap 'sleep 2; echo done' >"$work/high" 2>&1
id=$low
ended
good "the preempted job ends with 0, not $status" [ "$status" -eq 0 ]
good "the other job ran" grep -q done high.log
good "it was restarted once, not $restarts times" [ "$restarts" -eq 1 ]
good "it left with a checkpoint" grep -q 'back to the queue' job.log
good "it went on from its checkpoint" grep -q 'resuming after sweep' job.log
resumed=$(grep -o 'preempted/[0-9A-Za-z-]*' job.log | tail -n 1)
good "preempted and resumed gives the bits of a run in one go" "$python" "$tests/support/same_h5" "$resumed/model.h5" "$straight" \
  created dataset
finish
