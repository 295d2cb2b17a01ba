"""The same bits whatever the threads, and after a resumption, with all that holds for weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.bits import said, trained
from contract.test_resume import WAYS
from parity.networks import DTYPES
from parity.terms import CASES

each_dtype = pytest.mark.parametrize("dtype", DTYPES)


@each_dtype
@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("wide")])
def test_threads(name: str, dtype: str) -> None:
    run = CASES[name]
    expected = trained(run, dtype=dtype, threads=1)
    for threads in (2, 3, 8):
        assert trained(run, dtype=dtype, threads=threads) == expected, threads


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("small")])
@pytest.mark.parametrize("way", ["pickle", "file"])
def test_resumption(name: str, way: str, tmp_path: Path) -> None:
    # Three batches an epoch, of which two or three make an update: it is cut in the middle of one.
    run = CASES[name]
    expected = trained(run, 4)
    network = run.network()
    for epochs in (1, 2, 1):
        network = WAYS[way](run.fit(network, epochs), tmp_path)
    assert said(network, *run.data()) == expected
