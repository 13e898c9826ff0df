#!/bin/bash
# submit.sh DATASET [SNAPSHOTS] [SBATCH_OPTION...]: the nightly job under Slurm, and everyone's lists when it is done.
#   submit.sh plays.h5 snapshots -N 8 --ntasks-per-node=2 --cpus-per-task=32
# The job files lie in share/palate/jobs of the prefix that palate is installed in; PALATE_JOBS says another folder.
set -eu
dataset=${1:?say which dataset: submit.sh DATASET [SNAPSHOTS] [SBATCH_OPTION...]}
snapshots=${2:-snapshots}
shift $(($# < 2 ? 1 : 2))
palate=$(realpath "${PALATE:-$(command -v palate)}")
jobs=${PALATE_JOBS:-$(dirname "$palate")/../share/palate/jobs}
night=$(sbatch --parsable "$@" "$jobs/refresh.sbatch" "$dataset" "$snapshots" --factors 64 --groups 12)
# Runs only if the night ended with 0; 76, a model that is worse and was not published, leaves yesterday's lists.
lists=$(sbatch --parsable --dependency="afterok:$night" --kill-on-invalid-dep=yes --output=lists-%j.log \
  --wrap "'$palate' recommend '$snapshots' --all --top 100 -o lists.h5")
echo "night $night, lists $lists"
