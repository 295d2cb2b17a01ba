"""Autoencoders: beside principal components, their halves and files, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from nnfast.unsupervised import Autoencoder


def test_a_linear_one_finds_the_principal_subspace(backend: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 8)) + 0.1 * rng.normal(size=(200, 8)) + 2.0
    model = Autoencoder(
        "8-3", code="linear", output="linear", dtype="float64", seed=0, backend=backend
    )
    model.net.compile(nn.LBFGS())
    model.fit(X, epochs=500, batch_size=200, verbose=0)
    _, singular, axes = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    optimum = (singular[3:] ** 2).sum() / X.size
    assert np.mean((model.reconstruct(X) - X) ** 2) < 1.001 * optimum
    kernel = model.decoder.get_weights()[0]
    learned = np.linalg.qr(kernel.T)[0]
    cosines = np.linalg.svd(axes[:3] @ learned, compute_uv=False)
    assert cosines.min() > 0.9999


def test_halves_are_the_whole(backend: str) -> None:
    X, _ = nn.datasets.digits()
    model = Autoencoder("64-16-4", noise=0.1, dropout=0.1, seed=1, backend=backend)
    history = model.fit(X[:200], epochs=2, validation_data=X[200:250], verbose=0)
    assert set(history.history) == {"loss", "val_loss"}
    assert model.net.architecture == "64-16-4-16-64"
    assert model.net.loss == nn.FeedForward("2-1", output="sigmoid").loss
    Z = model.encode(X[:9])
    assert Z.shape == (9, 4)
    np.testing.assert_allclose(model.decode(Z), model.reconstruct(X[:9]), rtol=1e-6)


def test_a_sparse_one_has_more_zeros() -> None:
    X, _ = nn.datasets.digits()
    zeros = []
    for sparsity in (0.0, 0.05):
        model = Autoencoder("64-32", code="relu", sparsity=sparsity, seed=0)
        model.fit(X, epochs=20, verbose=0)
        zeros.append(np.mean(model.encode(X) == 0))
    assert zeros[1] > zeros[0] + 0.1


def test_files(tmp_path: Path) -> None:
    X, _ = nn.datasets.digits()
    model = Autoencoder("64-8-2", seed=0, sparsity=0.01, noise=0.2)
    model.fit(X, verbose=0)
    path = tmp_path / "a.safetensors"
    model.save(path)
    other = Autoencoder.load(path)
    assert np.array_equal(other.encode(X), model.encode(X))
    assert np.array_equal(nn.load(path).predict(X), model.reconstruct(X))
    model.fit(X, verbose=0)
    other.fit(X, verbose=0)
    assert np.array_equal(other.encode(X), model.encode(X))
    nn.FeedForward("4-2").save(path)
    with pytest.raises(ValueError, match="holds the network 4-2; wanted is an autoencoder"):
        Autoencoder.load(path)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match=r"dropout is 1\.0"):
        Autoencoder("4-2", dropout=1.0)
    wrong: Any = [nn.Input(4), nn.Dense(2)]
    with pytest.raises(TypeError, match="layers holds layers"):
        Autoencoder(wrong)
    with pytest.raises(ValueError, match=r"X holds values from 0 to 2; .* or output='linear'"):
        Autoencoder("2-1").fit([[0.0, 2.0]])
    with pytest.raises(ValueError, match="noise is -1"):
        Autoencoder("2-1", noise=-1.0)


def test_pictures() -> None:
    pytest.importorskip("matplotlib")
    X, y = nn.datasets.digits()
    model = Autoencoder("64-2", seed=0)
    ax = nn.plot.reconstructions(model, X, count=6)
    assert len(ax.images) == 1
    ax = nn.plot.codes(model.encode(X), y)
    assert len(ax.collections) == 10
    with pytest.raises(ValueError, match=r"Z must be of the shape \(rows, 2\)"):
        nn.plot.codes(X)
