"""Learning without a teacher gives the same bits on any number of threads."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from contract.bits import bits
from nnfast import _core
from parity.networks import DTYPES
from parity.unsupervised import RUNS, patterns, table


@cache
def on_one_thread(name: str, dtype: str) -> list[bytes]:
    return bits(RUNS[name](dtype=dtype, threads=1, backend="rust"))


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", RUNS)
def test_threads(name: str, dtype: str, threads: int) -> None:
    found = bits(RUNS[name](dtype=dtype, threads=threads, backend="rust"))
    assert found == on_one_thread(name, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_lies_elsewhere_is_read_alike(dtype: str) -> None:
    x = np.asfortranarray(table().astype(dtype))
    sums = [np.zeros((x.shape[1], x.shape[1]), dtype) for _ in range(2)]
    _core.correlate(x, x, sums[0], 1)
    _core.correlate(np.ascontiguousarray(x), x, sums[1], 2)
    assert np.array_equal(*sums)
    assert np.array_equal(sums[0], sums[0].T)


def test_storkeys_matrix_is_symmetric_in_its_bits() -> None:
    matrix = np.zeros((130, 130), np.float32)
    _core.storkey_store(patterns(20, 130).astype(np.float32), matrix, 2)
    assert np.array_equal(matrix, matrix.T)
    assert not matrix.diagonal().any()


def test_a_probe_is_recalled_alike_alone_and_among_others() -> None:
    from nnfast.unsupervised import Hopfield

    stored = patterns(20, 90)
    memory = Hopfield("storkey").fit(stored)
    probes = patterns(70, 90, seed=2)
    together, _ = memory._recalled(probes, record=False)
    for probe, state in zip(probes, together, strict=True):
        alone, _ = memory._recalled(probe[np.newaxis], record=False)
        assert np.array_equal(alone[0], state)
