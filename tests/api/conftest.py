"""What the tests of the public layer share."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn


@pytest.fixture
def backend(backend, monkeypatch):
    """Name each backend in turn, and make it the one that is taken where none is named."""
    monkeypatch.setenv("NNFAST_BACKEND", backend)
    return backend


@pytest.fixture
def blobs():
    """Return 60 rows of 3 classes that are easy to tell apart."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    return rng.normal(size=(60, 2)) * 0.3 + np.array([[0, 2], [2, 0], [-2, -2]])[y], y


@pytest.fixture
def classifier(backend):
    """Return a small network for the blobs."""
    return nn.FeedForward("2-8-3", output="softmax", seed=1).compile(nn.Adam(0.05))
