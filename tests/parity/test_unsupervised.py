"""Learning without a teacher: the core and the oracle do the same."""

from __future__ import annotations

import numpy as np
import pytest

from parity.unsupervised import RUNS


@pytest.mark.parametrize("name", RUNS)
def test_both_backends_do_the_same(name: str) -> None:
    ours, theirs = (RUNS[name](dtype="float64", backend=backend) for backend in ("rust", "numpy"))
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.dtype == other.dtype
        assert mine.shape == other.shape
        scale = max(1.0, float(np.abs(other).max(initial=0.0)))
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-10 * scale)


@pytest.mark.parametrize("name", [name for name in RUNS if "hopfield" not in name])
def test_float32_is_near(name: str) -> None:
    exact, single = (RUNS[name](dtype=dtype, backend="rust") for dtype in ("float64", "float32"))
    for wide, narrow in zip(exact[:3], single[:3], strict=True):
        scale = max(1.0, float(np.abs(wide).max(initial=0.0)))
        # A sample on the edge may fall to the other side, which changes a weight by rate / rows.
        limit = 0.05 if "cd" in name else 1e-4 * scale
        np.testing.assert_allclose(narrow, wide, rtol=0, atol=limit)
