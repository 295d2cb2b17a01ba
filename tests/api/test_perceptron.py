"""The perceptron: it learns what a plane separates, within Novikoff's bound, and nothing else."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from nnfast.perceptron import novikoff_bound

SQUARE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@pytest.mark.parametrize("target", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0], [0, 1, 0, 1]])
@pytest.mark.parametrize("shuffle", [True, False])
def test_it_learns_what_a_line_separates(target, shuffle, backend):
    unit = nn.Perceptron(shuffle=shuffle).fit(SQUARE, target)
    assert unit.predict(SQUARE).tolist() == target
    assert unit.score(SQUARE, target) == 1.0
    assert unit.converged_
    assert unit.mistakes_[-1] == 0
    assert all(unit.mistakes_[:-1])
    assert len(unit.mistakes_) == unit.epochs_
    assert (unit.weights_.shape, unit.bias_.shape) == ((2, 1), (1,))


def test_it_cannot_learn_exclusive_or_and_says_so(backend):
    unit = nn.Perceptron(epochs=30)
    with pytest.warns(nn.ConvergenceWarning, match="has not converged: epoch 30, the last, still"):
        unit.fit(SQUARE, [0, 1, 1, 0])
    assert not unit.converged_
    assert unit.epochs_ == 30
    assert unit.score(SQUARE, [0, 1, 1, 0]) < 1.0


def test_the_rule_is_rosenblatt_s(backend):
    unit = nn.Perceptron(0.5, shuffle=False).partial_fit(SQUARE, [0, 0, 0, 1])
    # Only (1, 1) is wrong: its net input is 0, which is not above 0.
    np.testing.assert_array_equal(unit.weights_, [[0.5], [0.5]])
    np.testing.assert_array_equal(unit.bias_, [0.5])
    assert unit.mistakes_ == [1]
    np.testing.assert_array_equal(unit.decision_function(SQUARE), [0.5, 1.0, 1.0, 1.5])
    unit.partial_fit(SQUARE, [0, 0, 0, 1])
    # Now (0, 0), (0, 1) and (1, 1) are wrong in turn; (1, 0) is right, with a net input of 0.
    np.testing.assert_array_equal(unit.weights_, [[1.0], [0.5]])
    np.testing.assert_array_equal(unit.bias_, [0.0])
    assert unit.mistakes_ == [1, 3]


def test_the_step_at_0_gives_0(backend):
    unit = nn.Perceptron().partial_fit([[0.0]], [0], classes=[0, 1])
    assert unit.mistakes_ == [0]
    assert unit.predict([[0.0]]).tolist() == [0]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 8),
    st.integers(4, 60),
    st.floats(0.05, 0.5),
    st.floats(1e-3, 1e3),
)
def test_the_mistakes_keep_within_novikoff_s_bound(seed, features, rows, margin, rate):
    rng = np.random.default_rng(seed)
    plane = rng.normal(size=features + 1)
    plane /= np.linalg.norm(plane)
    X = rng.uniform(-1, 1, size=(rows * 4, features))
    net = X @ plane[1:] + plane[0]
    X, net = X[np.abs(net) > margin], net[np.abs(net) > margin]
    y = (net > 0).astype(int)
    if len(set(y)) < 2:
        return
    bound = novikoff_bound(X, y, plane[1:], plane[0])
    assert bound <= (1 + features) / margin**2
    for name in ("numpy", "rust"):
        try:
            unit = nn.Perceptron(rate, epochs=10**6, seed=seed, backend=name)
        except ImportError:
            continue
        unit.fit(X, y)
        assert unit.converged_
        assert sum(unit.mistakes_) <= bound
        assert unit.score(X, y) == 1.0


def test_the_learning_rate_changes_no_decision(backend, blobs):
    X, y = blobs
    units = [nn.Perceptron(rate, seed=4).fit(X, y == 0) for rate in (1.0, 0.25, 4.0)]
    assert units[0].mistakes_ == units[1].mistakes_ == units[2].mistakes_


@pytest.mark.parametrize(
    "labels", [[0, 1, 2], [10, 20, 35], ["a", "b", "c"], [-1.5, 0.0, 2.5], ["x", "aa", "m"]]
)
def test_any_labels_come_back(labels, backend, blobs):
    X, y = blobs
    labels = np.array(labels)
    unit = nn.Perceptron().fit(X, labels[y])
    np.testing.assert_array_equal(unit.classes_, np.sort(labels))
    np.testing.assert_array_equal(unit.predict(X), labels[y])
    assert unit.decision_function(X).shape == (60, 3)
    assert unit.weights_.shape == (2, 3)


@pytest.mark.parametrize("labels", [[False, True], ["no", "yes"], [-1, 1], [3, 7]])
def test_two_labels_need_one_node(labels, backend, blobs):
    X, y = blobs
    target = np.array(labels)[(y == 0).astype(int)]
    unit = nn.Perceptron().fit(X, target.tolist())
    np.testing.assert_array_equal(unit.predict(X), target)
    assert unit.decision_function(X).shape == (60,)
    np.testing.assert_array_equal(unit.decision_function(X) > 0, y == 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64, bool])
def test_any_real_dtype_is_taken(dtype, backend):
    unit = nn.Perceptron().fit(SQUARE.astype(dtype), [0, 0, 0, 1])
    assert unit.weights_.dtype == np.float64
    reference = nn.Perceptron().fit(SQUARE, [0, 0, 0, 1])
    np.testing.assert_array_equal(unit.weights_, reference.weights_)


def test_partial_fit_is_fit_epoch_by_epoch(backend, blobs):
    X, y = blobs
    whole, parts = nn.Perceptron(seed=9).fit(X, y), nn.Perceptron(seed=9)
    while not getattr(parts, "converged_", False):
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(whole.weights_, parts.weights_)
    assert whole.mistakes_ == parts.mistakes_


def test_both_backends_agree(blobs):
    pytest.importorskip("nnfast._core")
    X, y = blobs
    rust, numpy = (nn.Perceptron(backend=name).fit(X, y) for name in ("rust", "numpy"))
    assert rust.mistakes_ == numpy.mistakes_
    np.testing.assert_allclose(rust.weights_, numpy.weights_, rtol=1e-12)


def test_copies_go_on_to_the_same_numbers_on_their_own(backend, blobs):
    X, y = blobs
    unit = nn.Perceptron().partial_fit(X, y)
    for other in (copy.copy(unit), copy.deepcopy(unit), pickle.loads(pickle.dumps(unit))):
        before = unit.weights_
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other.partial_fit(X + 5, y)
        np.testing.assert_array_equal(unit.weights_, before)
        assert len(unit.mistakes_) == 1
    assert eval(repr(unit), {"Perceptron": nn.Perceptron}).seed == unit.seed


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda unit: unit.fit(SQUARE, [0, 1, 0]), ValueError, "y has 3 rows but X has 4"),
        (
            lambda unit: unit.fit(SQUARE, [1, 1, 1, 1]),
            ValueError,
            r"y has the labels \[1\]; wanted",
        ),
        (lambda unit: unit.fit(SQUARE, np.eye(4)), ValueError, r"y has the shape \(4, 4\)"),
        (lambda unit: unit.fit(SQUARE, [0, 1, np.nan, 1]), ValueError, "y holds nan at row 2"),
        (lambda unit: unit.fit(SQUARE, [0, 1, None, 1]), TypeError, "y holds objects"),
        (lambda unit: unit.fit(SQUARE * 1j, [0, 1, 1, 1]), TypeError, "X holds complex numbers"),
        (lambda unit: unit.fit([[np.inf], [0.0]], [0, 1]), ValueError, "X holds inf at row 0, col"),
        (lambda unit: unit.fit(SQUARE[0], [0, 1]), ValueError, r"X has the shape \(2,\)"),
        (lambda unit: unit.fit(SQUARE[:0], []), ValueError, "X is empty"),
        (lambda unit: unit.partial_fit(SQUARE, [0] * 4), ValueError, r"y has the labels \[0\]"),
        (
            lambda unit: unit.partial_fit(SQUARE, [0, 1, 2, 1], classes=[0, 1]),
            ValueError,
            "y holds the label 2 at row 2; wanted are those seen before: 0, 1",
        ),
        (lambda unit: unit.partial_fit(SQUARE, [0] * 4, []), ValueError, "classes has the labels"),
        (lambda unit: unit.predict(SQUARE), ValueError, "has learned nothing yet; call fit"),
        (lambda unit: unit.weights_, ValueError, "has learned nothing yet"),
    ],
)
def test_a_bad_call_gets_one_sentence(call, error, sentence, backend):
    unit = nn.Perceptron()
    with pytest.raises(error, match=sentence):
        call(unit)
    with pytest.raises(ValueError, match="has learned nothing yet"):
        unit.predict(SQUARE)


def test_a_refused_call_keeps_what_was_learned(backend):
    unit = nn.Perceptron().fit(SQUARE, [0, 0, 0, 1])
    before = unit.weights_
    for call in (
        lambda: unit.fit(SQUARE, [0, 1]),
        lambda: unit.partial_fit(SQUARE, [0, 1, 2, 3]),
        lambda: unit.partial_fit(SQUARE, [0, 1, 1, 1], classes=[0, 1, 2]),
        lambda: unit.partial_fit(SQUARE[:, :1], [0, 1, 1, 1]),
        lambda: unit.predict(SQUARE[:, :1]),
    ):
        with pytest.raises(ValueError, match="wanted"):
            call()
    np.testing.assert_array_equal(unit.weights_, before)
    assert unit.converged_


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"learning_rate": 0}, ValueError, "learning_rate is 0; wanted is a finite number above 0"),
        ({"learning_rate": -1.0}, ValueError, "learning_rate is -1.0"),
        ({"epochs": 0}, ValueError, "epochs is 0"),
        ({"shuffle": "yes"}, TypeError, "shuffle is 'yes'"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"backend": "gpu"}, ValueError, "backend is 'gpu'"),
    ],
)
def test_a_wrong_option_gets_one_sentence(options, error, sentence):
    with pytest.raises(error, match=sentence):
        nn.Perceptron(**options)


def test_the_bound_wants_a_plane_that_separates():
    assert novikoff_bound([[-1.0], [1.0]], ["a", "b"], [[3.0]]) == pytest.approx(2.0)
    for weights in ([-1.0], [0.0]):
        with pytest.raises(ValueError, match="do not separate the classes"):
            novikoff_bound([[-1.0], [1.0]], [0, 1], weights)
    with pytest.raises(ValueError, match="wanted are 2 classes and 1 values"):
        novikoff_bound([[-1.0], [1.0]], [0, 1], [1.0, 2.0])
