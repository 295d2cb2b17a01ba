"""Pictures of patterns and of recall."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn

pytest.importorskip("matplotlib")


def test_images_lie_side_by_side_on_one_scale() -> None:
    rows = np.arange(6 * 12, dtype=float).reshape(6, 12) - 30
    axes = nn.plot.images(rows, shape=(3, 4))
    [image] = axes.images
    drawn = np.asarray(image.get_array())
    assert np.array_equal(np.sort(drawn[np.isfinite(drawn)]), np.sort(rows.ravel()))
    assert image.get_clim() == (-41.0, 41.0)
    assert nn.plot.images(rows, shape=(3, 4), ax=axes) is axes


def test_recall_is_drawn_from_start_to_rest() -> None:
    patterns = np.where(np.random.default_rng(0).random((2, 36)) < 0.5, -1, 1)
    memory = nn.unsupervised.Hopfield().fit(patterns)
    probe = patterns[0].copy()
    probe[:8] *= -1
    axes = nn.plot.recall(memory, probe, snapshots=3)
    curve = np.asarray(axes.lines[0].get_ydata(), dtype=float)
    np.testing.assert_allclose(curve, memory.energy(memory.path(probe)))
    first, _, last = (child.images[0].get_array() for child in axes.child_axes)
    assert np.array_equal(np.asarray(first).ravel(), probe)
    assert np.array_equal(np.asarray(last).ravel(), memory.recall([probe])[0])
    at_rest = nn.plot.recall(memory, patterns[0])
    assert len(at_rest.child_axes) == 1


def test_bad_use() -> None:
    with pytest.raises(TypeError, match="model must be an Autoencoder, got str"):
        nn.plot.reconstructions("model", np.eye(4))
    with pytest.raises(ValueError, match="rows must be of the shape"):
        nn.plot.images([1.0, 2.0])
    with pytest.raises(ValueError, match="shape must hold as many pixels"):
        nn.plot.images(np.eye(4), shape=(3, 2))
    with pytest.raises(TypeError, match="memory must be a Hopfield network, got str"):
        nn.plot.recall("memory", [1, -1])
    memory = nn.unsupervised.Hopfield().fit([[1, -1, 1, -1]])
    with pytest.raises(ValueError, match="snapshots must be an integer of at least 2, got 1"):
        nn.plot.recall(memory, [1, 1, 1, 1], snapshots=1)
