"""Pictures of maps."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn

pytest.importorskip("matplotlib")

X = np.random.default_rng(0).normal(size=(90, 4))
Y = np.arange(90) % 3


def trained(topology: str) -> nn.unsupervised.SelfOrganizingMap:
    return nn.unsupervised.SelfOrganizingMap(5, 4, topology=topology).fit(X, epochs=1)


@pytest.mark.parametrize(("topology", "corners"), [("rectangular", 4), ("hexagonal", 6)])
def test_a_cell_for_each_unit(topology: str, corners: int) -> None:
    som = trained(topology)
    for axes in (
        nn.plot.distance_map(som),
        nn.plot.hit_map(som, X),
        nn.plot.component_plane(som, 2),
        nn.plot.label_map(som, X, Y),
    ):
        [cells] = axes.collections
        paths = cells.get_paths()
        assert len(paths) == 20
        assert all(len(path.vertices) == corners + 1 for path in paths)
        centres = np.array([path.vertices[:corners].mean(axis=0) for path in paths])
        np.testing.assert_allclose(centres, som.positions_.reshape(-1, 2), atol=1e-12)
        axes.figure.draw_without_rendering()


def test_what_is_drawn() -> None:
    som = trained("rectangular")
    distances = nn.plot.distance_map(som, scaling="sum").collections[0].get_array()
    np.testing.assert_array_equal(distances, som.distance_map("sum").ravel())
    hits = som.activation_response(X)
    axes = nn.plot.hit_map(som, X)
    assert sorted(int(text.get_text()) for text in axes.texts) == sorted(hits[hits > 0].tolist())
    plane = nn.plot.component_plane(som, 1, name="width")
    assert plane.get_title() == "width"
    np.testing.assert_array_equal(plane.collections[0].get_array(), som.weights_[:, :, 1].ravel())
    legend = nn.plot.label_map(som, X, Y, names=["a", "b", "c"]).get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "c"]


def test_refused() -> None:
    som = trained("rectangular")
    with pytest.raises(TypeError, match="som must be a SelfOrganizingMap, got int"):
        nn.plot.distance_map(3)
    with pytest.raises(ValueError, match="column must be from 0 to 3, got 4"):
        nn.plot.component_plane(som, 4)
    with pytest.raises(TypeError, match=r"column must be an integer, got 1\.0"):
        nn.plot.component_plane(som, 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="labels has 90 different ones; 14 can be told apart"):
        nn.plot.label_map(som, X, np.arange(90))
    with pytest.raises(ValueError, match="names must be 3, one for each label, got 1"):
        nn.plot.label_map(som, X, Y, names=["a"])
