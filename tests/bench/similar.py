#!/usr/bin/env python3
"""How good lists of similar titles are: similar.py DATASET SNAPSHOT [SNAPSHOT…], of `palate train DATASET --holdout users:F`.

Hit rate at 10. Take a title with at least five training pairs, a held-out member who has it, and another title of that
member, drawn at random: is it among the ten that are similar to the first? Exactly, without a draw: the chance of it;
the mean over the members of a title; the mean over titles, each counted once. Only titles with a training pair count as
a member's. The model has seen no event of the held-out members. `even hit rate`: the other title is drawn in proportion
to 1 / its training pairs, so that naming what everybody has earns nothing by itself.

`cosine`: of the factors, times n / (n + s) for the n training pairs of the listed title, as `palate similar --support s`.
`counts`: co-occurrences in training over the root of both titles' pairs (the cosine of binary columns), times the same.
`most popular`: the same ten for every title. `few`: share of places with a title of fewer than five training pairs.
"""
import sys

import h5py
import numpy as np
import scipy.sparse as sp

TOP, LEAST, SUPPORTS = 10, 5, (0, 5, 10, 20, 50)


def read(dataset, snapshot):
    """Binary (users, items) of training and of held-out members; item factors; training pairs of items."""
    with h5py.File(dataset) as f, h5py.File(snapshot + "/model.h5") as m:
        g = f["interactions"]
        r = sp.csr_matrix((g["data"][:].astype("f8"), g["indices"][:], g["indptr"][:]), shape=tuple(g.attrs["shape"]))
        r.sum_duplicates()
        implicit = m.attrs["loss"] in (b"implicit", "implicit")
        r.data = (r.data > 0).astype("f8") if implicit else np.ones_like(r.data)
        r.eliminate_zeros()
        x, pairs = m["users/factors"][:], m["items/pairs"][:]
        held = ~x.any(axis=1)
        if "unseen" in m["users"]:
            held |= (x == m["users/unseen"][:]).all(axis=1)
        train = sp.diags((~held).astype("f8")) @ r
        assert (np.asarray(train.sum(axis=0)).ravel() == pairs).all(), "not a model of `--holdout users:F` of this dataset"
        return train.tocsc(), r[held] @ sp.diags((pairs > 0).astype("f8")), m["items/factors"][:].astype("f8"), pairs


def measure(similarity, pairs, titles, wanted, members, supports=SUPPORTS):
    """(hit rate, even hit rate, share of few) for each support; similarity(titles) gives rows over all items."""
    out = np.zeros((len(supports), 3))
    for at in range(0, len(titles), 400):
        block = titles[at:at + 400]
        s = similarity(block)
        never = np.tile(pairs == 0, (len(block), 1))
        never[np.arange(len(block)), block] = True
        want = [w[block].toarray() for w in wanted]
        for i, support in enumerate(supports):
            shrunk = np.where(never, -np.inf, s * (pairs / np.maximum(pairs + support, 1)))
            best = np.argpartition(-shrunk, TOP, axis=1)[:, :TOP]  # of equals, any
            for k in 0, 1:
                out[i, k] += (np.take_along_axis(want[k], best, 1).sum(axis=1) / members[block]).sum()
            out[i, 2] += (pairs[best] < LEAST).mean(axis=1).sum()
    return out / len(titles)


def chances(held, weight):
    """For two titles: over the members with the first, the chance that a draw by weight among their others is the second."""
    rest = held.multiply((held @ weight)[:, None]) - held @ sp.diags(weight)  # what the others of each title weigh
    rest = rest.tocsr()
    rest.data = 1 / rest.data
    return (rest.T @ held @ sp.diags(weight)).tocsr()


def one(dataset, snapshot):
    train, held, y, pairs = read(dataset, snapshot)
    held = held[np.asarray(held.sum(axis=1)).ravel() > 1]
    held.eliminate_zeros()
    wanted = chances(held, np.ones(len(pairs))), chances(held, 1 / np.maximum(pairs, 1))
    members = np.asarray(held.sum(axis=0)).ravel()
    titles = np.flatnonzero((pairs >= LEAST) & (members > 0))
    unit = y / np.maximum(np.linalg.norm(y, axis=1), 1e-300)[:, None]
    root = np.sqrt(np.maximum(pairs, 1))
    ways = ((lambda t: unit[t] @ unit.T, SUPPORTS),
            (lambda t: (train[:, t].T @ train).toarray() / root[t, None] / root, SUPPORTS),
            (lambda t: np.ones((len(t), len(pairs))), [1]))
    print(f"{snapshot}: {held.shape[0]} held-out members, {len(titles)} titles", file=sys.stderr)
    return np.concatenate([measure(way, pairs, titles, wanted, members, s) for way, s in ways])


def main():
    figures = np.array([one(sys.argv[1], snapshot) for snapshot in sys.argv[2:]])
    names = [f"{way}, s {s}" for way in ("cosine", "counts") for s in SUPPORTS] + ["most popular"]
    print("| list | hit rate | even hit rate | few |\n|---|---:|---:|---:|")
    for name, f in zip(names, figures.transpose(1, 2, 0)):
        print(f"| {name} | {f[0].mean():.4f} ({f[0].min():.4f} – {f[0].max():.4f}) | "
              f"{f[1].mean():.4f} ({f[1].min():.4f} – {f[1].max():.4f}) | {100 * f[2].mean():.1f} % |")


main()
