"""Codebooks: threads, the rows asked at once and where a call ends change no bit."""

from __future__ import annotations

import pytest

from contract.bits import bits
from contract.codebooks import data, learned
from nnfast.unsupervised import SelfOrganizingMap, _codebook
from parity.networks import DTYPES


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", [4, 150])
def test_threads(columns: int, dtype: str) -> None:
    alone = learned(columns, 1, dtype)
    for threads in (2, 3, 8):
        assert learned(columns, threads, dtype) == alone


@pytest.mark.parametrize("columns", [4, 150])
def test_where_calls_end(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = learned(columns, 2)
    monkeypatch.setattr(_codebook, "OPERATIONS", 1)
    assert learned(columns, 2) == whole


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("distance", ["euclidean", "manhattan", "chebyshev"])
def test_rows_asked_at_once(distance: str, dtype: str) -> None:
    x, _ = data(37)
    som = SelfOrganizingMap(
        9, 7, activation_distance=distance, training="batch", dtype=dtype, backend="rust"
    ).fit(x, epochs=1)
    winners, distances, seconds = som._nearest(x)
    for rows in (slice(0, 1), slice(3, 8), slice(100, 229), slice(699, 700)):
        part = som._nearest(x[rows])
        assert bits(part) == bits([winners[rows], distances[rows], seconds[rows]])
