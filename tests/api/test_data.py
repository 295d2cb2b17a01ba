"""What X and y may be; and that a call which is refused changes nothing."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import nnfast as nn

X = np.arange(12.0).reshape(4, 3) / 12
Y = np.array([0.0, 1.0, 2.0, 3.0])


def with_value(value):
    """Return the rows with one value replaced."""
    rows = X.copy()
    rows[2, 1] = value
    return rows


class Frame:
    """Something with __array__, as a pandas DataFrame is."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)


class Sparse:
    """Something with toarray, as SciPy's sparse matrices are."""

    def toarray(self):
        return X


@pytest.mark.parametrize(
    "values",
    [
        X,
        X.astype(np.float32),
        X.tolist(),
        tuple(map(tuple, X)),
        Frame(X),
        np.asfortranarray(X),
        X[::-1][::-1],
        np.repeat(X, 2, axis=1)[:, ::2],
        X.astype(">f8"),
        X.astype(">f4"),
        np.ma.array(X),
    ],
    ids=lambda values: type(values).__name__,
)
def test_any_array_like_of_reals_is_taken(values, backend):
    net = nn.FeedForward("3-2-1", seed=0)
    np.testing.assert_allclose(net.predict(values), net.predict(X.copy()), rtol=1e-6)


@pytest.mark.parametrize(
    "dtype", [bool, np.int8, np.uint8, np.int64, np.uint16, np.float16, np.longdouble]
)
def test_any_real_dtype_is_taken(dtype, backend):
    values = np.array([[0, 1, 1], [1, 0, 1]])
    net = nn.FeedForward("3-2-1", seed=0)
    np.testing.assert_array_equal(
        net.predict(values.astype(dtype)), net.predict(values.astype(float))
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_arrays_that_can_be_read_in_place_are(dtype, monkeypatch, backend):
    values = np.ones((6, 8), dtype)[::2, 1:7:2]
    seen = []
    net = nn.FeedForward("3-1")
    kept = net._network

    class Watched:
        def try_predict(self, x, threads, out):
            return None

        def predict(self, x, threads, out):
            seen.append(x)
            return kept.predict(x, threads, out)

    net._network = Watched()
    net.predict(values)
    assert seen[0] is values


def test_an_unaligned_array_is_taken(backend):
    record = np.zeros(4, dtype=[("pad", "i1"), ("x", "f8", (3,))])
    record["x"] = X
    assert not record["x"].flags.aligned
    net = nn.FeedForward("3-1", seed=0)
    np.testing.assert_array_equal(net.predict(record["x"]), net.predict(X))


BAD_X = [
    (np.float64(3.0), ValueError, r"X has the shape \(\); wanted are 2 dimensions, \(rows, 3\)"),
    (
        X.reshape(2, 2, 3),
        ValueError,
        r"X has the shape \(2, 2, 3\).*: use X.reshape\(len\(X\), -1\)",
    ),
    (X[:, :2], ValueError, r"X has 2 columns, its shape is \(4, 2\); wanted is \(rows, 3\)"),
    (X[:0], ValueError, r"X is empty, its shape is \(0, 3\)"),
    (np.empty((4, 0)), ValueError, "X is empty"),
    (
        [[1.0, 2.0, np.nan]],
        ValueError,
        "X holds nan at row 0, column 2; every value must be finite",
    ),
    (with_value(np.inf), ValueError, "X holds inf at row 2, column 1"),
    (
        with_value(-np.inf).astype(np.float16),
        ValueError,
        "X holds -inf at row 2, col",
    ),
    (X * 1e300, ValueError, r"X holds values as large as .*float32 cannot; scale X, or give"),
    (
        np.full((2, 3), 1e40, np.longdouble),
        ValueError,
        "X holds 1e\\+40 at row 0, column 0, which f",
    ),
    (X * 1j, TypeError, r"X holds complex numbers \(dtype complex128\); wanted are real numbers"),
    (X.astype(object), TypeError, "X holds objects"),
    (X.astype(str), TypeError, "X holds strings"),
    ([["a", "b", "c"]], TypeError, "X holds strings"),
    ([[1, 2, None]], TypeError, "X holds objects"),
    (np.zeros((4, 3), "M8[s]"), TypeError, "X holds no numbers"),
    ([[1, 2, 3], [1, 2]], ValueError, "X cannot be read as an array"),
    (None, TypeError, "X holds objects"),
    (Sparse(), TypeError, r"X is a sparse Sparse; wanted is a dense array: X.toarray\(\)"),
    (np.ma.array(X, mask=X > 0.5), ValueError, "X has masked entries"),
]


@pytest.mark.parametrize(("values", "error", "sentence"), BAD_X)
def test_bad_rows_get_one_sentence(values, error, sentence, backend):
    net = nn.FeedForward("3-2-1", seed=0)
    before = pickle.dumps(net)
    for call in (net.predict, lambda x: net.fit(x, Y), lambda x: net.evaluate(x, Y)):
        with pytest.raises(error, match=sentence):
            call(values)
    for call in (net.train_on_batch, net.gradients):
        with pytest.raises(error, match=sentence):
            call(values, Y)
    with pytest.raises(error, match=sentence.replace("X", r"validation_data\[0\]")):
        net.fit(X, Y, validation_data=(values, Y))
    assert pickle.dumps(net) == before


def test_one_row_alone_is_for_predicting(backend):
    net = nn.FeedForward("3-1", seed=0)
    assert net.predict(X[0]).shape == (1,)
    with pytest.raises(ValueError, match=r"X has the shape \(3,\); .*\[X\] for one row"):
        net.fit(X[0], [1.0])
    with pytest.raises(ValueError, match=r"X has 4 columns, its shape is \(1, 4\)"):
        net.predict(Y)


NAN = [0.0, np.nan, 1.0, 1.0]
STRINGS = ["a", "b", "a", "b"]
BAD_Y = [
    # output, loss, y, error, sentence
    ("linear", None, Y[:3], ValueError, "y has 3 rows but X has 4; wanted is one target for each"),
    ("linear", None, [], ValueError, r"y has the shape \(0,\)"),
    ("linear", None, 1.0, ValueError, r"y has the shape \(\)"),
    ("linear", None, Y.reshape(4, 1, 1), ValueError, r"y has the shape \(4, 1, 1\)"),
    ("linear", None, NAN, ValueError, "y holds nan at row 1, column 0; every value must be finite"),
    ("linear", None, Y * 1e300, ValueError, "y holds 1e\\+300 at row 1, column 0, which float32"),
    ("linear", None, Y * 1j, TypeError, "y holds complex numbers"),
    ("linear", None, STRINGS, TypeError, "y holds strings, which mean_squared_error cannot take"),
    ("linear", None, [0, 1, None, 1], TypeError, r"y holds objects \(NoneType, int\)"),
    ("linear", None, np.array([b"a"] * 4), TypeError, "y holds bytes"),
    ("linear", None, np.eye(4), ValueError, r"y has the shape \(4, 4\); wanted is \(4, 1\)"),
    ("linear2", None, Y, ValueError, r"wanted is \(4, 2\) for mean_squared_error with 2 outputs"),
    ("sigmoid", None, [0, 1, 2, 1], ValueError, "y holds 2 at row 2, column 0; binary_cross_ent"),
    ("sigmoid", None, [0, 1, -1, 1], ValueError, "y holds -1 at row 2"),
    ("sigmoid", None, NAN, ValueError, "y holds nan at row 1"),
    ("sigmoid", None, ["a", "b", "c", "a"], ValueError, "y holds 3 different labels; wanted are 2"),
    ("sigmoid", None, ["a"] * 4, ValueError, "y holds 1 different labels; wanted are 2"),
    ("sigmoid", None, np.eye(4)[:, :2], ValueError, r"y has the shape \(4, 2\); wanted is \(4,\)"),
    ("sigmoid2", None, [0, 1, 1, 0], ValueError, "class numbers belong to a softmax output"),
    ("sigmoid2", None, [[0, 2]] * 4, ValueError, "y holds 2 at row 0, column 1"),
    ("softmax", None, [0, 1, 2, 3], ValueError, "y holds 3 at row 3; .* class numbers from 0 to 2"),
    ("softmax", None, [0, -1, 2, 2], ValueError, "y holds -1 at row 1"),
    ("softmax", None, [0, 0.5, 1, 2], ValueError, "y holds 0.5 at row 1; wanted are whole class"),
    ("softmax", None, NAN, ValueError, "y holds nan at row 1"),
    ("softmax", None, STRINGS, ValueError, "y holds 2 different labels; wanted are 3"),
    ("softmax", None, [["a", "b", "c"]] * 4, TypeError, "y holds strings"),
    ("softmax", None, np.ones((4, 2)), ValueError, r"y has the shape \(4, 2\); wanted is \(4, 3\)"),
    ("softmax", None, np.ones((4, 3)), ValueError, "y has the sum 3 in row 0; .*with the sum 1"),
    ("softmax", None, [[2, -1, 0]] * 4, ValueError, "y holds -1 at row 0, column 1; .*no negative"),
    ("softmax", "cce", [0, 1, 2, 1], ValueError, "class numbers belong to .* cross_entropy"),
    ("softmax", "scce", np.eye(4)[:, :3], ValueError, r"wanted is \(4,\), one label for each row"),
]


@pytest.mark.parametrize(("output", "loss", "y", "error", "sentence"), BAD_Y)
def test_bad_targets_get_one_sentence(output, loss, y, error, sentence, backend):
    units = {"linear2": 2, "sigmoid2": 2, "softmax": 3}.get(output, 1)
    net = nn.FeedForward([3, units], output=output.rstrip("2"), seed=0).compile(loss=loss)
    before = pickle.dumps(net)
    for call in (net.fit, net.evaluate, net.train_on_batch, net.gradients):
        with pytest.raises(error, match=sentence):
            call(X, y)
    assert pickle.dumps(net) == before


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"epochs": 0}, ValueError, "epochs is 0; wanted is a whole number of at least 1"),
        ({"epochs": 1.0}, TypeError, "epochs is 1.0"),
        ({"epochs": True}, TypeError, "epochs is True"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"batch_size": "32"}, TypeError, "batch_size is '32'"),
        ({"shuffle": 1}, TypeError, "shuffle is 1; wanted is True or False"),
        ({"verbose": 3}, ValueError, "verbose is 3; wanted is one of 'auto', 0, 1, 2"),
        ({"verbose": "loud"}, ValueError, "verbose is 'loud'"),
        (
            {"validation_data": X},
            TypeError,
            r"validation_data is a ndarray; wanted is \(X, y\) or \(X, y, sample_weight\)",
        ),
        ({"validation_data": (X,)}, TypeError, "validation_data is a tuple of 1"),
        (
            {"validation_data": (X, Y[:2])},
            ValueError,
            r"validation_data\[1\] has 2 rows but validati",
        ),
        ({"callbacks": 3}, TypeError, "callbacks is 3"),
        ({"callbacks": [print]}, TypeError, r"callbacks\[0\] is <built-in"),
        ({"callbacks": [nn.Callback]}, TypeError, r"callbacks\[0\] is <class"),
    ],
)
def test_a_bad_option_of_fit_gets_one_sentence(options, error, sentence, backend):
    net = nn.FeedForward("3-1", seed=0)
    before = pickle.dumps(net)
    with pytest.raises(error, match=sentence):
        net.fit(X, Y, **options)
    assert pickle.dumps(net) == before
    with pytest.raises(ValueError, match="batch_size is 0"):
        net.evaluate(X, Y, batch_size=0)
