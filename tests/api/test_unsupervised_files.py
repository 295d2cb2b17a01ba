"""What methods without a teacher have learned, in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from nnfast import unsupervised as un
from parity.unsupervised import patterns

X = np.random.default_rng(0).random((40, 6))
SAVED = {
    "hebb": lambda: un.Hebb(3, max_norm=1.0, learning_rate=0.1).fit(X),
    "sanger": lambda: un.Sanger(3, dtype="float64").fit(X),
    "delta": lambda: un.DeltaRule(epochs=3).fit(X, X[:, 0]),
    "linear": lambda: un.LinearAssociator("pseudo_inverse").fit(X, X[:, :2]),
    "hopfield": lambda: un.Hopfield("storkey", thresholds=0.25).fit(patterns(3, 20)),
    "rbm": lambda: un.BernoulliRBM(4, n_iter=2).fit(X),
    "rbm cd": lambda: un.BernoulliRBM(4, n_iter=2, algorithm="cd").fit(X),
}


@pytest.mark.parametrize("name", SAVED)
def test_it_comes_back_and_goes_on_to_the_same_bits(name: str, tmp_path: Path) -> None:
    method: Any = SAVED[name]()
    method.save(tmp_path / "a.safetensors")
    other = un.load(tmp_path / "a.safetensors")
    assert repr(other) == repr(method)
    for array in (*method._arrays, *method._counters):
        assert np.array_equal(getattr(other, array), getattr(method, array)), array
    if hasattr(method, "partial_fit"):
        more = (patterns(2, 20),) if name == "hopfield" else (X,)
        more += (X[:, 0],) if name == "delta" else ()
        method.partial_fit(*more)
        other.partial_fit(*more)
        first = method._arrays[0]
        assert np.array_equal(getattr(other, first), getattr(method, first))


def test_damaged_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    SAVED["rbm"]().save(path)
    content = path.read_bytes()
    for damaged in (content[:-1], content[:50], b"", content[:-3] + b"abc"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"a\.safetensors"):
            un.load(path)
    path.write_bytes(content.replace(b'"n_components\\": 4', b'"n_components\\": 5'))
    with pytest.raises(ValueError, match="damaged"):
        un.load(path)
    path.write_bytes(content.replace(b'\\"format\\": 1', b'\\"format\\": 9'))
    with pytest.raises(ValueError, match="reads up to 1"):
        un.load(path)
    nn.FeedForward("2-1").save(path)
    with pytest.raises(ValueError, match=r"no method of nnfast\.unsupervised"):
        un.load(path)
    SAVED["rbm"]().save(path)
    with pytest.raises(ValueError, match="not a network of nnfast's"):
        nn.load(path)
    with pytest.raises(FileNotFoundError, match="where there is no file"):
        un.load(tmp_path / "b.safetensors")
    with pytest.raises(ValueError, match="learned nothing yet"):
        un.Oja().save(path)
