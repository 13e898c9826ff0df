#!/usr/bin/env python3
"""lists_to_sqlite.py SNAPSHOT RECOMMENDATIONS.h5 OUT.sqlite: everyone's lists, for a service that reads SQL.

The lists come from  palate recommend SNAPSHOT --all -o RECOMMENDATIONS.h5"""
import sqlite3
import sys

import h5py
import numpy as np

SCHEMA = """
create table title (item text primary key, title text) without rowid;
create table list (user text, place integer, item text, score real, match integer, primary key (user, place)) without rowid;
"""


def main(snapshot, lists, out):
    db = sqlite3.connect(out)
    db.executescript(SCHEMA)
    with h5py.File(f"{snapshot}/model.h5") as model, h5py.File(lists) as best, db:
        users = [u.decode() for u in model["users/id"][:]]
        items = [i.decode() for i in model["items/id"][:]]
        titles = [t.decode() for t in model["items/title"][:]] if "items/title" in model else items
        db.executemany("insert into title values (?, ?)", zip(items, titles))
        step = 10000  # users at a time
        for at in range(0, len(users), step):
            item, score, match = (best["users/" + name][at:at + step] for name in ("item", "score", "match"))
            user, place = np.nonzero(item >= 0)  # -1: fewer items were left
            db.executemany("insert into list values (?, ?, ?, ?, ?)",
                           ((users[at + u], int(p) + 1, items[item[u, p]], float(score[u, p]), int(match[u, p]))
                            for u, p in zip(user, place)))
    print("most often first on a list:")
    for title, n in db.execute("select title, count(*) as n from list join title using (item) where place = 1 "
                               "group by item order by n desc, item limit 5"):
        print(f"{n:6}  {title}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
