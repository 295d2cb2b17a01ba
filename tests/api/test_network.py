"""`FeedForward`: what it computes, learns, reports and refuses."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn
from nnfast import activations


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_new_network_has_all_defaults(backend):
    net = nn.FeedForward("4-3-2", seed=7)
    assert (net.architecture, net.inputs, net.outputs, net.bias) == ("4-3-2", 4, 2, "parameter")
    assert (net.dtype, net.seed, net.backend) == (np.float32, 7, backend)
    assert (net.optimizer, net.loss, net.metrics) == (nn.Adam(), nn.MeanSquaredError(), ())
    assert (net.history, net.classes_, net.parameter_count) == ({}, None, 23)
    assert [layer.activation.name for layer in net.layers[1:]] == ["relu", "linear"]


@pytest.mark.parametrize(
    ("output", "loss", "metrics"),
    [
        ("softmax", nn.CrossEntropy(), ("accuracy",)),
        ("sigmoid", nn.BinaryCrossEntropy(), ("accuracy",)),
        ("linear", nn.MeanSquaredError(), ()),
        ("tanh", nn.MeanSquaredError(), ()),
    ],
)
def test_the_output_chooses_the_loss(output, loss, metrics):
    net = nn.FeedForward("4-2", output=output)
    assert net.loss == loss
    assert tuple(metric.name for metric in net.metrics) == metrics


def test_a_seed_is_drawn_and_kept():
    first, second = nn.FeedForward("9-9"), nn.FeedForward("9-9")
    assert first.seed != second.seed
    assert same(first.get_weights(), nn.FeedForward("9-9", seed=first.seed).get_weights())


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float32, np.dtype(float)])
def test_everything_comes_in_the_network_s_dtype(dtype, backend):
    net = nn.FeedForward("3-2-1", dtype=dtype, seed=0)
    X, y = np.ones((4, 3)), np.zeros(4)
    loss, gradients = net.gradients(X, y)
    assert isinstance(loss, float)
    for array in (*net.get_weights(), net.predict(X), net.predict(X[0]), *gradients):
        assert array.dtype == np.dtype(dtype)


def test_the_forward_pass_is_the_textbook_s(backend):
    net = nn.FeedForward("3-4-2", hidden="tanh", output="sigmoid", dtype="float64", seed=0)
    w1, b1, w2, b2 = net.get_weights()
    X = np.random.default_rng(0).normal(size=(5, 3))
    expected = activations.sigmoid(activations.tanh(X @ w1 + b1) @ w2 + b2)
    np.testing.assert_allclose(net.predict(X), expected, rtol=1e-12)
    np.testing.assert_allclose(net.predict(X[3]), expected[3], rtol=1e-12)


def test_a_row_alone_is_the_row_among_others():
    pytest.importorskip("nnfast._core")
    net = nn.FeedForward("7-16-3", output="softmax", seed=0, backend="rust")
    X = np.random.default_rng(0).normal(size=(33, 7))
    together = net.predict(X)
    assert all(np.array_equal(together[i], net.predict(X[i])) for i in range(len(X)))


def test_gradients_are_those_of_the_loss(backend):
    net = nn.FeedForward("3-4-2", hidden="prelu", dtype="float64", seed=0)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    loss, gradients = net.gradients(X, y)
    assert loss == pytest.approx(net.evaluate(X, y)["loss"])
    weights, h = net.get_weights(), 1e-6
    for array, gradient in zip(weights, gradients, strict=True):
        index = tuple(0 for _ in array.shape)
        losses = []
        for step in (h, -h):
            array[index] += step
            net.set_weights(weights)
            losses.append(net.evaluate(X, y)["loss"])
            array[index] -= step
        assert gradient[index] == pytest.approx((losses[0] - losses[1]) / (2 * h), abs=1e-6)


@pytest.mark.parametrize("hidden", ["relu", "prelu", "tanh"])
def test_an_embedded_bias_gives_the_same_numbers(hidden, backend):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    plain, embedded = (
        nn.FeedForward("3-4-2", hidden=hidden, bias=bias, seed=3, dtype="float64")
        for bias in ("parameter", "embedded")
    )
    weights = embedded.get_weights()
    assert weights[0].shape == (4, 4)
    np.testing.assert_array_equal(weights[0][0], 0)
    for net in (plain, embedded):
        net.fit(X, y, epochs=3, batch_size=7)
    kernel, bias = plain.get_weights()[:2]
    np.testing.assert_allclose(embedded.get_weights()[0], np.vstack([bias, kernel]), rtol=1e-10)
    np.testing.assert_allclose(embedded.predict(X), plain.predict(X), rtol=1e-10)


def test_two_fits_of_one_epoch_are_one_fit_of_two(backend, blobs):
    layers = [nn.Input(2), nn.Dense(8, "tanh"), nn.Dropout(0.3), nn.Dense(3, "softmax")]
    once, twice = (nn.FeedForward(layers, seed=5) for _ in range(2))
    once.fit(*blobs, epochs=2, batch_size=7)
    twice.fit(*blobs, batch_size=7)
    twice.fit(*blobs, batch_size=7)
    assert same(once.get_weights(), twice.get_weights())
    assert once.history == twice.history


def test_fit_without_shuffling_is_train_on_batch_by_batch(backend, blobs):
    X, y = blobs
    whole, parts = (nn.FeedForward("2-4-3", output="softmax", seed=5) for _ in range(2))
    whole.fit(X, y, batch_size=16, shuffle=False)
    for start in range(0, 60, 16):
        logs = parts.train_on_batch(X[start : start + 16], y[start : start + 16])
    assert set(logs) == {"loss", "accuracy"}
    assert same(whole.get_weights(), parts.get_weights())


def test_threads_and_a_batch_larger_than_the_data_change_nothing(backend, blobs):
    nets = [nn.FeedForward("2-8-3", output="softmax", seed=5, threads=n) for n in (1, 2, 3)]
    for net, size in zip(nets, (60, 61, 10**9), strict=True):
        net.fit(*blobs, epochs=2, batch_size=size)
    assert same(nets[0].get_weights(), nets[1].get_weights())
    assert same(nets[0].get_weights(), nets[2].get_weights())


def test_it_learns_and_reports(classifier, blobs):
    X, y = blobs
    run = classifier.fit(X, y, epochs=20, validation_data=(X[:9], y[:9]))
    assert list(run.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert run.epoch == list(range(20))
    assert run.params == {
        "epochs": 20,
        "steps": 2,
        "rows": 60,
        "batch_size": 32,
        "verbose": 0,
        "validation": True,
        "validation_frequency": 1,
    }
    assert run.history["loss"][-1] < run.history["loss"][0]
    assert classifier.evaluate(X, y)["accuracy"] > 0.95
    assert (classifier.predict_classes(X) == y).mean() > 0.95
    assert classifier.predict_classes(X[0]) == y[0]
    classifier.fit(X, y, epochs=2)
    assert len(classifier.history["loss"]) == 22
    assert len(classifier.history["val_loss"]) == 20
    classifier.history["loss"].clear()
    assert len(classifier.history["loss"]) == 22


def test_compile_starts_the_optimizer_afresh_and_keeps_the_rest(backend, blobs):
    net = nn.FeedForward("2-4-3", output="softmax", seed=0).compile("adam")
    net.fit(*blobs)
    weights = net.get_weights()
    assert net.compile(nn.SGD(0.0, momentum=0.5), metrics=["acc", "mse", "mae"]) is net
    assert same(weights, net.get_weights())
    logs = net.train_on_batch(*blobs)
    assert list(logs) == ["loss", "accuracy", "mean_squared_error", "mean_absolute_error"]
    assert same(weights, net.get_weights())
    with pytest.raises(ValueError, match="unknown metric"):
        net.compile("rmsprop", metrics=["f2"])
    assert net.optimizer == nn.SGD(0.0, momentum=0.5)


def test_metrics_are_the_same_for_classes_and_one_hot_rows(backend, blobs):
    X, y = blobs
    for loss in ("scce", "cross_entropy"):
        net = nn.FeedForward("2-3", output="softmax", seed=0, dtype="float64")
        net.compile(loss=loss, metrics=["accuracy", "mse", "mae"])
        sparse = net.evaluate(X, y)
        net.compile(loss="cce", metrics=["accuracy", "mse", "mae"])
        dense = net.evaluate(X, np.eye(3)[y])
        assert sparse == pytest.approx(dense, rel=1e-12)
    assert sparse["mean_squared_error"] == pytest.approx(
        ((net.predict(X) - np.eye(3)[y]) ** 2).mean()
    )


@pytest.mark.parametrize(
    ("output", "loss", "sentence"),
    [
        (
            "linear",
            "bce",
            "does not fit the output activation linear; it wants sigmoid, or linear w",
        ),
        ("softmax", "bce", "it wants sigmoid"),
        ("sigmoid", "cce", "it wants softmax, or linear with from_logits=True"),
        ("sigmoid", "scce", "it wants softmax"),
        ("tanh", "cross_entropy", "it wants softmax or sigmoid"),
        ("softmax", nn.CrossEntropy(from_logits=True), "from_logits=True .* it wants linear"),
        ("sigmoid", nn.BinaryCrossEntropy(from_logits=True), "it wants linear"),
        ("linear", "ctc", "loss: unknown loss 'ctc'"),
    ],
)
def test_a_loss_that_does_not_fit_is_refused_early(output, loss, sentence):
    net = nn.FeedForward("4-2", output=output)
    before = net.loss
    with pytest.raises(ValueError, match=sentence):
        net.compile(loss=loss)
    assert net.loss == before


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"metrics": ["acc", "accuracy"]}, ValueError, "metrics has accuracy twice"),
        ({"metrics": 3}, TypeError, r"metrics\[0\] is 3"),
        ({"optimizer": "adamm"}, ValueError, "optimizer: unknown optimizer 'adamm' .*'adam'"),
        ({"optimizer": 0.01}, TypeError, "optimizer is 0.01"),
        ({"loss": nn.Adam()}, TypeError, "loss is Adam"),
    ],
)
def test_a_wrong_choice_is_one_sentence(options, error, sentence):
    with pytest.raises(error, match=sentence):
        nn.FeedForward("4-2").compile(**options)


@pytest.mark.parametrize("where", [{"hidden": "step"}, {"output": "step"}])
def test_the_step_function_predicts_but_is_not_trained(where, backend):
    net = nn.FeedForward("2-2-1", **where)
    net.set_weights([np.ones((2, 2)), np.zeros(2), np.ones((2, 1)), [-1.5]])
    assert net.predict([[1.0, 1.0]]).shape == (1, 1)
    weights = net.get_weights()
    for train in (net.fit, net.train_on_batch):
        with pytest.raises(ValueError, match=r"step, whose derivative is 0 .*nnfast\.Perceptron"):
            train([[1.0, 1.0]], [1.0])
    assert same(weights, net.get_weights())


def test_logits_are_decided_by_their_sign(backend, blobs):
    X, y = blobs
    net = nn.FeedForward("2-1", seed=0).compile(nn.Adam(0.1), nn.CrossEntropy(from_logits=True))
    net.fit(X, y == 0, epochs=50)
    assert (net.predict_classes(X) == (net.predict(X)[:, 0] > 0)).all()
    assert net.evaluate(X, y == 0)["accuracy"] == (net.predict_classes(X) == (y == 0)).mean()
    several = nn.FeedForward("2-3", seed=0).compile(nn.Adam(0.1), nn.CrossEntropy(from_logits=True))
    several.fit(X, y, epochs=50)
    assert (several.predict_classes(X) == several.predict(X).argmax(axis=1)).all()


def test_predict_classes_wants_something_to_decide_by():
    with pytest.raises(
        ValueError, match=r"wants a sigmoid output, or several outputs; .*one linear"
    ):
        nn.FeedForward("2-1").predict_classes([[1, 2]])


def test_weights_go_round(backend):
    net = nn.FeedForward("3-2-1", hidden="prelu", seed=0)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=array.shape) for array in net.get_weights()]
    net.set_weights([weights[0].tolist(), weights[1][::-1][::-1], *weights[2:]])
    for ours, given in zip(net.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, given.astype(np.float32))
    net.get_weights()[0][:] = 7
    assert (net.get_weights()[0] != 7).all()


@pytest.mark.parametrize(
    ("weights", "error", "sentence"),
    [
        ([], ValueError, r"weights has 0 arrays; wanted are 2: layers.0.kernel, layers.0.bias"),
        (
            [[[1.0, 2.0]], [0.0]],
            ValueError,
            r"weights\[0\], layers.0.kernel, has the shape \(1, 2\); wa",
        ),
        ([[["a"], ["b"]], [0.0]], TypeError, r"weights\[0\] holds strings"),
        ([[[1j], [1]], [0.0]], TypeError, r"weights\[0\] holds complex numbers"),
        ("abc", TypeError, "weights is a str; wanted is a list of arrays"),
        (3, TypeError, "weights is a int"),
    ],
)
def test_wrong_weights_are_one_sentence_and_change_nothing(weights, error, sentence):
    net = nn.FeedForward("2-1", seed=0)
    before = net.get_weights()
    with pytest.raises(error, match=sentence):
        net.set_weights(weights)
    assert same(before, net.get_weights())


def test_the_summary_shows_itself():
    net = nn.FeedForward(
        [nn.Input(4), nn.Dense(3, "prelu"), nn.Dropout(0.5), nn.Dense(2, nn.activations.ELU(0.5))]
    )
    text = str(net.summary())
    assert repr(net.summary()) == text
    for part in (
        "FeedForward 4-3-2",
        "dense_1 (Dense)",
        "dropout_1 (Dropout)",
        "elu(alpha=0.5)",
        "Total params: 26 (104 B, float32)",
    ):
        assert part in text


def test_the_text_of_a_network_builds_one_like_it():
    net = nn.FeedForward("4-3-2", hidden="elu", output="softmax")
    names = {**vars(nn), **vars(nn.activations)}
    assert eval(repr(net), names).layers == net.layers
    assert net != eval(repr(net), names)
