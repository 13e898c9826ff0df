#!/bin/sh
# plot_training.sh SNAPSHOT OUT.png|-: the objective over the sweeps of training, with gnuplot; `-` draws it as text.
set -eu
snapshot=${1:?say which snapshot} out=${2:?say where to: a PNG, or - for text}
points=$(mktemp)
trap 'rm -f "$points"' EXIT
# A line of train.jsonl is one event: {"event":"sweep","sweep":3,…,"objective":153617.9,…}
sed -n 's/.*"event":"sweep","sweep":\([0-9]*\),.*"objective":\([-+.0-9e]*\).*/\1 \2/p' "$snapshot/train.jsonl" >"$points"
if [ "$out" = - ]; then
  terminal="set terminal dumb 78 22"
else
  terminal="set terminal pngcairo size 800,480; set output '$out'"
fi
gnuplot <<PLOT
$terminal
set title "training of $(basename "$(realpath "$snapshot")")"
set xlabel "sweep"
set ylabel "objective"
set grid
plot "$points" using 1:2 with linespoints pointtype 7 notitle
PLOT
