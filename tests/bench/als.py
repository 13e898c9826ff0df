"""ALS of palate beside `implicit`, the exact objective and the SGEMM rate of the same run; called by tests/bench/run.

Prints Markdown tables. Every figure of ours is read from the journal that `palate train` writes, so it is that of the
program people run: time of the sweeps without loading, the peak with it. Debian packages: python3-numpy, python3-h5py,
python3-scipy.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys

import h5py

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD, WORK, DATA = sys.argv[1:4]
THREADS = int(os.environ["OMP_NUM_THREADS"])
# What `implicit` shows first in its documentation; `--confidence raw` gives its objective, constants included.
ALPHA, REGULARIZATION = 2.0, 0.05
RAW = ["--confidence", "raw", "--alpha", str(ALPHA), "--lambda", str(REGULARIZATION), "--reg-exponent", "0"]
IALS = ["--lambda", "0.003"]


def shape():
    with h5py.File(DATA) as f:
        users, items = (int(n) for n in f["interactions"].attrs["shape"])
        return users, items, f["interactions/indices"].shape[0]


def sgemm_rate(threads):
    """Flop/s of OpenBLAS, 2048^3, single precision."""
    return float(subprocess.run([f"{BUILD}/tests/bench_als", "sgemm", str(threads)], check=True, capture_output=True,
                                text=True).stdout)


def train(k, sweeps, options, threads=THREADS, ranks=1, every=None, keep=None):
    """Journal of one training: sweeps with their seconds, the last objective, the peak of a rank in bytes."""
    out = f"{WORK}/models"
    command = [f"{BUILD}/palate", "train", DATA, "-q", "-o", out, "--factors", str(k), "--sweeps", str(sweeps),
               "--objective-every", str(every or sweeps), "--threads", str(threads), *options]
    if ranks > 1:
        command = ["mpirun", "--oversubscribe", "-n", str(ranks), *command]
    model = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    with open(f"{model}/train.jsonl") as f:
        lines = [json.loads(line) for line in f]
    if keep:
        shutil.rmtree(keep, ignore_errors=True)
        os.rename(model, keep)
    else:
        shutil.rmtree(model)
    done = [line for line in lines if line["event"] == "sweep"]
    return {"seconds": [line["seconds"] for line in done], "objective": done[-1]["objective"], "sweeps": done,
            "rmse": done[-1].get("rmse"), "peak": [line["memory"] for line in lines if "memory" in line][-1]}


def implicit(*arguments):
    """What implicit_run.py says, a JSON object a line; [] where `implicit` cannot be imported."""
    if subprocess.run([sys.executable, "-c", "import implicit"], capture_output=True).returncode != 0:
        return []
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")  # as its documentation asks for
    out = subprocess.run([sys.executable, f"{HERE}/implicit_run.py", DATA, str(ALPHA), str(REGULARIZATION),
                          str(THREADS), *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True,
                         env=environment).stdout
    return [json.loads(line) for line in out.splitlines()]


def exact_flops(k):
    users, items, pairs = shape()
    return 2 * pairs * k * k + (users + items) * k**3 / 3


def table(*columns):
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def row(*cells):
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


def warm(seconds):
    """Median of the sweeps after the first, which starts from random factors."""
    return statistics.median(seconds[1:] or seconds)


def sweeps(ks=(32, 64, 128, 256)):
    print("\nSeconds a sweep, implicit loss; GFLOP/s counts the flops of the exact method, 2 S k² + (U + I) k³/3, "
          "whatever the method.\n")
    table("k", "ranks × threads", "solver", "s a sweep", "best", "GFLOP/s", "of SGEMM (GFLOP/s)", "objective after it",
          "peak MB a rank")
    for k in ks:
        n = 3 if k >= 256 else 4 if k >= 128 else 6
        for ranks, threads in ((1, THREADS), (2, 1), (1, 1)):
            for solver in ("cholesky", "cg"):
                rate = sgemm_rate(ranks * threads)
                got = train(k, n, IALS + ["--solver", solver], threads, ranks)
                took = warm(got["seconds"])
                flops = exact_flops(k) / took
                row(k, f"{ranks} × {threads}", solver, f"{took:.3f}", f"{min(got['seconds']):.3f}",
                    f"{flops * 1e-9:.0f}", f"{100 * flops / rate:.0f} % ({rate * 1e-9:.0f})",
                    f"{got['objective']:,.0f} ({n})", got["peak"] >> 20)


def losses():
    print("\nImplicit, and explicit with biases, in turn, k = 64, two rounds of 4 sweeps.\n")
    table("solver", "implicit, s a sweep", "explicit with biases", "ratio", "RMSE of the training pairs")
    for solver in ("cholesky", "cg"):
        took = {"implicit": [], "explicit": []}
        for _ in range(2):
            for loss, options in (("implicit", IALS), ("explicit", ["--loss", "explicit", "--lambda", "0.05"])):
                got = train(64, 4, options + ["--solver", solver])
                took[loss] += got["seconds"][1:]
        a, b = (statistics.median(seconds) for seconds in took.values())
        row(solver, f"{a:.3f}", f"{b:.3f}", f"{b / a:.2f}", f"{got['rmse']:.4f}")


def reach(done, goal):
    """Seconds and sweeps until the objective is no more than `goal`; None where it never is."""
    spent = 0
    for n, sweep in enumerate(done, 1):
        spent += sweep["seconds"]
        if sweep["objective"] <= goal:
            return spent, n
    return None


def peers():
    solvers = ("cholesky", "cg")
    print(f"\nThe objective of `implicit` (alpha {ALPHA}, regularization {REGULARIZATION}), k = 64, {THREADS} threads: "
          "seconds a sweep, in turn.\n")
    took = {f"palate {solver}": [] for solver in solvers}
    for turn in range(2):
        for solver in solvers:
            took[f"palate {solver}"] += train(64, 4, RAW + ["--solver", solver])["seconds"][1:]
        for name, kind, n in (("implicit CG, 3 steps", "cg", 4), ("implicit exact", "exact", 2)):
            if kind == "cg" or turn == 0:
                said = implicit("fit", 64, kind, n)
                if said:
                    took.setdefault(name, []).extend(line["seconds"] for line in said[1:])
    table("", "s a sweep", "beside palate cholesky")
    for name, seconds in took.items():
        row(name, f"{statistics.median(seconds):.3f}",
            f"{statistics.median(seconds) / statistics.median(took['palate cholesky']):.2f}")


def target():
    exact = train(64, 15, RAW + ["--solver", "cholesky"], every=1, keep=f"{WORK}/exact")
    goal = 1.001 * exact["objective"]
    said = implicit("objective", f"{WORK}/exact")
    if said:
        print(f"\nOf the same factors `implicit` says the objective is {said[0]['objective']:,.0f}, palate "
              f"{exact['objective']:,.0f}: {abs(said[0]['objective'] / exact['objective'] - 1):.1e} apart.")
    print(f"\nTo within 0.1 % of the exact objective after 15 sweeps ({exact['objective']:,.0f}), seconds of sweeps "
          "alone:\n")
    runs = {"palate cholesky": exact["sweeps"],
            "palate cg": train(64, 25, RAW + ["--solver", "cg"], every=1)["sweeps"],
            "implicit CG, 3 steps": implicit("reach", 64, "cg", 25, goal)}
    fastest = reach(runs["palate cg"], goal)
    table("", "seconds", "sweeps", "beside palate cg")
    for name, done in runs.items():
        got = reach(done, goal)
        if got:
            row(name, f"{got[0]:.2f}", got[1], f"{got[0] / fastest[0]:.2f}" if fastest else "")
        elif done:
            spent = sum(sweep["seconds"] for sweep in done)
            row(name, f"more than {spent:.1f}",
                f"{len(done)}, still {100 * (done[-1]['objective'] / exact['objective'] - 1):.2f} % above",
                f"more than {spent / fastest[0]:.1f}" if fastest else "")


def lists():
    print("\nThe 100 best items of everyone, and the evaluation of everyone:\n", flush=True)
    subprocess.run([f"{HERE}/scoring", BUILD, DATA], check=True)


PARTS = {"sweeps": sweeps, "losses": losses, "peers": peers, "target": target, "lists": lists}


def main():
    parts, ks = [], []
    for word in sys.argv[4:]:
        if word.isdigit():
            ks.append(int(word))
        elif word in PARTS:
            parts.append(word)
        else:
            sys.exit(f"no part `{word}`; there are sweeps [K...], losses, peers, target and lists")
    with open("/proc/cpuinfo") as f:
        model = [line.split(":")[1].strip() for line in f if line.startswith("model name")]
    users, items, pairs = shape()
    print(f"{model[0] if model else 'processor unknown'}, {os.cpu_count()} processors; {users:,} users, {items:,} "
          f"items, {pairs:,} interactions; SGEMM {sgemm_rate(THREADS) * 1e-9:.0f} GFLOP/s on {THREADS} threads")
    for part in parts or PARTS:
        PARTS[part](*[ks] if part == "sweeps" and ks else [])


main()
