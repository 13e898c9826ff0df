#!/bin/bash
# If this fails, palate is worse on real ratings and real play counts than it was, whatever the tests on made-up data say.
# Data: MovieLens latest-small and Last.fm (HetRec 2011) below $PALATE_DATA.
. "$(dirname "$0")/lib.sh"
[ -d "$data/ml-latest-small" ] && [ -d "$data/hetrec2011-lastfm-2k" ] || skip "no real data: say PALATE_DATA=FOLDER"
data=$(realpath "$data")
cd "$work" || exit 1

must 2 ingest "$data/ml-latest-small/ratings.csv" --items "$data/ml-latest-small/movies.csv" -o ml.h5
must 2 ingest "$data/hetrec2011-lastfm-2k/user_artists.dat" --items "$data/hetrec2011-lastfm-2k/artists.dat" -o lastfm.h5

# ---- ratings ----
# The mean of three splits: between splits of 10,000 ratings RMSE differs by 0.004.
rmse=
for seed in 1 2 3; do
  must 2 train ml.h5 -o ml --loss explicit --factors 32 --lambda 0.1 --reg-exponent 1 --sweeps 15 --holdout random:0.1 \
    --seed $seed
  ml=$(tail -n 1 out)
  must 2 evaluate "$ml" ml.h5
  rmse="$rmse $(figure "$ml/metrics.json" model rmse)"
done
# shellcheck disable=SC2086
mean=$("$python" -c 'import sys; print(sum(map(float, sys.argv[1:])) / 3)' $rmse)
echo "ml-latest-small: test RMSE $mean (three splits: $rmse)"
good "test RMSE is at most 0.854, not $mean" at_least 0.854 "$mean"

# ---- play counts ----
must 2 train lastfm.h5 -o lastfm --loss implicit --factors 64 --unobserved-weight 0.05 --lambda 0.01 --sweeps 12 \
  --holdout random:0.2
lastfm=$(tail -n 1 out)
must 2 evaluate "$lastfm" lastfm.h5
ndcg=$(figure "$lastfm/metrics.json" model at 10 ndcg)
popular=$(figure "$lastfm/metrics.json" most_popular at 10 ndcg)
random=$(figure "$lastfm/metrics.json" random at 10 ndcg)
echo "hetrec2011-lastfm-2k: NDCG@10 $ndcg (most popular $popular, random $random)"
good "NDCG@10 is at least 0.245, not $ndcg" at_least "$ndcg" 0.245
good "most popular is near 0.085, not $popular" at_least "$popular" 0.07
good "and not above 0.10" at_least 0.10 "$popular"

# The metrics do not depend on the ranks that measured them.
cp "$lastfm/metrics.json" two.json
must 1 evaluate "$lastfm" lastfm.h5
good "1 and 2 ranks measure the same" cmp two.json "$lastfm/metrics.json"
finish
