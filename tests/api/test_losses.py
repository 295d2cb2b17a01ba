"""Losses as a user meets them: what y may be, what outputs are read as, losses of one's own."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import nnfast as nn

X = np.array([[-2.0], [-1.0], [1.0], [2.0]])


def network(outputs=1, loss="mse", output="linear", **options):
    net = nn.FeedForward([nn.Input(1), nn.Dense(outputs, output)], seed=0, **options)
    return net.compile(nn.SGD(0.1), loss)


@pytest.mark.parametrize(
    ("loss", "output", "y", "sentence"),
    [
        (
            "poisson",
            "sigmoid",
            [1, 2, -1, 0],
            "y holds -1 at row 2, column 0; poisson wants numbers",
        ),
        ("msle", "linear", [1, 2, -0.5, 0], "y holds -0.5 at row 2, column 0; mean_squared_log"),
        ("hinge", "linear", [0, 1, 3, 0], "y holds 3 at row 2, column 0; hinge wants 0 and 1, or"),
        ("hinge", "linear", [0, 1, -1, 0], "y holds both 0 and -1; hinge wants one of them for no"),
        ("hinge", "linear", ["a", "b", "c", "a"], "y holds 3 different labels; wanted are 2"),
        ("focal", "sigmoid", [0, 1, 2, 0], "y holds 2 at row 2, column 0; binary_focal_cross_ent"),
        ("kld", "softmax", [[1.0], [2.0], [1.0], [1.0]], "y has the sum 2 in row 1; kl_divergence"),
        ("huber", "linear", ["a", "b", "a", "b"], "y holds strings, which huber cannot take"),
    ],
)
def test_y_that_does_not_fit_is_refused(loss, output, y, sentence, backend):
    net = network(1, loss, output)
    before = net.get_weights()
    with pytest.raises((TypeError, ValueError), match=sentence):
        net.fit(X, y)
    assert all(map(np.array_equal, before, net.get_weights()))


@pytest.mark.parametrize(
    ("outputs", "output", "loss", "sentence"),
    [
        (
            1,
            "linear",
            "poisson",
            "loss poisson does not fit the output activation linear, which gives",
        ),
        (1, "relu", "poisson", "loss poisson does not fit the output activation relu"),
        (1, "sigmoid", "hinge", "loss hinge does not fit the output activation sigmoid"),
        (
            1,
            "softmax",
            "squared_hinge",
            "loss squared_hinge does not fit the output activation soft",
        ),
        (2, "tanh", "gaussian_nll", "loss gaussian_nll does not fit the output activation tanh"),
        (1, "log_softmax", "hinge", "loss hinge does not fit the output activation log_softmax"),
        (3, "log_softmax", "quantile", "does not fit the output activation log_softmax"),
        (3, "softmax", "quantile", "loss quantile does not fit the output activation softmax"),
        (4, "linear", "quantile", "the network has 4 outputs; .* wants 3 for each column of y"),
        (3, "linear", "gaussian_nll", "the network has 3 outputs; .* wants 2 for each column of y"),
        (1, "linear", "focal", "loss focal_cross_entropy with from_logits=False does not fit"),
        (1, "linear", "hubber", "unknown loss 'hubber' .did you mean 'huber'"),
    ],
)
def test_a_loss_that_does_not_fit_the_outputs_is_refused(outputs, output, loss, sentence):
    with pytest.raises(ValueError, match=sentence):
        network(outputs, loss, output)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: nn.Huber(0.0), "delta of Huber is 0.0; wanted is a finite number above 0"),
        (lambda: nn.GaussianNLL(epsilon=-1.0), "epsilon of GaussianNLL is -1.0"),
        (lambda: nn.CrossEntropy(label_smoothing=1.0), "label_smoothing of CrossEntropy is 1.0"),
        (lambda: nn.FocalCrossEntropy(gamma=-1), "gamma of FocalCrossEntropy is -1"),
        (lambda: nn.FocalCrossEntropy(alpha=0), "alpha of FocalCrossEntropy is 0; .* above 0"),
        (lambda: nn.Quantile([]), "quantiles of Quantile has 0 members; wanted are 1 to 99"),
        (lambda: nn.Quantile([0.5] * 100), "quantiles of Quantile has 100 members"),
        (lambda: nn.Quantile([0.1, 1.0]), r"quantiles of Quantile\[1\] is 1.0; .* below 1"),
        (lambda: nn.Quantile([0.9, 0.1]), "is .0.9, 0.1.; wanted is each quantile once, the small"),
        (lambda: nn.Quantile([0.5, 0.5]), "wanted is each quantile once"),
        (lambda: nn.Quantile("median"), "quantiles of Quantile is 'median'; wanted is a list of"),
        (lambda: nn.Quantile(None), "quantiles of Quantile is None; wanted is a list of"),
        (
            lambda: nn.Quantile().read([1.0, 2.0]),
            r"outputs has the shape \(2,\); wanted are outputs",
        ),
    ],
)
def test_parameters_are_checked(make, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


@pytest.mark.parametrize("no", [0, -1])
def test_hinge_takes_either_sign_for_no(no, backend):
    y = np.array([no, no, 1, 1])
    net = network(loss="hinge")
    net.fit(X, y, epochs=20, verbose=0)
    assert net.predict_classes(X).tolist() == y.tolist()
    assert net.evaluate(X, y) == {"loss": 0.0, "accuracy": 1.0}
    assert net.classes_.tolist() == [no, 1]
    with pytest.raises(ValueError, match="wanted are labels of those seen before"):
        net.evaluate(X, [-1 - no, 1, 1, 1])


def test_hinge_learns_what_no_is_called_when_it_comes(backend):
    net = network(loss="hinge")
    net.train_on_batch(X, [1, 1, 1, 1])
    assert net.classes_ is None
    net.train_on_batch(X, [-1, 1, 1, 1])
    assert net.classes_.tolist() == [-1, 1]


@pytest.mark.parametrize("y", [["no", "no", "yes", "yes"], [False, False, True, True]])
def test_hinge_takes_labels(y, backend):
    net = network(loss="squared_hinge")
    net.fit(X, y, epochs=30, verbose=0)
    assert net.predict_classes(X).tolist() == y


def test_several_hinge_outputs_decide_each_for_itself(backend):
    y = np.array([[0, 1], [0, 1], [1, 0], [1, 0]])
    results = []
    for targets in (y, 2 * y - 1):
        net = network(2, "hinge")
        net.fit(X, targets, epochs=20, verbose=0)
        assert net.predict_classes(X).tolist() == y.tolist()
        results.append(net.history)
    assert results[0] == results[1]


@pytest.mark.parametrize("labels", [[0, 0, 1, 1], ["a", "a", "b", "b"], np.eye(2)[[0, 0, 1, 1]]])
def test_focal_takes_the_labels_that_cross_entropy_takes(labels, backend):
    net = network(2, "focal", "softmax")
    history = net.fit(X, labels, epochs=300, verbose=0).history
    assert history["accuracy"][-1] == 1.0
    assert history["loss"][-1] < history["loss"][0]


def test_smoothing_is_the_same_for_classes_and_one_hot_rows(backend):
    losses = []
    for y in ([0, 0, 1, 1], np.eye(2)[[0, 0, 1, 1]]):
        net = network(
            2, nn.CategoricalCrossEntropy(label_smoothing=0.2), "softmax", dtype="float64"
        )
        if isinstance(y, list):
            net.compile("sgd", nn.SparseCategoricalCrossEntropy(label_smoothing=0.2))
        losses.append(net.evaluate(X, y)["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-14)


def test_quantiles_of_two_columns(backend):
    loss = nn.Quantile([0.25, 0.75])
    net = network(4, loss)
    y = np.arange(8.0).reshape(4, 2)
    net.fit(X, y, verbose=0)
    outputs = net.predict(X)
    low, high = loss.read(outputs)
    assert low.shape == high.shape == (4, 2)
    np.testing.assert_array_equal(np.sort([outputs[:, :2], outputs[:, 2:]], axis=0), [low, high])
    assert loss.read(outputs[0]).shape == (2, 2)
    with pytest.raises(
        ValueError, match=r"y has the shape \(4, 4\); wanted is \(4, 2\) for quantile"
    ):
        net.fit(X, np.zeros((4, 4)))
    with pytest.raises(
        ValueError, match="predict_classes wants outputs of classes, but the loss is"
    ):
        net.predict_classes(X)


@pytest.mark.parametrize(
    ("loss", "point"), [(nn.Quantile([0.1, 0.4, 0.95]), 1), (nn.GaussianNLL(), 0)]
)
def test_metrics_are_of_the_point_prediction(loss, point, backend):
    each = loss.outputs_for_each
    for columns in (2, 20):  # rows in lanes, and outputs in lanes
        net = network(columns * each, dtype="float64").compile("sgd", loss, ["mae", "mse"])
        y = np.random.default_rng(0).normal(size=(4, columns))
        outputs = net.predict(X)
        error = outputs[:, point * columns : (point + 1) * columns] - y
        found = net.evaluate(X, y)
        assert found["mean_absolute_error"] == pytest.approx(np.abs(error).mean(), rel=1e-12)
        assert found["mean_squared_error"] == pytest.approx(np.square(error).mean(), rel=1e-12)
        np.testing.assert_array_equal(loss.point(outputs) - y, error)


def test_a_normal_distribution_is_found(backend):
    random = np.random.default_rng(0)
    x = random.choice([-1.0, 1.0], (2000, 1))
    y = np.where(x > 0, 2.0, 0.5) * random.normal(size=(2000, 1)) + 3 * x
    loss = nn.GaussianNLL()
    net = network(2, loss).compile(nn.Adam(0.05), loss)
    net.fit(x, y, epochs=40, batch_size=100, verbose=0)
    mean, variance = loss.read(net.predict([[-1.0], [1.0]]))
    np.testing.assert_allclose(mean.ravel(), [-3.0, 3.0], atol=0.25)
    np.testing.assert_allclose(np.sqrt(variance.ravel()), [0.5, 2.0], rtol=0.2)


@pytest.mark.parametrize("extreme", [1e-30, 1e3, 1e9])
def test_extreme_outputs_give_finite_losses(extreme, backend):
    for cls in nn.losses.registry.classes:
        loss = cls()
        output = {"poisson": "sigmoid"}.get(loss.name, "linear")
        if isinstance(loss, (nn.losses.CrossEntropy, nn.KLDivergence)):
            loss = loss.replace(from_logits=True)
        for columns in (2, 20):
            net = network(columns * loss.outputs_for_each, loss, output)
            weights = net.get_weights()
            net.set_weights([np.full_like(weights[0], extreme), weights[1]])
            y = {"labels": [0, 1, 0, 1], "classes": [0, 1, 0, 1]}.get(
                loss.targets, np.full((4, columns), 1 / columns)
            )
            y = np.ones((4, columns)) if loss.targets == "signs" else y
            value, gradients = net.gradients(X, y)
            assert np.isfinite(value), loss
            assert all(np.isfinite(gradient).all() for gradient in gradients), loss


def test_losses_survive_a_file(tmp_path, backend):
    for loss, outputs in [(nn.Quantile([0.2, 0.8]), 2), (nn.GaussianNLL(0.01, full=True), 2)]:
        net = network(outputs, loss)
        net.fit(X, [1, 2, 3, 4], epochs=2, verbose=0)
        net.save(tmp_path / "net.safetensors")
        loaded = nn.load(tmp_path / "net.safetensors")
        assert loaded.loss == loss
        for one in (net, loaded):
            one.fit(X, [1, 2, 3, 4], verbose=0)
        assert all(map(np.array_equal, net.get_weights(), loaded.get_weights()))


# Losses of one's own ----------------------------------------------------------------------------


class OwnHuber(nn.CustomLoss):
    def __init__(self, delta=1.0):
        self.delta = delta

    def rows(self, outputs, targets):
        error = np.abs(outputs - targets)
        line = self.delta * (error - self.delta / 2)
        return np.mean(np.where(error > self.delta, line, error**2 / 2), axis=1)

    def gradient(self, outputs, targets):
        return np.clip(outputs - targets, -self.delta, self.delta) / outputs.shape[1]


def test_a_loss_of_one_s_own_does_what_the_built_in_does():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(40, 3)), random.normal(scale=3, size=(40, 2))
    nets = []
    for loss in (nn.Huber(0.5), OwnHuber(0.5)):
        net = nn.FeedForward("3-8-2", hidden="tanh", dtype="float64", seed=1)
        net.compile("adam", loss, ["mae"])
        net.fit(x, y, epochs=10, batch_size=8, validation_data=(x, y), verbose=0)
        nets.append(net)
    built_in, own = nets
    assert own.backend == "numpy"
    for ours, theirs in zip(own.get_weights(), built_in.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)
    for name, values in built_in.history.items():
        np.testing.assert_allclose(own.history[name], values, rtol=1e-10)


def test_a_network_goes_back_from_a_loss_of_one_s_own(backend):
    net = network()
    net.fit(X, X, epochs=3, verbose=0)
    before, epoch = net.get_weights(), net._network.state()["epoch"]
    net.compile("adam", OwnHuber)
    assert net.backend == "numpy"
    assert all(map(np.array_equal, before, net.get_weights()))
    assert net._network.state()["epoch"] == epoch
    net.fit(X, X, epochs=2, verbose=0)
    net.compile("adam", "huber")
    assert net.backend == backend
    net.fit(X, X, verbose=0)
    assert net._network.state()["epoch"] == epoch + 3
    assert len(net.history["loss"]) == epoch + 3


def test_a_network_from_a_file_takes_a_loss_of_one_s_own(tmp_path, backend):
    network().save(tmp_path / "net.safetensors")
    net = nn.load(tmp_path / "net.safetensors")
    assert net.compile("sgd", OwnHuber()).backend == "numpy"
    assert net.compile("sgd").backend == backend


def test_rust_that_was_asked_for_is_not_left():
    pytest.importorskip("nnfast._core")
    net = network(backend="rust")
    with pytest.raises(
        ValueError, match=r"backend is 'rust' but the loss OwnHuber\(\) is Python code"
    ):
        net.compile(loss=OwnHuber())
    assert net.loss == nn.MeanSquaredError()


def test_a_network_with_a_loss_of_one_s_own_is_copied_and_pickled_but_not_saved(tmp_path):
    net = network(loss=OwnHuber(0.5))
    net.fit(X, X, epochs=2, verbose=0)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin.loss.delta == 0.5
        twin.fit(X, X, verbose=0)
    with pytest.raises(
        ValueError, match=r"the loss OwnHuber\(\) is Python code of your own, which no"
    ):
        net.save(tmp_path / "net.safetensors")
    assert not list(tmp_path.iterdir())


def test_networks_with_losses_of_one_s_own_train_side_by_side():
    nets = [network(loss=OwnHuber(delta)) for delta in (0.5, 1.0)]
    histories = nn.fit_many(nets, X, X, epochs=3, verbose=0)
    assert all(len(history.history["loss"]) == 3 for history in histories)


ROWS = {
    "a number": (lambda a, t: 1.0, TypeError, "rows returned a float; wanted is an array"),
    "a list": (lambda a, t: [0.0] * len(a), TypeError, "rows returned a list; wanted is an array"),
    "all": (
        lambda a, t: (a - t) ** 2,
        ValueError,
        r"returned the shape \(4, 1\); wanted is \(4,\)",
    ),
    "words": (lambda a, t: np.array(["a"] * 4), TypeError, "rows returned <U1; wanted are real"),
    "nan": (lambda a, t: np.full(4, np.nan), ValueError, "rows returned nan at .0., where the"),
}


@pytest.mark.parametrize("case", ROWS)
def test_what_rows_returns_is_checked(case):
    function, error, sentence = ROWS[case]

    class Wrong(OwnHuber):
        def rows(self, outputs, targets):
            return function(outputs, targets)

    with pytest.raises(error, match=f"Wrong.{sentence}|Wrong.rows {sentence}"):
        network(loss=Wrong()).fit(X, X)


def test_what_gradient_returns_is_checked():
    class Wrong(OwnHuber):
        def gradient(self, outputs, targets):
            return np.zeros(len(outputs))

    net = network(loss=Wrong())
    before = net.get_weights()
    with pytest.raises(ValueError, match=r"Wrong.gradient returned the shape \(4,\); wanted is"):
        net.fit(X, X)
    assert all(map(np.array_equal, before, net.get_weights()))


def test_a_loss_of_one_s_own_cannot_change_what_it_is_given():
    class Greedy(OwnHuber):
        def rows(self, outputs, targets):
            outputs -= targets
            return np.mean(outputs**2, axis=1)

    with pytest.raises(ValueError, match="read-only"):
        network(loss=Greedy()).fit(X, X)


def test_a_loss_of_one_s_own_says_what_y_holds():
    class Counts(OwnHuber):
        targets = "nonnegative"

    with pytest.raises(
        ValueError, match="y holds -2 at row 0, column 0; Counts wants numbers from 0"
    ):
        network(loss=Counts()).fit(X, X)
    with pytest.raises(ValueError, match="targets of Odd is 'anything'; wanted is one of values"):
        type("Odd", (nn.CustomLoss,), {"targets": "anything"})
    assert "Counts" not in nn.losses.registry.names


def test_methods_that_are_missing_are_named():
    class Empty(nn.CustomLoss):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no method rows"):
        network(loss=Empty()).evaluate(X, X)
