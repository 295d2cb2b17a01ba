"""Self-organizing maps beside MiniSom: the same map, the same schedule, in one run, in turns.

    python benches/som.py [--quick] [--threads 1] [--processor-time] [--output som.json]

First it checks that both compute the same weights; then it times training, online and in batches,
and compares quantization and topographic errors. Times are medians; the ratio is that of the
medians. MiniSom computes in float64, and so does the map that the ratio is of; float32 stands
beside it. Where others use the machine too, --processor-time counts the time that it works for
each, of all threads together. Needs `pip install minisom`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

import numpy as np
from minisom import MiniSom
from numpy.typing import NDArray

import nnfast as nn
from nnfast.unsupervised import SelfOrganizingMap

SCHEDULE = {
    "learning_rate": 0.5,
    "decay_function": "asymptotic_decay",
    "sigma_decay_function": "asymptotic_decay",
}


def iris() -> NDArray[Any]:
    from sklearn.datasets import load_iris

    x = load_iris().data
    return np.asarray((x - x.mean(axis=0)) / x.std(axis=0))


def digits() -> NDArray[Any]:
    return np.asarray(nn.datasets.digits()[0], dtype=np.float64) / 16


def mnist() -> NDArray[Any]:
    x = nn.datasets.mnist()[0][0][:500]
    return np.asarray(x, dtype=np.float64).reshape(len(x), -1) / 255


# Name, data, width and height, sigma, topology, rows learned online, epochs in batches, turns.
CASES = [
    ("iris", iris, 10, 3.0, "rectangular", 10_000, 10, 5),
    ("digits", digits, 20, 5.0, "hexagonal", 5_000, 2, 3),
    ("MNIST", mnist, 30, 8.0, "rectangular", 500, 1, 3),
    ("MNIST", mnist, 50, 12.0, "rectangular", 100, 1, 3),
]
QUICK = [
    ("iris", iris, 10, 3.0, "rectangular", 3_000, 3, 3),
    ("digits", digits, 20, 5.0, "hexagonal", 500, 1, 3),
]


def theirs(x: NDArray[Any], side: int, sigma: float, topology: str, initial: Any) -> Any:
    som = MiniSom(side, side, x.shape[1], sigma=sigma, topology=topology, **SCHEDULE)
    som._weights = initial.copy()
    return som


def ours(side: int, sigma: float, topology: str, training: str, **options: Any) -> Any:
    return SelfOrganizingMap(
        side, side, sigma=sigma, topology=topology, training=training, **SCHEDULE, **options
    )


def timed(work: Any, clock: Any) -> float:
    """Return the seconds of one call: the mean over as many as fill a fifth of a second.

    What takes a millisecond would else be measured by when the system lets it run.
    """
    start, count = clock(), 0
    while not count or clock() - start < 0.2:
        work()
        count += 1
    return float(clock() - start) / count


def compare(
    case: tuple[Any, ...], training: str, threads: int | None, clock: Any
) -> dict[str, Any]:
    name, load, side, sigma, topology, iterations, epochs, turns = case
    x = load()
    random = np.random.default_rng(0)
    initial = x[random.integers(0, len(x), side * side)].reshape(side, side, -1)
    single = x.astype(np.float32)
    amount = {"epochs": epochs} if training == "batch" else {"iterations": iterations}
    times: dict[str, list[float]] = {"minisom": [], "float64": [], "float32": []}
    for _ in range(turns):
        peer = theirs(x, side, sigma, topology, initial)

        def train(peer: Any = peer) -> None:
            peer._weights = initial.copy()
            if training == "batch":
                peer.train_batch_offline(x, epochs)
            else:
                peer.train(x, iterations)

        times["minisom"].append(timed(train, clock))
        for dtype, table in (("float64", x), ("float32", single)):
            som = ours(side, sigma, topology, training, dtype=dtype, threads=threads)

            def fit(som: Any = som, table: Any = table) -> None:
                som.fit(table, shuffle=False, initial=initial, **amount)

            times[dtype].append(timed(fit, clock))
            if dtype == "float64":
                own = som
            else:
                half = som
    apart = float(np.abs(own.weights_ - peer.get_weights()).max())
    if apart > 1e-10:
        raise SystemExit(f"{name}, {training}: the weights are {apart:g} apart; nothing to compare")
    medians = {key: statistics.median(values) for key, values in times.items()}
    return {
        "data": name,
        "rows": len(x),
        "columns": x.shape[1],
        "map": f"{side} x {side}, {topology}",
        "training": training,
        **amount,
        "seconds": medians,
        "ratio": medians["minisom"] / medians["float64"],
        "ratio_float32": medians["minisom"] / medians["float32"],
        "apart": apart,
        "quantization_error": {
            "minisom": float(peer.quantization_error(x)),
            "float64": own.quantization_error(x),
            "float32": half.quantization_error(single),
        },
        "topographic_error": {
            "minisom": float(peer.topographic_error(x)),
            "float64": own.topographic_error(x),
            "float32": half.topographic_error(single),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small maps only")
    parser.add_argument("--threads", type=int, help="of nnfast; MiniSom has NumPy's")
    parser.add_argument("--processor-time", action="store_true", help="instead of time that passes")
    parser.add_argument("--output", help="where to write the figures as JSON")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.processor_time else time.perf_counter
    print(
        "| data | map | training | MiniSom | nnfast | ratio | float32 | apart "
        "| errors: MiniSom | nnfast |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    found = []
    for case in QUICK if arguments.quick else CASES:
        for training in ("online", "batch"):
            row = compare(case, training, arguments.threads, clock)
            found.append(row)
            seconds = row["seconds"]
            errors = [
                f"{row['quantization_error'][who]:.4f}, {row['topographic_error'][who]:.4f}"
                for who in ("minisom", "float64")
            ]
            print(
                f"| {row['data']} ({row['rows']} x {row['columns']}) | {row['map']} | {training} "
                f"| {seconds['minisom'] * 1e3:.1f} ms | {seconds['float64'] * 1e3:.2f} ms "
                f"| **{row['ratio']:.0f}** | {row['ratio_float32']:.0f} | {row['apart']:.0e} "
                f"| {errors[0]} | {errors[1]} |",
                flush=True,
            )
    if arguments.output:
        with open(arguments.output, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
