#!/usr/bin/env python3
"""read_snapshot.py SNAPSHOT DATASET USER: a user's ten best unseen items and their taste group, with h5py and NumPy."""
import sys

import h5py
import numpy as np


def row_of(ids, wanted):
    found = np.flatnonzero(ids == wanted.encode())
    if len(found) == 0:
        sys.exit(f"no user has the id {wanted}")
    return found[0]


def main(snapshot, dataset, user_id):
    with h5py.File(f"{snapshot}/model.h5") as model, h5py.File(dataset) as data:
        user = row_of(model["users/id"][:], user_id)
        score = model["items/factors"][:] @ model["users/factors"][user]
        if "items/bias" in model:  # explicit models predict a rating
            score += model["items/bias"][:] + model["users/bias"][user] + model.attrs["mean"]
        # The rows of the dataset are those of the model that was trained on it.
        first, end = data["interactions/indptr"][user:user + 2]
        score[data["interactions/indices"][first:end]] = -np.inf
        name = model["items/title" if "items/title" in model else "items/id"]
        print(f"for user {user_id}:")
        for place, item in enumerate(np.argsort(-score, kind="stable")[:10], 1):
            print(f"{place:4}  {score[item]:8.4f}  {model['items/id'][item].decode():8}  {name[item].decode()}")

        with h5py.File(f"{snapshot}/groups.h5") as groups:
            group, affinity = groups["users/group"][user, 0], groups["users/affinity"][user, 0]
            members = np.flatnonzero(groups["users/group"][:, 0] == group)
            ids = [model["users/id"][row].decode() for row in members[:5]]
            print(f"{affinity:.0%} {groups['groups/label'][group].decode()}")
            print(f"with {len(members)} members: {' '.join(ids)} …")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
