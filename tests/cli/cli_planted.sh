#!/bin/bash
# If this fails, palate does not find again what is known to be in the data: the tastes it reports are its own.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# ---- ratings: planted factors to the noise ----
# Noise 0.3 and rounding to halves (0.5 / sqrt 12) leave 0.333 that nobody can predict.
must 2 synth -o ratings.h5 --users 3000 --items 500 --events 300000 --groups 6 --factors 6 --loss explicit --noise 0.3
must 2 train ratings.h5 -o ratings --loss explicit --factors 6 --lambda 0.02 --sweeps 20 --holdout random:0.1
model=$(tail -n 1 out)
must 2 evaluate "$model" ratings.h5
rmse=$(figure "$model/metrics.json" model rmse)
echo "planted ratings: test RMSE $rmse, of which 0.333 is noise"
good "test RMSE is at most 5 % above the noise, not $rmse" at_least 0.350 "$rmse"
good "and not below it: the test pairs were not trained on" at_least "$rmse" 0.32
cat >recovered.py <<'PY'
import sys
import h5py
import numpy as np
with h5py.File(sys.argv[1]) as m, h5py.File("ratings.truth.h5") as t:
    def all_of(f):
        return (f.attrs["mean"] + f["users/bias"][:][:, None] + f["items/bias"][:][None, :]
                + f["users/factors"][:] @ f["items/factors"][:].T)
    said, truth = all_of(m), all_of(t)
inside = (truth > 1.5) & (truth < 4)  # the ends of the scale are cut off
error = np.sqrt(((said - truth)[inside] ** 2).mean())
print(f"planted ratings without noise: RMSE {error:.3f} over all pairs, their deviation {truth[inside].std():.3f}")
sys.exit(not error < 0.22)
PY
"$python" recovered.py "$model/model.h5"
good "the noise-free ratings of all pairs are recovered" "$python" recovered.py "$model/model.h5"

# ---- counts: better than what everybody likes ----
must 2 synth -o counts.h5 --users 3000 --items 800 --events 200000 --groups 6 --factors 6
must 2 train counts.h5 -o counts --factors 16 --sweeps 10 --holdout random:0.1
model=$(tail -n 1 out)
must 2 evaluate "$model" counts.h5
ndcg=$(figure "$model/metrics.json" model at 10 ndcg)
popular=$(figure "$model/metrics.json" most_popular at 10 ndcg)
random=$(figure "$model/metrics.json" random at 10 ndcg)
echo "planted counts: NDCG@10 $ndcg, most popular $popular, random $random"
good "the model ranks better than popularity" at_least "$ndcg" "$("$python" -c "print(1.2 * $popular)")"
good "popularity ranks better than chance" at_least "$popular" "$("$python" -c "print(2 * $random)")"
finish
