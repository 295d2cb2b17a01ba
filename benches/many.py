"""How near `fit_many` is to perfect scaling: python benches/many.py [epochs]

64 nets 16-32-32-4 on 3,000 rows in batches of 32, on all threads. The yardstick runs under the same
load, in turns: as many processes as threads, each training its share of the nets one after another
on a single thread. They share nothing, so that nothing but the machine can hold them up.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import time
from typing import Any

import numpy as np

import nnfast as nn

NETS, ROUNDS = 64, 9
X = np.random.default_rng(0).normal(size=(3000, 16)).astype(np.float32)
Y = np.argmax(X[:, :4], axis=1)


def networks(seeds: range) -> list[Any]:
    return [nn.FeedForward("16-32-32-4", output="softmax", seed=seed) for seed in seeds]


def alone(seeds: range, epochs: int, meeting: Any) -> None:
    """Train a share of the nets, each round from one meeting to the next."""
    nn.set_num_threads(1)
    for _ in range(ROUNDS):
        nets = networks(seeds)
        meeting.wait()
        for net in nets:
            net.fit(X, Y, epochs=epochs, verbose=0)
        meeting.wait()


def main() -> None:
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    threads = nn.get_num_threads()
    context = multiprocessing.get_context("spawn")
    meeting = context.Barrier(threads + 1)
    shares = [range(first, NETS, threads) for first in range(threads)]
    processes = [context.Process(target=alone, args=(s, epochs, meeting)) for s in shares]
    for process in processes:
        process.start()
    ratios = []
    for _ in range(ROUNDS):
        meeting.wait()
        start = time.perf_counter()
        meeting.wait()
        perfect = time.perf_counter() - start
        nets = networks(range(NETS))
        start = time.perf_counter()
        nn.fit_many(nets, X, Y, epochs=epochs, verbose=0)
        ours = time.perf_counter() - start
        ratios.append(perfect / ours)
        print(f"{threads} processes {perfect:.3f} s, fit_many {ours:.3f} s: {perfect / ours:.3f}")
    for process in processes:
        process.join()
    print(f"median {statistics.median(ratios):.3f} of perfect, from {min(ratios):.3f}")


if __name__ == "__main__":
    main()
