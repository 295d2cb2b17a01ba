"""The pictures: what is drawn, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nnfast as nn
from nnfast import sklearn

HISTORY = {
    "loss": [0.9, 0.5, 0.3],
    "accuracy": [0.5, 0.7, 0.9],
    "val_loss": [0.8, 0.6, 0.5],
    "val_accuracy": [0.6, 0.7, 0.8],
}


def numbers(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


# Learning curves


def test_learning_curves_draws_training_solid_and_validation_dashed():
    axes = nn.plot.learning_curves(HISTORY)
    training, validation = axes.get_lines()
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert training.get_ydata().tolist() == HISTORY["loss"]
    assert training.get_linestyle() == "-"
    assert validation.get_ydata().tolist() == HISTORY["val_loss"]
    assert validation.get_linestyle() == "--"
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["training", "validation"]
    assert axes.get_title() == "Loss by epoch"


def test_learning_curves_marks_whole_epochs_only():
    axes = nn.plot.learning_curves(HISTORY)
    axes.figure.canvas.draw()
    assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_learning_curves_draws_another_metric():
    axes = nn.plot.learning_curves(HISTORY, metric="accuracy")
    assert [line.get_ydata().tolist() for line in axes.get_lines()] == [
        HISTORY["accuracy"],
        HISTORY["val_accuracy"],
    ]
    assert axes.get_ylabel() == "accuracy"


def test_learning_curves_puts_later_validation_at_the_later_epochs():
    axes = nn.plot.learning_curves({"loss": [3.0, 2.0, 1.0], "val_loss": [1.5]})
    assert axes.get_lines()[1].get_xdata().tolist() == [3]


def test_learning_curves_takes_a_history_and_a_net():
    X, y = np.linspace(-1, 1, 20)[:, None], np.linspace(0, 1, 20)
    net = nn.FeedForward("1-4-1", seed=0)
    history = net.fit(X, y, epochs=3, verbose=False)
    from_history = nn.plot.learning_curves(history).get_lines()[0].get_ydata()
    from_net = nn.plot.learning_curves(net).get_lines()[0].get_ydata()
    assert len(from_history) == 3
    assert from_history.tolist() == from_net.tolist()


def test_learning_curves_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="history holds no epoch yet"):
        nn.plot.learning_curves({})
    with pytest.raises(ValueError, match=r"metric must be one of accuracy, loss, .*got 'f1'"):
        nn.plot.learning_curves(HISTORY, metric="f1")
    with pytest.raises(TypeError, match=r"history must be a dictionary, a History .*got int"):
        nn.plot.learning_curves(9)
    with pytest.raises(TypeError, match="a list of numbers, and does not for 'loss'"):
        nn.plot.learning_curves(["low", "lower"])
    with pytest.raises(TypeError, match="list of values, got float for 'loss'"):
        nn.plot.learning_curves({"loss": 0.5})
    with pytest.raises(TypeError, match="metric must be a string, got int"):
        nn.plot.learning_curves(HISTORY, metric=1)
    with pytest.raises(TypeError, match="ax must be matplotlib axes or None, got str"):
        nn.plot.learning_curves(HISTORY, "loss.png")


# Confusion matrix


def test_confusion_matrix_counts():
    axes = nn.plot.confusion_matrix([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2])
    # Row by row, and nothing written where the count is zero.
    assert numbers(axes) == ["2", "1", "1", "1", "1"]
    share = axes.get_images()[0].get_array()
    np.testing.assert_allclose(share, [[2 / 3, 1 / 3, 0], [0, 0.5, 0.5], [0, 0, 1]])
    assert axes.get_title() == "4 of 6 right (66.67 %)"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "1", "2"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


def test_confusion_matrix_agrees_with_scikit_learn():
    from sklearn.metrics import confusion_matrix

    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 7, size=(2, 500))
    written = list(map(int, numbers(nn.plot.confusion_matrix(true, predicted))))
    counts = confusion_matrix(true, predicted)
    assert written == counts[counts > 0].tolist()


def test_confusion_matrix_normalized_writes_shares():
    axes = nn.plot.confusion_matrix(["a", "a", "b"], ["a", "b", "b"], normalize=True)
    assert numbers(axes) == ["0.50", "0.50", "1.00"]


def test_confusion_matrix_names_integer_classes():
    axes = nn.plot.confusion_matrix([0, 2], [0, 1], classes=["cat", "dog", "owl"])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "owl"]
    assert axes.get_images()[0].get_array().shape == (3, 3)


def test_confusion_matrix_takes_the_order_of_classes():
    axes = nn.plot.confusion_matrix(
        np.array(["no", "yes"]), np.array(["no", "no"]), classes=np.array(["yes", "no"])
    )
    np.testing.assert_array_equal(axes.get_images()[0].get_array(), [[0, 1], [0, 1]])


def test_confusion_matrix_of_many_classes_leaves_the_numbers_out():
    axes = nn.plot.confusion_matrix(range(31), range(31))
    assert numbers(axes) == []


def test_confusion_matrix_refuses_what_it_cannot_count():
    with pytest.raises(ValueError, match="the same length, got 2 and 1"):
        nn.plot.confusion_matrix([0, 1], [0])
    with pytest.raises(ValueError, match="at least one row, got none"):
        nn.plot.confusion_matrix([], [])
    with pytest.raises(ValueError, match=r"y_pred must hold one class .*got shape \(2, 2\)"):
        nn.plot.confusion_matrix([0, 1], np.eye(2))
    with pytest.raises(ValueError, match="classes must hold every label, got none for 2"):
        nn.plot.confusion_matrix([0, 2], [0, 1], classes=["cat", "dog"])
    with pytest.raises(ValueError, match="classes must be different from each other"):
        nn.plot.confusion_matrix([0], [0], classes=[0, 0])
    with pytest.raises(TypeError, match="labels of y_true and y_pred must be of one kind"):
        nn.plot.confusion_matrix([0, 1], ["no", "yes"])


# The first layer's weights


def tiles(axes) -> np.ndarray:
    return np.ma.filled(axes.get_images()[0].get_array(), np.nan)


def test_first_layer_weights_shows_each_node_as_an_image():
    net = nn.FeedForward("4-2-1", seed=0)
    kernel = net.get_weights()[0]
    picture = tiles(nn.plot.first_layer_weights(net))
    # Two images of 2 x 2 side by side, with a gap of one pixel around each.
    assert picture.shape == (4, 7)
    np.testing.assert_array_equal(picture[1:3, 1:3], kernel[:, 0].reshape(2, 2))
    np.testing.assert_array_equal(picture[1:3, 4:6], kernel[:, 1].reshape(2, 2))
    assert np.isnan(picture[0]).all()


def test_first_layer_weights_leaves_the_embedded_bias_out():
    parameter = nn.FeedForward("4-2-1", seed=0)
    embedded = nn.FeedForward("4-2-1", seed=0, bias="embedded")
    np.testing.assert_array_equal(
        tiles(nn.plot.first_layer_weights(embedded)), tiles(nn.plot.first_layer_weights(parameter))
    )


def test_first_layer_weights_has_colours_symmetric_around_zero():
    image = nn.plot.first_layer_weights(nn.FeedForward("9-5-1", seed=0)).get_images()[0]
    low, high = image.get_clim()
    assert low == -high < 0


def test_first_layer_weights_draws_as_many_as_asked():
    net = nn.FeedForward("6-20-1", seed=0)
    axes = nn.plot.first_layer_weights(net, shape=(2, 3), count=3)
    assert axes.get_title() == "Weights of 3 of the 20 nodes of the first layer"
    assert np.isfinite(tiles(axes)).sum() == 3 * 6


def test_first_layer_weights_of_all_zeros_is_drawn():
    net = nn.FeedForward("4-2-1", seed=0)
    net.set_weights([np.zeros_like(weight) for weight in net.get_weights()])
    assert nn.plot.first_layer_weights(net).get_images()[0].get_clim() == (-1, 1)


def test_first_layer_weights_refuses_what_is_no_image():
    net = nn.FeedForward("6-2-1", seed=0)
    with pytest.raises(
        ValueError, match=r"shape must be given .* 6 inputs .* do not make a square"
    ):
        nn.plot.first_layer_weights(net)
    for shape in [(2, 2), (0, 6), (-2, -3)]:
        with pytest.raises(ValueError, match="as many pixels as the net has inputs, 6, got"):
            nn.plot.first_layer_weights(net, shape=shape)
    for shape in [6, (6,), "ab"]:
        with pytest.raises(ValueError, match=r"shape must be \(height, width\), got"):
            nn.plot.first_layer_weights(net, shape=shape)
    for count in [0, 1.5, True]:
        with pytest.raises(ValueError, match="count must be an integer of at least 1, got"):
            nn.plot.first_layer_weights(net, shape=(2, 3), count=count)
    with pytest.raises(TypeError, match="net must be a FeedForward, got ndarray"):
        nn.plot.first_layer_weights(np.zeros((6, 2)))


def test_first_layer_weights_of_estimators():
    from sklearn.neural_network import MLPClassifier

    X, y = nn.datasets.digits()
    for cls in (MLPClassifier, sklearn.MLPClassifier):
        with pytest.warns(match="Maximum iterations"):
            model = cls((6,), max_iter=2, random_state=0).fit(X[:100], y[:100])
        [first, *_] = model.coefs_
        axes = nn.plot.first_layer_weights(model, count=1)
        drawn = np.ma.filled(axes.get_images()[0].get_array(), np.nan)
        np.testing.assert_allclose(drawn[1:9, 1:9], first[:, 0].reshape(8, 8), rtol=1e-6)
        assert nn.plot.architecture(model).get_title() == "64-6-10"
        assert nn.plot.learning_curves(model).lines[0].get_ydata().tolist() == model.loss_curve_


# All of them


def test_pictures_can_be_saved(tmp_path: Path):
    pictures = {
        "curves": nn.plot.learning_curves(HISTORY),
        "matrix": nn.plot.confusion_matrix([0, 1], [0, 1]),
        "weights": nn.plot.first_layer_weights(nn.FeedForward("4-2-1", seed=0)),
    }
    for name, axes in pictures.items():
        axes.figure.savefig(tmp_path / f"{name}.png")
        content = (tmp_path / f"{name}.png").read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 2_000


def test_pictures_are_drawn_on_the_axes_given():
    from matplotlib.figure import Figure

    for draw in (
        lambda ax: nn.plot.learning_curves(HISTORY, ax=ax),
        lambda ax: nn.plot.confusion_matrix([0, 1], [0, 1], ax=ax),
        lambda ax: nn.plot.first_layer_weights(nn.FeedForward("4-2-1", seed=0), ax=ax),
    ):
        axes = Figure().add_subplot()
        assert draw(axes) is axes


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_no_window_and_no_global_state():
    """Pyplot, which keeps figures alive and asks for a screen, is not even imported."""
    code = (
        "import sys, nnfast as nn; "
        "nn.plot.learning_curves({'loss': [1.0]}); nn.plot.confusion_matrix([0, 1], [0, 1]); "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    assert run(code).strip() == "False"


def test_without_matplotlib_it_says_what_to_install():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import nnfast as nn\n"
        "try: nn.plot.learning_curves({'loss': [1.0]})\n"
        "except ImportError as error: print(error)"
    )
    assert "pip install 'nnfast[plot]'" in run(code)
