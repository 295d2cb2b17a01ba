"""What our estimators can do beyond scikit-learn's."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits

import nnfast as nn
from nnfast.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_digits(return_X_y=True)
X = X / 16
TRAIN, TEST = slice(0, 1200), slice(1200, None)
PATIENTS, PROGRESS = load_diabetes(return_X_y=True)
PROGRESS = PROGRESS / 100


def accuracy(**options: Any) -> float:
    options = {"hidden_layer_sizes": (40, 20), "max_iter": 30, "random_state": 0, **options}
    return float(MLPClassifier(**options).fit(X[TRAIN], Y[TRAIN]).score(X[TEST], Y[TEST]))


@pytest.mark.parametrize(
    "options",
    [
        {"activation": ["tanh", "elu"]},
        {"activation": (nn.activations.GELU(approximate=True), "silu")},
        {"activation": nn.activations.PReLU},
        {"solver": "rmsprop", "max_iter": 60},
        {"solver": nn.AdamW(nn.schedules.CosineDecay(0.01, 200))},
        {"solver": nn.LBFGS(), "max_iter": 40},
        {"loss": nn.FocalCrossEntropy()},
        {"loss": nn.CrossEntropy(label_smoothing=0.1)},
        {"dropout": 0.1},
        {"class_weight": "balanced"},
        {"dtype": "float32"},
        {"dtype": np.float64, "backend": "numpy"},
        {"early_stopping": True, "solver": nn.Nadam(0.003)},
    ],
    ids=str,
)
def test_digits(options: dict[str, Any]) -> None:
    assert accuracy(**options) > 0.88


@pytest.mark.parametrize(
    "loss", ["huber", "mean_absolute_error", nn.LogCosh(), nn.GaussianNLL(), "quantile"], ids=str
)
def test_regression_losses(loss: Any) -> None:
    model = MLPRegressor(loss, max_iter=100, learning_rate_init=0.01, random_state=0)
    model.fit(PATIENTS, PROGRESS)
    assert model.predict(PATIENTS).shape == (442,)
    assert model.score(PATIENTS, PROGRESS) > 0.4


def test_output_activation() -> None:
    model = MLPRegressor(output_activation="softplus", random_state=0).fit(PATIENTS, PROGRESS)
    assert model.out_activation_ == "softplus"
    assert (model.predict(PATIENTS) >= 0).all()


def test_class_weight_is_a_weight_of_rows() -> None:
    y = Y > 7
    plain = MLPClassifier(max_iter=5, random_state=0).fit(X, y, sample_weight=1.0 + 4 * y)
    given = MLPClassifier(max_iter=5, random_state=0, class_weight={True: 5.0}).fit(X, y)
    np.testing.assert_array_equal(plain.coefs_[0], given.coefs_[0])
    with pytest.raises(ValueError, match="class_weight 'balanced' is not supported"):
        MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[False, True])


def test_validation_data_is_scored_and_stops() -> None:
    held_out = (X[TEST], Y[TEST])
    model = MLPClassifier(max_iter=5, random_state=0)
    model.fit(X[TRAIN], Y[TRAIN], validation_data=held_out)
    assert model.validation_scores_[-1] == model.score(*held_out)
    plain = MLPClassifier(max_iter=5, random_state=0).fit(X[TRAIN], Y[TRAIN])
    assert plain.loss_curve_ == model.loss_curve_
    stopped = MLPClassifier(early_stopping=True, random_state=0, n_iter_no_change=2)
    stopped.fit(X[TRAIN], Y[TRAIN], validation_data=held_out)
    assert stopped.score(*held_out) == max(stopped.validation_scores_)
    assert stopped.n_iter_ < 200
    with pytest.raises(ValueError, match=r"validation_data\[1\] has the labels \[11\]; wanted are"):
        model.fit(X, Y, validation_data=(X[:2], [1, 11]))
    with pytest.raises(TypeError, match=r"validation_data is a ndarray; wanted is \(X, y\)"):
        model.fit(X, Y, validation_data=X)


def test_validation_data_of_numbers() -> None:
    model = MLPRegressor(random_state=0, max_iter=4)
    model.fit(PATIENTS[:300], PROGRESS[:300], validation_data=(PATIENTS[300:], PROGRESS[300:]))
    assert model.validation_scores_[-1] == model.score(PATIENTS[300:], PROGRESS[300:])


class Watcher(nn.Callback):
    def __init__(self) -> None:
        self.seen: list[float] = []
        self.batches = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(logs["loss"])
        self.model.stop_training = epoch == 2


class BatchWatcher(Watcher):
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches += 1


def test_callbacks() -> None:
    watcher, plain = BatchWatcher(), Watcher()
    models = [MLPClassifier(random_state=0, callbacks=[w]).fit(X, Y) for w in (watcher, plain)]
    assert watcher.batches == 3 * 9
    assert watcher.seen == plain.seen == models[0].loss_curve_
    np.testing.assert_array_equal(models[0].coefs_[0], models[1].coefs_[0])
    with pytest.raises(TypeError, match=r"callbacks\[0\] is 1; wanted is an instance"):
        MLPClassifier(callbacks=[1]).fit(X, Y)


def test_threads_change_no_bit() -> None:
    one, three = (
        MLPClassifier((64, 32), max_iter=3, random_state=0, threads=n).fit(X, Y) for n in (1, 3)
    )
    assert all(map(np.array_equal, one.coefs_, three.coefs_))


def test_bytes_are_read_in_place() -> None:
    x = (16 * X).astype(np.uint8)
    options = {"max_iter": 3, "random_state": 0}
    bytes_, doubles = (MLPClassifier(**options).fit(a, Y) for a in (x, x.astype(float)))
    assert all(map(np.array_equal, bytes_.coefs_, doubles.coefs_))
    np.testing.assert_array_equal(bytes_.predict_proba(x), doubles.predict_proba(16 * X))


def test_weights_changed_by_hand_are_taken() -> None:
    model = MLPClassifier(max_iter=3, random_state=0).fit(X, Y)
    before = model.predict_proba(X)
    model.coefs_[0] *= 0.5
    changed = model.predict_proba(X)
    assert not np.array_equal(before, changed)
    model.coefs_[0] = 2 * model.coefs_[0]
    np.testing.assert_array_equal(model.predict_proba(X), before)
    model.coefs_[0] = model.coefs_[0][:5]
    with pytest.raises(ValueError, match=r"has an array of the shape \(5, 100\); wanted is \(64,"):
        model.predict(X)


def test_the_network_is_there() -> None:
    model = MLPClassifier((30,), max_iter=20, random_state=0).fit(X, Y)
    assert model.net_.architecture == "64-30-10"
    np.testing.assert_array_equal(model.net_.predict(X), model.predict_proba(X))
    np.testing.assert_array_equal(model.net_.predict_classes(X), model.predict(X))
    np.testing.assert_allclose(model.net_.history["loss"], model.loss_curve_)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_go_on_to_the_same_bits(again: Any) -> None:
    model = MLPClassifier(random_state=0, solver="adam", dropout=0.1)
    model.partial_fit(X, Y, classes=np.arange(10))
    other = again(model)
    for one in (model, other):
        one.partial_fit(X, Y)
    assert all(map(np.array_equal, model.coefs_, other.coefs_))
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X))
    assert clone(other).get_params() == model.get_params()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"activation": ["relu"]}, "activation has 1 members; wanted are 2, one for each hidden"),
        ({"activation": ["relu", "rely"]}, r"activation\[1\]: unknown activation 'rely' \(did you"),
        ({"activation": "rely"}, "The 'activation' parameter of MLPClassifier must be"),
        ({"solver": "adm"}, "The 'solver' parameter of MLPClassifier must be"),
        ({"loss": nn.Hinge()}, "wanted is one that learns probabilities"),
        ({"loss": nn.CrossEntropy(from_logits=True)}, "wanted is one that learns probabilities"),
        ({"dropout": 1.0}, "The 'dropout' parameter of MLPClassifier must be"),
    ],
    ids=str,
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MLPClassifier((4, 4), **options).fit(X, Y)


def test_more_that_is_refused() -> None:
    with pytest.raises(ValueError, match="loss is 'hinge'; wanted is one of numbers"):
        MLPRegressor("hinge").fit(PATIENTS, PROGRESS)
    for solver in ("lbfgs", nn.LBFGS()):
        assert not hasattr(MLPRegressor(solver=solver), "partial_fit")


def test_early_stopping_may_be_turned_on_and_off_between_fits() -> None:
    model = MLPClassifier(max_iter=3, random_state=0, warm_start=True, activation="prelu")
    model.fit(X, Y)
    assert model.validation_scores_ is None
    model.set_params(early_stopping=True).fit(X, Y)
    assert len(model.validation_scores_) == 3
    model.set_params(early_stopping=False).fit(X, Y)
    assert len(model.loss_curve_) == 9


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize(
    "labels",
    [
        Y,
        Y + 100.0,
        Y.astype(str),
        np.array(["odd", "even"], dtype=object)[Y % 2],
        Y > 4,
        np.c_[Y % 2, Y > 4],
        np.ones(len(Y), int),
    ],
    ids=["numbers", "floats", "words", "objects", "booleans", "several", "one"],
)
def test_the_network_is_saved_with_the_labels(labels: Any, solver: str, tmp_path: Any) -> None:
    model = MLPClassifier(max_iter=3, solver=solver, random_state=0).fit(X, labels)
    model.net_.save(tmp_path / "net.safetensors")
    net = nn.load(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(net.predict(X), model.net_.predict(X))
    said, wanted = net.predict_classes(X), model.predict(X)
    if net.classes_ is None and labels.ndim == 1:  # labels that a file does not hold
        wanted = (net.predict(X)[:, 0] > 0.5).astype(int)
    np.testing.assert_array_equal(said, wanted)
    assert (net.classes_ is None) == (labels.ndim == 2 or len(np.unique(labels)) == 1)
