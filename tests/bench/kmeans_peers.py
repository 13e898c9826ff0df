"""k-means of palate, scikit-learn and faiss on the same points from the same seeds; called by tests/bench/kmeans.

Prints a Markdown table. Debian packages: python3-sklearn, python3-faiss. `first` is the mean of our first two rounds,
when nothing can be skipped yet; the others take the same time every round. Each figure is the median of REPEATS runs,
which take turns.
"""
import json
import os
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np

ROUNDS, REPEATS = 25, 3
DOUBLE = "scikit-learn Lloyd in double precision (once)"
warnings.filterwarnings("ignore")


def ours(bench, points, n, k, groups, seeds, bound_bytes, labels):
    out = subprocess.run([bench, "run", points, n, k, groups, seeds, str(ROUNDS), str(bound_bytes), labels],
                         check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    return lines[:-1], lines[-1]


def sgemm_rate():
    a = np.random.default_rng(1).random((2048, 2048), dtype=np.float32)
    best = 1e9
    for _ in range(6):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * 2048**3 / best


def sklearn_run(x, seeds, algorithm):
    from sklearn.cluster import KMeans
    km = KMeans(len(seeds), init=seeds, n_init=1, max_iter=ROUNDS, tol=0, algorithm=algorithm, copy_x=False)
    start = time.perf_counter()
    km.fit(x)
    return time.perf_counter() - start, km.n_iter_, km.inertia_, km.labels_


def faiss_run(x, seeds):
    import faiss
    faiss.omp_set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    km = faiss.Kmeans(x.shape[1], len(seeds), niter=ROUNDS, max_points_per_centroid=10**9, min_points_per_centroid=1)
    start = time.perf_counter()
    km.train(x, init_centroids=seeds)
    return time.perf_counter() - start, ROUNDS, float(km.obj[-1])


def bench_groups(bench, work, n, k, groups, elkan):
    points, seeds_file, labels = (os.path.join(work, name) for name in ("points", f"seeds{groups}", "labels"))
    seeding = json.loads(subprocess.run([bench, "seed", points, n, k, groups, seeds_file], check=True,
                                        capture_output=True, text=True).stdout)["seconds"]
    x = np.fromfile(points, np.float32).reshape(int(n), int(k))
    seeds = np.fromfile(seeds_file, np.float32).reshape(int(groups), int(k))
    rows = {}
    for repeat in range(REPEATS):
        for name, bound_bytes in (("palate", 1 << 30), ("palate, nothing skipped", 0)):
            rounds, total = ours(bench, points, n, k, groups, seeds_file, bound_bytes, labels)
            got = rows.setdefault(name, {"first": [], "all": [], "rounds": total["rounds"]})
            got["first"].append((rounds[0]["seconds"] + rounds[1]["seconds"]) / 2)
            got["all"].append(total["all"])
            got["inertia"] = total["inertia"]
            got["labels"] = np.fromfile(labels, np.int32)
            got["skipped"] = statistics.mean(r["skipped"] for r in rounds)
        peers = [("scikit-learn Lloyd", lambda: sklearn_run(x, seeds, "lloyd")), ("faiss", lambda: faiss_run(x, seeds))]
        if repeat == 0:
            peers.append((DOUBLE, lambda: sklearn_run(x.astype(np.float64), seeds.astype(np.float64), "lloyd")))
        if elkan and repeat == 0:
            peers.append(("scikit-learn Elkan (once)", lambda: sklearn_run(x, seeds, "elkan")))
        for name, run in peers:
            seconds, done, inertia, *peer_labels = run()
            got = rows.setdefault(name, {"first": [], "all": [], "rounds": done})
            got["first"].append(seconds / done)
            got["all"].append(seconds)
            got["inertia"] = inertia
            if peer_labels:
                got["labels"] = peer_labels[0]
    assert (rows["palate"]["labels"] == rows["palate, nothing skipped"]["labels"]).all(), "pruning changed a label"
    bound = 2.0 * int(n) * int(k) * int(groups) / sgemm_rate()
    print(f"\n{int(n):,} x {k}, {int(groups):,} groups; a full round at the SGEMM rate of this run: {bound:.3f} s; "
          f"k-means|| seeds {seeding:.2f} s\n")
    print("| | first rounds, s | all, s | rounds | inertia | skipped | labels as ours | other labels than in double precision |\n"
          "|---|---|---|---|---|---|---|---|")
    for name, got in rows.items():
        same = f"{(got['labels'] == rows['palate']['labels']).mean():.2%}" if "labels" in got else ""
        off = str((got["labels"] != rows[DOUBLE]["labels"]).sum()) if "labels" in got else ""
        skipped = f"{got['skipped']:.0%}" if "skipped" in got else ""
        print(f"| {name} | {statistics.median(got['first']):.3f} | {statistics.median(got['all']):.2f} | "
              f"{got['rounds']} | {got['inertia']:.6g} | {skipped} | {same} | {off} |")
    ratio = statistics.median(rows["palate"]["all"]) / statistics.median(rows["scikit-learn Lloyd"]["all"])
    print(f"\nAll rounds: {ratio:.2f} of scikit-learn's Lloyd.", flush=True)


if __name__ == "__main__":
    program, folder, rows_, factors = sys.argv[1:5]
    for number in sys.argv[5:] or ["1000", "4000"]:
        bench_groups(program, folder, rows_, factors, number, int(number) <= 1000)
