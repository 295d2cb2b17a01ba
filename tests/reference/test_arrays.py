"""The search for a number that is not finite, in arrays of any shape and strides."""

from __future__ import annotations

import numpy as np
import pytest

from nnfast.reference import first_non_finite


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f8"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_in_c_order_is_found(dtype: str, bad: float) -> None:
    x = np.zeros((7, 5), dtype=dtype)
    assert first_non_finite(x) is None
    x[4, 1] = x[2, 3] = bad
    for view in (x, np.asfortranarray(x)):
        assert first_non_finite(view) == 2 * 5 + 3
    assert first_non_finite(x.T) == 1 * 7 + 4
    assert first_non_finite(x[::2, ::-1]) == 1 * 5 + 1
    assert first_non_finite(x[::-1]) == 2 * 5 + 1


@pytest.mark.parametrize("place", [0, 65_535, 65_536, 199_999])
def test_pieces_do_not_lose_count(place: int) -> None:
    x = np.zeros(200_000, dtype=np.float32)
    x[place] = np.nan
    assert first_non_finite(x) == place
    assert first_non_finite(np.repeat(x, 2)[::2].reshape(400, 500)) == place


def test_small_shapes() -> None:
    assert first_non_finite(np.zeros((0, 3))) is None
    assert first_non_finite(np.array(1.0)) is None
    assert first_non_finite(np.array(np.nan)) == 0
    assert first_non_finite(np.array([[[1.0, np.inf]]])) == 1
