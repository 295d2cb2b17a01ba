"""The time of nnfast's estimators beside scikit-learn's, once both have computed the same.

    NNFAST_DATA=... python benches/estimators.py [--threads 1] [--rounds 7] [PART OF A NAME ...]

Both take turns, so that what else the machine does meets both. Of the processor times and of the
times by the clock the medians are printed, and the ratio of the former. `fit` is from a fixed
random_state, for a few epochs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARSER = argparse.ArgumentParser(description=__doc__.splitlines()[0])
PARSER.add_argument("names", nargs="*", help="parts of names of cases; all without")
PARSER.add_argument("--threads", type=int, default=1)
PARSER.add_argument("--rounds", type=int, default=7)
ARGUMENTS = PARSER.parse_args()
# Before NumPy is imported, whose BLAS reads it once.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NNFAST_NUM_THREADS"):
    os.environ[variable] = str(ARGUMENTS.threads)

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import sklearn  # noqa: E402
import sklearn.neural_network  # noqa: E402
from scipy import sparse  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402

import nnfast as nn  # noqa: E402
import nnfast.sklearn as ours  # noqa: E402

Work = Callable[[Any], tuple[Callable[[], Any], Callable[[Any], list[Any]]]]


def digits() -> tuple[Any, Any]:
    x, y = load_digits(return_X_y=True)
    return x / 16, y


def mnist(dtype: Any = np.float64, rows: int = 10_000) -> tuple[Any, Any]:
    (x, y), _ = nn.datasets.mnist()
    return x[:rows].reshape(rows, -1).astype(dtype), y[:rows]


def wide() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    x = sparse.random_array((2_000, 20_000), density=2e-3, format="csr", rng=random)
    return x, np.arange(2_000) % 5


def california() -> tuple[Any, Any]:
    file = Path(os.environ["NNFAST_DATA"]) / "california-housing" / "housing.csv.gz"
    rows = np.genfromtxt(file, delimiter=",", skip_header=1, usecols=range(9))
    rows = rows[np.isfinite(rows).all(axis=1)]
    x, y = rows[:, :8], rows[:, 8] / 1e5
    return (x - x.mean(axis=0)) / x.std(axis=0), y


def weights(model: Any) -> list[Any]:
    return [*model.coefs_, *model.intercepts_]


def machine(model: Any) -> list[Any]:
    return [model.components_, model.intercept_hidden_, model.intercept_visible_]


def fitted(kind: str, data: tuple[Any, ...], keep: Any = weights, **options: Any) -> Work:
    """Return the work of fitting, and what has to be the same."""

    def work(library: Any) -> tuple[Callable[[], Any], Callable[[Any], list[Any]]]:
        model = getattr(library, kind)(random_state=0, **options)
        return lambda: model.fit(*data), keep

    return work


def search(data: tuple[Any, ...], **options: Any) -> Work:
    """Return the work of a search of four candidates, three fits each, by two threads."""

    def work(library: Any) -> tuple[Callable[[], Any], Callable[[Any], list[Any]]]:
        model = library.MLPClassifier(random_state=0, **options)
        grid = {"alpha": [1e-4, 1e-2, 1.0, 2.0]}
        found = GridSearchCV(model, grid, cv=3, n_jobs=2, refit=False)

        def run() -> Any:
            with joblib.parallel_backend("threading"):
                return found.fit(*data)

        return run, lambda result: [result.cv_results_["mean_test_score"]]

    return work


def said(method: str, kind: str, data: tuple[Any, ...], x: Any, times: int, **options: Any) -> Work:
    """Return the work of predicting so many times."""

    def work(library: Any) -> tuple[Callable[[], Any], Callable[[Any], list[Any]]]:
        call = getattr(getattr(library, kind)(random_state=0, **options).fit(*data), method)

        def run() -> Any:
            for _ in range(times):
                result = call(x)
            return result

        return run, lambda result: [result]

    return work


def cases() -> dict[str, Callable[[], Work]]:
    """Return what is measured, by name."""
    two = {"hidden_layer_sizes": (256, 128), "max_iter": 2}
    return {
        "MLPClassifier, digits": lambda: fitted("MLPClassifier", digits(), max_iter=20),
        "MLPClassifier, digits, sgd": lambda: fitted(
            "MLPClassifier", digits(), max_iter=20, solver="sgd"
        ),
        "MLPClassifier, digits, lbfgs": lambda: fitted(
            "MLPClassifier", digits(), max_iter=20, solver="lbfgs"
        ),
        "MLPClassifier, digits, early stopping": lambda: fitted(
            "MLPClassifier", digits(), max_iter=20, early_stopping=True
        ),
        "MLPClassifier, MNIST": lambda: fitted("MLPClassifier", mnist(), max_iter=2),
        "MLPClassifier, MNIST, 256-128": lambda: fitted("MLPClassifier", mnist(), **two),
        "MLPClassifier, MNIST, 256-128, float32": lambda: fitted(
            "MLPClassifier", mnist(np.float32), **two
        ),
        "MLPClassifier, MNIST as CSR": lambda: fitted(
            "MLPClassifier", (sparse.csr_array(mnist()[0]), mnist()[1]), max_iter=2
        ),
        "MLPClassifier, 20,000 sparse columns": lambda: fitted(
            "MLPClassifier", wide(), hidden_layer_sizes=(50,), max_iter=2
        ),
        "MLPClassifier, 20,000 sparse columns, lbfgs": lambda: fitted(
            "MLPClassifier", wide(), hidden_layer_sizes=(50,), max_iter=2, solver="lbfgs"
        ),
        "GridSearchCV, digits, two jobs": lambda: search(digits(), max_iter=20),
        "MLPRegressor, California": lambda: fitted(
            "MLPRegressor", california(), hidden_layer_sizes=(50, 50), max_iter=3
        ),
        "MLPRegressor, California, batches of 32": lambda: fitted(
            "MLPRegressor", california(), hidden_layer_sizes=(20,), max_iter=1, batch_size=32
        ),
        "BernoulliRBM, digits": lambda: fitted(
            "BernoulliRBM", (digits()[0],), machine, n_components=100, n_iter=5
        ),
        "BernoulliRBM, MNIST": lambda: fitted(
            "BernoulliRBM", (mnist(rows=1000)[0],), machine, n_iter=1
        ),
        "predict_proba, MNIST": lambda: said(
            "predict_proba", "MLPClassifier", mnist(), mnist()[0], 1, **two
        ),
        "predict, one row of MNIST": lambda: said(
            "predict", "MLPClassifier", mnist(rows=500), mnist(rows=1)[0], 200, **two
        ),
        "predict, one row of California": lambda: said(
            "predict", "MLPRegressor", california(), california()[0][:1], 200, max_iter=1
        ),
    }


class Theirs:
    """scikit-learn's classes, wherever it has them."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sklearn.neural_network, name, None) or getattr(sklearn.linear_model, name)


def measure(make: Work, rounds: int) -> tuple[float, list[list[float]], list[list[float]]]:
    """Return how far results are apart, and the times of both: by the processor, by the clock."""
    pairs = [make(Theirs()), make(ours)]
    results = [[np.asarray(value, float) for value in keep(run())] for run, keep in pairs]
    apart = max(float(np.abs(a - b).max()) for a, b in zip(*results, strict=True))
    processor: list[list[float]] = [[], []]
    clock: list[list[float]] = [[], []]
    for _ in range(rounds):
        for side, (run, _) in enumerate(pairs):
            before = time.process_time(), time.perf_counter()
            run()
            processor[side].append(time.process_time() - before[0])
            clock[side].append(time.perf_counter() - before[1])
    return apart, processor, clock


def main() -> int:
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"scikit-learn {sklearn.__version__}, nnfast {nn.__version__}, ", end="")
    print(f"{ARGUMENTS.threads} threads, medians of {ARGUMENTS.rounds} turns")
    print("| | scikit-learn | nnfast | ratio | by the clock | results apart |")
    print("|---|---|---|---|---|---|")
    for name, make in cases().items():
        if ARGUMENTS.names and not any(part in name for part in ARGUMENTS.names):
            continue
        apart, processor, clock = measure(make(), ARGUMENTS.rounds)
        theirs, mine = map(statistics.median, processor)
        by_clock = statistics.median(clock[0]) / statistics.median(clock[1])
        times = f"{1e3 * theirs:.4g} ms | {1e3 * mine:.4g} ms | {theirs / mine:.1f}"
        print(f"| {name} | {times} | {by_clock:.1f} | {apart:.0e} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
