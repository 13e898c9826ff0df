"""One run of `implicit` on a dataset of palate; a JSON object a line. Called by als.py and scoring.

    implicit_run.py DATASET ALPHA REGULARIZATION THREADS fit|reach K cg|exact SWEEPS [GOAL]   seconds (and objective)
    implicit_run.py DATASET ALPHA REGULARIZATION THREADS objective SNAPSHOT                   of the snapshot's factors
    implicit_run.py DATASET ALPHA REGULARIZATION THREADS lists SNAPSHOT TOP                   seconds of everyone's list

`reach` computes the objective after every sweep, outside the time that is reported, and stops at GOAL.
"""
import json
import sys
import time
import warnings

import h5py
import implicit.cpu.als
import numpy as np
import scipy.sparse

warnings.filterwarnings("ignore")


def say(**what):
    print(json.dumps(what), flush=True)


def interactions(path):
    with h5py.File(path) as f:
        group = f["interactions"]
        matrix = scipy.sparse.csr_matrix((group["data"][:], group["indices"][:], group["indptr"][:].astype(np.int32)),
                                         shape=tuple(int(n) for n in group.attrs["shape"]))
    matrix.sum_duplicates()
    return matrix


def objective(matrix, model):
    """The sum that `implicit` divides by the total confidence of all pairs before it shows it."""
    confidence = model.alpha * matrix
    users, items = matrix.shape
    total = confidence.data.sum(dtype=np.float64) + users * items - matrix.nnz
    return total * implicit.cpu.als.calculate_loss(confidence, model.user_factors, model.item_factors,
                                                   model.regularization, num_threads=model.num_threads)


class Reached(Exception):
    pass


def fit(matrix, model, goal):
    def after(sweep, seconds, _):
        if goal is None:
            say(sweep=sweep + 1, seconds=seconds)
            return
        value = objective(matrix, model)
        say(sweep=sweep + 1, seconds=seconds, objective=value)
        if value <= goal:
            raise Reached

    try:
        model.fit(matrix, show_progress=False, callback=after)
    except Reached:
        pass


def load(model, snapshot):
    with h5py.File(f"{snapshot}/model.h5") as f:
        model.user_factors, model.item_factors = f["users/factors"][:], f["items/factors"][:]


def main():
    matrix = interactions(sys.argv[1])
    threads, task = int(sys.argv[4]), sys.argv[5]
    model = implicit.cpu.als.AlternatingLeastSquares(alpha=float(sys.argv[2]), regularization=float(sys.argv[3]),
                                                     num_threads=threads, random_state=1)
    if task in ("fit", "reach"):
        model.factors, model.use_cg, model.iterations = int(sys.argv[6]), sys.argv[7] == "cg", int(sys.argv[8])
        fit(matrix, model, float(sys.argv[9]) if task == "reach" else None)
    elif task == "objective":
        load(model, sys.argv[6])
        say(objective=objective(matrix, model))
    elif task == "lists":
        load(model, sys.argv[6])
        model.factors = model.user_factors.shape[1]
        start = time.perf_counter()
        model.recommend(np.arange(matrix.shape[0]), matrix, N=int(sys.argv[7]), filter_already_liked_items=True)
        say(seconds=time.perf_counter() - start)


main()
