"""Codebooks of every kind, and what they learned, to compare bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from contract.bits import bits
from nnfast.unsupervised import (
    CompetitiveLearning,
    LearningVectorQuantization,
    SelfOrganizingMap,
)
from nnfast.unsupervised.maps import DISTANCES, NEIGHBORHOODS

ROWS = 700


def data(columns: int) -> tuple[Any, Any]:
    x = np.random.default_rng(0).normal(size=(ROWS, columns))
    return x, (x[:, 0] > 0).astype(int) + (x[:, -1] > 0.5)


def learned(columns: int, threads: int, dtype: str = "float64") -> list[bytes]:
    x, y = data(columns)
    options: dict[str, Any] = {"dtype": dtype, "seed": 1, "threads": threads, "backend": "rust"}
    found: list[Any] = []
    for training in ("online", "batch"):
        som = SelfOrganizingMap(9, 8, topology="hexagonal", training=training, **options)
        som.fit(x, epochs=2)
        found += [som.weights_, som.predict(x), som.quantization_error(x)]
        units = CompetitiveLearning(50, training=training, **options).fit(x, epochs=2)
        found += [units.weights_, units.quantization(x)]
    for rule in ("lvq1", "glvq"):
        model = LearningVectorQuantization(15, rule=rule, **options).fit(x, y, epochs=2)
        found += [model.prototypes_, model.mistakes_]
    for function in NEIGHBORHOODS:
        som = SelfOrganizingMap(5, 6, neighborhood_function=function, learning_rate=0.05, **options)
        found.append(som.fit(x, iterations=300).weights_)
    for distance in DISTANCES:
        som = SelfOrganizingMap(5, 7, activation_distance=distance, **options)
        found += [som.fit(x, iterations=300).weights_, som.transform(x)]
    return bits(found)
