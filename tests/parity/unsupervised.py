"""The methods without a teacher that tests of parity and of bits go through, and data for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnfast import unsupervised as un

Array = NDArray[Any]
Made = Callable[..., Any]


def table(rows: int = 90, columns: int = 37, seed: int = 0) -> Array:
    """Rows around some directions, of a norm near 1."""
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(6, columns)) / np.arange(1, 7)[:, None]
    x: Array = random.normal(size=(rows, 6)) @ mixing + 0.1 * random.normal(size=(rows, columns))
    return x / np.linalg.norm(x, axis=1).mean()


def patterns(count: int, units: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(count, units))


def noisy(states: Array, share: float = 0.15, seed: int = 1) -> Array:
    flips = np.random.default_rng(seed).random(states.shape) < share
    return np.where(flips, -states, states)


def correlation(cls: Any, **more: Any) -> Made:
    def made(**options: Any) -> list[Array]:
        x = table()
        options = {"learning_rate": 0.05, "decay": 0.3, "epochs": 3, "seed": 3, **more, **options}
        method = cls(5, **options).fit(x).partial_fit(x[::-1])
        z = method.transform(x)
        return [method.components_, method.mean_, method.norms_, z, method.inverse_transform(z)]

    return made


def delta(**more: Any) -> Made:
    def made(**options: Any) -> list[Array]:
        x, y = table(), table(columns=3, seed=1)
        method = un.DeltaRule(0.3, decay=0.1, epochs=4, seed=2, **more, **options).fit(x, y)
        return [method.weights_, method.bias_, method.losses_, method.predict(x)]

    return made


def linear(rule: str, rows: int = 1100) -> Made:
    def made(**options: Any) -> list[Array]:
        # Past the rows of a block of the products, and of several panels.
        x, y = table(rows, 20), table(rows, 41, seed=1)
        method = un.LinearAssociator(rule, epochs=3, **options).fit(x, y)
        return [method.weights_, method.recall(x)]

    return made


def hopfield(rule: str, update: str, count: int = 9, units: int = 75, **more: Any) -> Made:
    def made(**options: Any) -> list[Array]:
        stored = patterns(count, units)
        probes = np.concatenate([noisy(stored)] * 8 + [stored])
        memory = un.Hopfield(rule, update=update, max_sweeps=500, seed=5, **more, **options)
        memory.fit(stored[:-1]).partial_fit(stored[-1:])
        states, _ = memory._recalled(probes, record=False)
        energies = memory.energy(probes)
        return [memory.weights_, states, memory.path(probes[0]), energies, memory.is_stable(probes)]

    return made


def boltzmann(algorithm: str, steps: int = 1, hidden: int = 37, **more: Any) -> Made:
    def made(**options: Any) -> list[Array]:
        x = (table(75, 45) > 0).astype(np.float64)
        x[:, :4] = 0.25
        machine = un.BernoulliRBM(
            hidden, algorithm=algorithm, gibbs_steps=steps, n_iter=2, seed=4, **more, **options
        )
        machine.fit(x).partial_fit(x[:30])
        return [
            machine.components_,
            machine.intercept_hidden_,
            machine.intercept_visible_,
            machine._chains,
            machine.transform(x),
            machine.reconstruct(x),
            machine.gibbs(x, steps=3),
            machine.free_energy(x),
            machine.score_samples(x),
        ]

    return made


# What each of them gives is held to be the same in the core and in the oracle, and the same bits on
# any number of threads and on every instruction set.
RUNS: dict[str, Made] = {
    "hebb": correlation(un.Hebb),
    "hebb with max_norm": correlation(un.Hebb, max_norm=1.0),
    "hebb, not centred": correlation(un.Hebb, center=False, shuffle=False),
    "oja": correlation(un.Oja),
    "sanger": correlation(un.Sanger),
    "delta": delta(),
    "delta without bias": delta(use_bias=False),
    "linear hebb": linear("hebb"),
    "linear delta": linear("delta"),
    "linear pseudo-inverse": linear("pseudo_inverse"),
    "linear pseudo-inverse, few rows": linear("pseudo_inverse", 13),
    "hopfield hebb": hopfield("hebb", "asynchronous"),
    "hopfield hebb at once": hopfield("hebb", "synchronous"),
    "hopfield hebb with thresholds": hopfield("hebb", "asynchronous", thresholds=0.1),
    "hopfield overloaded": hopfield("hebb", "asynchronous", 40),
    "hopfield storkey": hopfield("storkey", "asynchronous"),
    "hopfield storkey, many units": hopfield("storkey", "asynchronous", 8, 210),
    "hopfield storkey at once": hopfield("storkey", "synchronous"),
    "pcd": boltzmann("pcd"),
    "pcd, 3 steps": boltzmann("pcd", 3, batch_size=20),
    "cd": boltzmann("cd"),
    "cd, 2 steps": boltzmann("cd", 2, batch_size=40),
    "pcd, wide": boltzmann("pcd", hidden=300, batch_size=32),
}
