"""Decision boundaries: what is drawn of which model, and how they grow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import nnfast as nn
from nnfast.plot._boundary import class_colours

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


@pytest.fixture
def solved():
    net = nn.FeedForward("2-8-1", hidden="tanh", output="sigmoid", seed=0)
    net.compile(nn.Adam(0.1)).fit(*XOR, epochs=100, verbose=0)
    return net


def colour_at(axes, x: float, y: float) -> np.ndarray:
    [image] = axes.images
    pixels = np.asarray(image.get_array())
    left, right, low, high = image.get_extent()
    column = round((x - left) / (right - left) * (pixels.shape[1] - 1))
    row = round((y - low) / (high - low) * (pixels.shape[0] - 1))
    return pixels[row, column]


def tint(colour: str, strength: float) -> np.ndarray:
    return 1 - strength * (1 - np.array(to_rgb(colour)))


def test_each_point_has_the_colour_of_its_class_and_certainty(solved) -> None:
    axes = nn.plot.decision_boundary(solved, *XOR, resolution=121)
    for (x, y), said in zip(XOR[0], solved.predict(XOR[0]).ravel(), strict=True):
        sure = abs(2 * said - 1)
        expected = tint(class_colours(2)[int(said > 0.5)], 0.08 + 0.5 * sure)
        np.testing.assert_allclose(colour_at(axes, x, y), expected, atol=0.02)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["0", "1"]
    # The points: a colour and a shape for each class.
    points = [one for one in axes.collections if len(one.get_offsets()) == 2]
    assert sorted(points[0].get_offsets().tolist()) == [[0, 0], [1, 1]]
    assert sorted(points[1].get_offsets().tolist()) == [[0, 1], [1, 0]]


def test_the_line_is_where_both_are_equally_likely(solved) -> None:
    from matplotlib.contour import ContourSet

    axes = nn.plot.decision_boundary(solved, *XOR)
    [contour] = [one for one in axes.collections if isinstance(one, ContourSet)]
    vertices = np.concatenate([path.vertices for path in contour.get_paths()])
    said = solved.predict(vertices)
    assert np.abs(said - 0.5).max() < 0.05


def test_three_classes_and_their_names(blobs) -> None:
    X, y = blobs
    names = np.array(["setosa", "versicolor", "virginica"])
    net = nn.FeedForward("2-8-3", output="softmax", seed=1).compile(nn.Adam(0.05))
    net.fit(X, names[y], epochs=20, verbose=0)
    axes = nn.plot.decision_boundary(net, X, names[y], feature_names=["length", "width"])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(names)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("length", "width")


@pytest.mark.parametrize("proba", [True, False])
def test_estimators_of_scikit_learn(blobs, proba: bool) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    X, y = blobs
    model = (LogisticRegression() if proba else LinearSVC()).fit(X, y)
    axes = nn.plot.decision_boundary(model, X, y, resolution=60)
    shades = {tuple(pixel) for pixel in np.asarray(axes.images[0].get_array()).reshape(-1, 3)}
    assert (len(shades) > 100) == proba  # without probabilities, one tint for each class
    if not proba:
        assert len(shades) == 3


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_tables_name_the_axes(blobs, package: str) -> None:
    from sklearn.tree import DecisionTreeClassifier

    X, y = blobs
    frame = pytest.importorskip(package).DataFrame({"length": X[:, 0], "width": X[:, 1]})
    model = DecisionTreeClassifier(max_depth=3).fit(frame, y)
    axes = nn.plot.decision_boundary(model, frame, y, resolution=30)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("length", "width")


def test_perceptron_margins_and_rows_left_out(blobs) -> None:
    X, y = blobs
    perceptron = nn.Perceptron().fit([[0, 0], [1, 1]], ["no", "yes"])
    axes = nn.plot.decision_boundary(perceptron, [[0, 0], [1, 1]])
    assert not [one for one in axes.collections if len(one.get_offsets()) == 2]
    hinge = nn.FeedForward("2-1", seed=0).compile(nn.SGD(0.1), loss="hinge")
    hinge.fit(X[y < 2], y[y < 2], epochs=5, verbose=0)
    nn.plot.decision_boundary(hinge, X[y < 2], y[y < 2])


def test_what_is_refused(solved) -> None:
    X, y = XOR
    draw = nn.plot.decision_boundary
    with pytest.raises(ValueError, match=r"X must be numbers of the shape \(rows, 2\), got"):
        draw(solved, np.ones((4, 3)), y)
    with pytest.raises(ValueError, match="X must hold finite numbers"):
        draw(solved, [[0.0, np.nan]], [0])
    with pytest.raises(ValueError, match="model must have two inputs, got one with 3"):
        draw(nn.FeedForward("3-1", output="sigmoid"), X, y)
    with pytest.raises(TypeError, match="model must be a network or an estimator with predict"):
        draw("net", X, y)
    with pytest.raises(ValueError, match="y must hold one class for each of the 4 rows"):
        draw(solved, X, y[:3])
    with pytest.raises(ValueError, match="y must hold classes that the model knows, got 2"):
        draw(solved, X, [0, 1, 1, 2])
    with pytest.raises(ValueError, match="classes must be 2 names, got"):
        draw(solved, X, y, classes=["a"])
    with pytest.raises(ValueError, match="feature_names must be two, got"):
        draw(solved, X, y, feature_names=["a"])
    with pytest.raises(ValueError, match="resolution must be an integer of at least 10, got 5"):
        draw(solved, X, y, resolution=5)
    with pytest.raises(ValueError, match="predict_classes wants a sigmoid output"):
        draw(nn.FeedForward("2-1"), X, y)
    with pytest.raises(ValueError, match="one class, got a network that gives several"):
        draw(nn.FeedForward("2-2", output="sigmoid"), X, y)
    many = nn.FeedForward("2-8", output="softmax")
    with pytest.raises(ValueError, match="at most 7 classes, got 8"):
        draw(many, X, y)


# Growth


def test_growth_is_recorded_without_a_change_to_learning() -> None:
    growth = nn.plot.BoundaryRecorder(*XOR, every=2, resolution=20)
    nets = [nn.FeedForward("2-4-1", hidden="tanh", output="sigmoid", seed=0) for _ in range(2)]
    nets[0].fit(*XOR, epochs=5, callbacks=growth, verbose=0)
    nets[1].fit(*XOR, epochs=5, verbose=0)
    for a, b in zip(nets[0].get_weights(), nets[1].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert growth.epochs == [0, 2, 4]
    nets[0].fit(*XOR, epochs=4, callbacks=growth, verbose=0)  # it goes on
    assert growth.epochs == [0, 2, 4, 5, 7, 9]


def test_growth_draws_what_it_saw() -> None:
    growth = nn.plot.BoundaryRecorder(*XOR, resolution=30)
    net = nn.FeedForward("2-8-1", hidden="tanh", output="sigmoid", seed=0).compile(nn.Adam(0.1))
    net.fit(*XOR, epochs=60, callbacks=growth, verbose=0)
    axes = growth.plot(count=4, classes=["same", "different"])
    titles = [one.get_title() for one in axes.child_axes]
    assert titles == ["before", "epoch 7", "epoch 27", "epoch 60"]
    last = nn.plot.decision_boundary(net, *XOR, resolution=30)
    np.testing.assert_allclose(
        axes.child_axes[-1].images[0].get_array(), last.images[0].get_array(), atol=1e-5
    )
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["same", "different"]


def test_growth_as_a_film(tmp_path) -> None:
    from PIL import Image

    growth = nn.plot.BoundaryRecorder(*XOR, every=10, resolution=20)
    net = nn.FeedForward("2-8-1", hidden="tanh", output="sigmoid", seed=0).compile(nn.Adam(0.1))
    net.fit(*XOR, epochs=30, callbacks=growth, verbose=0)
    path = tmp_path / "xor.gif"
    growth.animate(path, frames_per_second=4)
    with Image.open(path) as film:
        assert film.format == "GIF"
        # The last picture stays; Pillow writes what does not change as one longer frame.
        assert film.n_frames == 4
        frames = []
        for number in range(film.n_frames):
            film.seek(number)
            frames.append(np.asarray(film.convert("RGB"), float))
            assert film.info["duration"] >= 250
    assert all(np.abs(a - b).max() > 50 for a, b in pairwise(frames))
    assert list(tmp_path.iterdir()) == [path]


def test_growth_with_standardized_inputs_and_strings(blobs) -> None:
    X, y = blobs
    names = np.array(["a", "b", "c"])[y]
    growth = nn.plot.BoundaryRecorder(X, names, every=2, resolution=20)
    net = nn.FeedForward([nn.Input(2), nn.Standardize(), nn.Dense(3, "softmax")], seed=0)
    net.fit(X, names, epochs=4, callbacks=[growth], verbose=0)
    assert growth.epochs == [0, 2, 4]
    assert len(growth.plot(count=2).child_axes) == 2


def test_growth_that_is_refused(tmp_path) -> None:
    growth = nn.plot.BoundaryRecorder(*XOR)
    with pytest.raises(ValueError, match="nothing is recorded yet"):
        growth.plot()
    with pytest.raises(ValueError, match="nothing is recorded yet"):
        growth.animate(tmp_path / "a.gif")
    with pytest.raises(ValueError, match=r"path must end in \.gif, got"):
        growth.animate("growth.mp4")
    with pytest.raises(ValueError, match="frames_per_second must be an integer of at least 1"):
        growth.animate("growth.gif", frames_per_second=0)
    with pytest.raises(ValueError, match="count must be an integer of at least 2, got 1"):
        growth.plot(count=1)
    with pytest.raises(ValueError, match="every must be an integer of at least 1, got 0"):
        nn.plot.BoundaryRecorder(*XOR, every=0)
    with pytest.raises(ValueError, match="y must hold one class for each of the 4 rows"):
        nn.plot.BoundaryRecorder(XOR[0], [0, 1])
