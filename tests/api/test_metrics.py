"""Metrics as functions, against scikit-learn's, and as what `fit` and `evaluate` report."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn

metrics = nn.metrics
peer = pytest.importorskip("sklearn.metrics")

ROWS = 80
AVERAGES = ["macro", "micro", "weighted", "none"]
PRECISIONS = {
    metrics.Precision: peer.precision_score,
    metrics.Recall: peer.recall_score,
    metrics.F1: peer.f1_score,
}


def draw(seed, classes, *, absent=False, ties=False):
    """Draw labels and probabilities: with a class that never is, with equal outputs."""
    random = np.random.default_rng(seed)
    y = random.integers(0, classes - absent, ROWS)
    outputs = random.random((ROWS, classes)) + np.eye(classes)[y] * random.random((ROWS, 1))
    outputs /= outputs.sum(axis=1, keepdims=True)
    if ties:
        outputs = np.round(outputs, 1)
    return y, outputs, random.random(ROWS)


each_weights = pytest.mark.parametrize("weighted", [False, True])
each_seed = pytest.mark.parametrize("seed", range(5))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("metric", PRECISIONS)
@each_weights
@each_seed
def test_precision_recall_and_f1_of_classes(metric, average, weighted, seed):
    y, outputs, weights = draw(seed, 5, absent=seed > 1)
    outputs[:, 4] *= 0.0 if seed == 3 else 1.0  # a class that is never said either
    weights = weights if weighted else None
    said = outputs.argmax(axis=1)
    expected = PRECISIONS[metric](
        y,
        said,
        average=None if average == "none" else average,
        sample_weight=weights,
        zero_division=0,
        labels=np.arange(5) if average == "none" else None,
    )
    found = metric(average=average)(y, outputs, sample_weight=weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    if average != "none":
        names = np.array(["a", "b", "c", "d", "e"])
        by_name = metric(average=average)(names[y], names[said], sample_weight=weights)
        assert by_name == pytest.approx(expected, rel=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("metric", PRECISIONS)
@each_weights
@each_seed
def test_precision_recall_and_f1_of_two_classes(metric, weighted, seed):
    y, outputs, weights = draw(seed, 2)
    weights = weights if weighted else None
    theirs = PRECISIONS[metric]
    given = {"sample_weight": weights, "zero_division": 0}
    said = outputs[:, 1] > 0.5
    assert metric()(y, outputs[:, 1], sample_weight=weights) == pytest.approx(
        theirs(y, said, **given), rel=1e-12
    )
    assert metric()(y > 0, said, sample_weight=weights) == pytest.approx(
        theirs(y, said, **given), rel=1e-12
    )
    for average in ("macro", "micro", "weighted"):
        found = metric(average=average)(y, outputs[:, 1], sample_weight=weights)
        assert found == pytest.approx(theirs(y, said, average=average, **given), rel=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("metric", PRECISIONS)
@each_weights
def test_precision_recall_and_f1_of_several_answers(metric, average, weighted):
    random = np.random.default_rng(3)
    y, outputs = random.random((ROWS, 4)) < [0.5, 0.2, 0.8, 0.0], random.random((ROWS, 4))
    weights = random.random(ROWS) if weighted else None
    expected = PRECISIONS[metric](
        y,
        outputs > 0.5,
        average=None if average == "none" else average,
        sample_weight=weights,
        zero_division=0,
    )
    found = metric(average=average)(y.astype(int), outputs, sample_weight=weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@each_weights
@each_seed
def test_auc(weighted, ties, seed):
    y, outputs, weights = draw(seed, 2, ties=ties)
    weights = weights if weighted else None
    expected = peer.roc_auc_score(y, outputs[:, 1], sample_weight=weights)
    assert metrics.AUC()(y, outputs[:, 1], sample_weight=weights) == pytest.approx(expected)
    y, outputs, _ = draw(seed, 4, ties=ties)
    if not ties:  # scikit-learn wants rows with the sum 1
        for average in ("macro", "weighted"):
            expected = peer.roc_auc_score(
                y, outputs, multi_class="ovr", average=average, sample_weight=weights
            )
            found = metrics.AUC(average=average)(y, outputs, sample_weight=weights)
            assert found == pytest.approx(expected, rel=1e-12)
    hot = (np.random.default_rng(seed).random((ROWS, 4)) < 0.4).astype(int)
    expected = peer.roc_auc_score(hot, outputs, sample_weight=weights)
    assert metrics.AUC()(hot, outputs, sample_weight=weights) == pytest.approx(expected)


def test_auc_of_absent_classes():
    y, outputs, _ = draw(0, 4, absent=True)
    each = [peer.roc_auc_score(y == k, outputs[:, k]) for k in range(3)]
    assert metrics.AUC()(y, outputs) == pytest.approx(np.mean(each))
    assert np.isnan(metrics.AUC()(np.zeros(5, int), np.linspace(0, 1, 5)))
    assert np.isnan(metrics.AUC()([0, 1], [np.nan, 0.5]))


@pytest.mark.parametrize("classes", [2, 5])
@each_weights
@each_seed
def test_log_loss(weighted, classes, seed):
    y, outputs, weights = draw(seed, classes)
    outputs[0] = np.eye(classes)[y[0]]
    outputs[1] = np.eye(classes)[1 - y[1] if y[1] < 2 else 0]
    weights = weights if weighted else None
    expected = peer.log_loss(y, outputs, sample_weight=weights, labels=np.arange(classes))
    assert metrics.LogLoss()(y, outputs, sample_weight=weights) == pytest.approx(expected)
    if classes == 2:
        found = metrics.LogLoss()(y, outputs[:, 1], sample_weight=weights)
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("k", [1, 2, 3])
@each_weights
@each_seed
def test_top_k_accuracy(weighted, k, seed):
    y, outputs, weights = draw(seed, 6, absent=True)
    weights = weights if weighted else None
    expected = peer.top_k_accuracy_score(
        y, outputs, k=k, labels=np.arange(6), sample_weight=weights
    )
    assert metrics.TopKAccuracy(k)(y, outputs, sample_weight=weights) == pytest.approx(expected)
    expected = peer.accuracy_score(y, outputs.argmax(axis=1), sample_weight=weights)
    assert metrics.Accuracy()(y, outputs, sample_weight=weights) == pytest.approx(expected)


def test_equal_outputs_are_all_among_the_largest():
    assert metrics.TopKAccuracy(2)([0, 1, 2], np.full((3, 3), 0.3)) == 1.0
    assert metrics.TopKAccuracy(1)([0], [[np.nan, 0.5, 0.5]]) == 0.0


@pytest.mark.parametrize("outputs", [1, 3])
@each_weights
@each_seed
def test_errors(weighted, outputs, seed):
    random = np.random.default_rng(seed)
    t, a = random.normal(size=(2, ROWS, outputs))
    if seed == 1:
        t[:, 0] = 3.0
    weights = random.random(ROWS) if weighted else None
    given = {"sample_weight": weights}
    assert metrics.R2()(t, a, **given) == pytest.approx(peer.r2_score(t, a, **given))
    squared = peer.mean_squared_error(t, a, **given)
    assert metrics.MeanSquaredError()(t, a, **given) == pytest.approx(squared)
    assert metrics.RootMeanSquaredError()(t, a, **given) == pytest.approx(np.sqrt(squared))
    absolute = peer.mean_absolute_error(t, a, **given)
    assert metrics.MeanAbsoluteError()(t, a, **given) == pytest.approx(absolute)


def test_targets_that_are_all_the_same():
    ones = np.ones(4)
    assert metrics.R2()(ones, ones) == 1.0
    assert metrics.R2()(ones, 2 * ones) == 0.0


@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
@each_weights
def test_confusion_matrix(weighted, normalize):
    random = np.random.default_rng(0)
    names = np.array(["ant", "bee", "cat", "dog"])
    y, said = names[random.integers(0, 3, ROWS)], names[random.integers(0, 4, ROWS)]
    given = {"sample_weight": random.random(ROWS) if weighted else None, "normalize": normalize}
    for labels in (None, names[[3, 0, 1, 2]], np.array(["ant", "bee", "cat", "dog", "eel"])):
        found = metrics.confusion_matrix(y, said, labels=labels, **given)
        expected = peer.confusion_matrix(y, said, labels=labels, **given)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert metrics.confusion_matrix(y, said).dtype.kind == "i"


ALL = [
    *(metrics.F1(average) for average in ("auto", "macro", "micro", "weighted")),
    *("precision", "recall", "auc", "log_loss", "accuracy", metrics.TopKAccuracy(2), "r2", "rmse"),
]


def judged(net, X, y):
    """Compute all metrics from predictions."""
    outputs = net.predict(X)
    hot = np.eye(3)[y]
    return {
        metric.label: metric(hot if metric.wants == "values" else y, outputs)
        for metric in net.metrics
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_evaluate_reports(backend, blobs, dtype):
    X, y = blobs
    net = nn.FeedForward("2-8-3", output="softmax", seed=1, dtype=dtype).compile(metrics=ALL)
    net.fit(X, y, epochs=2, validation_data=(X[:20], y[:20]))
    found = net.evaluate(X, y, batch_size=7)
    assert list(found) == ["loss", *(metric.label for metric in net.metrics)]
    expected = judged(net, X, y)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6)
    expected = judged(net, X[:20], y[:20])
    last = {name: net.history[f"val_{name}"][-1] for name in expected}
    assert last == pytest.approx(expected, rel=1e-6)
    assert net.train_on_batch(X, y) == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("rows", [None, np.arange(5, 55)[::-1]])
@pytest.mark.parametrize("width", [8, 40])
def test_an_epoch_is_judged_by_what_was_said_before_each_step(backend, blobs, rows, width):
    X, y = blobs
    options = {"batch_size": 16, "rows": rows, "epochs": 2}
    net = nn.FeedForward(f"2-{width}-3", output="softmax", seed=1).compile(metrics=ALL)
    plain = nn.FeedForward(f"2-{width}-3", output="softmax", seed=1)
    said, order = [], []

    class Watches(nn.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            said.clear()
            order[:] = np.array_split(
                plain._network.epoch_order(60 if rows is None else 50, True),
                np.arange(16, 60 if rows is None else 50, 16),
            )

        def on_train_batch_begin(self, batch, logs=None):
            chosen = order[batch] if rows is None else rows[order[batch]]
            said.append((y[chosen], plain.predict(X[chosen])))

    net.fit(X, y, **options)
    plain.fit(X, y, callbacks=Watches(), **options)
    assert [a.tobytes() for a in net.get_weights()] == [a.tobytes() for a in plain.get_weights()]
    assert net.history["loss"] == plain.history["loss"]
    targets, outputs = map(np.concatenate, zip(*said, strict=True))
    for metric in net.metrics:
        wanted = np.eye(3)[targets] if metric.wants == "values" else targets
        assert net.history[metric.label][-1] == pytest.approx(metric(wanted, outputs), rel=1e-5)


def test_logits_are_read_as_probabilities(backend, blobs):
    X, y = blobs
    loss = nn.CrossEntropy(from_logits=True)
    net = nn.FeedForward("2-3", seed=0).compile(loss=loss, metrics=["log_loss", "auc", "f1"])
    same = nn.FeedForward("2-3", output="softmax", seed=0).compile(metrics=net.metrics)
    same.set_weights(net.get_weights())
    assert net.evaluate(X, y) == pytest.approx(same.evaluate(X, y), rel=1e-6)
    assert net.evaluate(X, y)["log_loss"] == pytest.approx(net.evaluate(X, y)["loss"], rel=1e-6)


def test_outputs_that_belong_to_one_value_are_its_prediction(backend):
    """Of a mean and a variance the mean is judged."""
    X = np.linspace(0, 1, 20)[:, np.newaxis]
    net = nn.FeedForward("1-2", seed=0).compile(loss=nn.GaussianNLL(), metrics=["r2", "rmse"])
    found = net.evaluate(X, X)
    assert found["r2"] == pytest.approx(metrics.R2()(X, net.loss.point(net.predict(X))))


def test_margins(backend, blobs):
    X, y = blobs
    net = nn.FeedForward("2-1", seed=0).compile(loss="hinge", metrics=["f1", "accuracy", "auc"])
    net.fit(X, y > 0, class_weight="balanced", epochs=2)
    found = net.evaluate(X, y > 0)
    said = net.predict(X)[:, 0] > 0
    assert found["f1"] == pytest.approx(peer.f1_score(y > 0, said))
    assert found["auc"] == pytest.approx(peer.roc_auc_score(y > 0, net.predict(X)[:, 0]))
    assert found["accuracy"] == pytest.approx(np.mean(said == (y > 0)))


def largest_error(targets, outputs):
    return np.abs(targets - outputs).max()


def test_a_function_of_ones_own(backend, tmp_path):
    X = np.linspace(0, 1, 20)[:, np.newaxis]
    net = nn.FeedForward("1-1", seed=0).compile(metrics=[largest_error, "mae"])
    net.fit(X, X, epochs=2, validation_data=(X, X))
    assert list(net.history) == [
        *("loss", "largest_error", "mean_absolute_error"),
        *("val_loss", "val_largest_error", "val_mean_absolute_error"),
    ]
    expected = largest_error(X, net.predict(X))
    assert net.evaluate(X, X)["largest_error"] == pytest.approx(expected)
    net.save(tmp_path / "net")
    assert [m.label for m in nn.load(tmp_path / "net").metrics] == ["mean_absolute_error"]
    with pytest.raises(TypeError, match=r"the metric list returned .*; wanted is a number"):
        nn.FeedForward("1-1").compile(metrics=[listed]).evaluate(X, X)


def listed(targets, outputs):
    return [1.0, 2.0]


listed.__name__ = "list"


def test_metrics_go_through_files(tmp_path):
    net = nn.FeedForward("2-8-3", output="softmax").compile(metrics=ALL)
    net.save(tmp_path / "net")
    assert nn.load(tmp_path / "net").metrics == net.metrics


def test_the_networks_own_confusion_matrix(backend, blobs):
    X, y = blobs
    names = np.array(["ant", "bee", "cat"])
    net = nn.FeedForward("2-8-3", output="softmax", seed=1)
    net.fit(X, names[y], epochs=2)
    found = net.confusion_matrix(X, names[y])
    assert found.tolist() == peer.confusion_matrix(names[y], net.predict_classes(X)).tolist()
    shares = net.confusion_matrix(X, names[y], normalize="true", sample_weight=np.arange(60))
    assert shares.sum(axis=1) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="confusion_matrix wants one class for each row"):
        nn.FeedForward("2-1").confusion_matrix(X, y)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: metrics.F1("mean"), ValueError, "average of F1 is 'mean'; wanted is one of"),
        (lambda: metrics.TopKAccuracy(0), ValueError, "k of TopKAccuracy is 0"),
        (lambda: metrics.F1()([0, 1], [0.1]), ValueError, "y_true has 2 rows but outputs has 1"),
        (lambda: metrics.F1("binary")([0, 2], [[1, 0, 0.0]] * 2), ValueError, "more than two"),
        (lambda: metrics.R2()(["a"], [1.0]), TypeError, "holds strings; wanted are numbers"),
        (lambda: metrics.R2()([[1.0, 2.0]], [1.0]), ValueError, "wanted is the same shape"),
        (lambda: metrics.F1()(["a", "b"], [0, 1]), TypeError, "labels of different kinds"),
        (lambda: metrics.F1()([5, 6, 7], [0.1] * 3), ValueError, "holds 3 different labels"),
        (
            lambda: metrics.F1()([0, 1], [0.1, 0.2], sample_weight=[1.0]),
            ValueError,
            "sample_weight has the shape",
        ),
        (
            lambda: metrics.confusion_matrix([0, 1], [0, 2], labels=[0, 1]),
            ValueError,
            "y_pred holds .* at row 1, which is not in labels",
        ),
        (
            lambda: nn.FeedForward("2-3", output="softmax").compile(metrics=metrics.F1("none")),
            ValueError,
            "average of F1 is 'none', a number for each class",
        ),
        (
            lambda: nn.FeedForward("2-3", output="softmax").compile(metrics=metrics.F1("binary")),
            ValueError,
            "average of F1 is 'binary'; with 3 outputs wanted is 'macro'",
        ),
        (
            lambda: nn.FeedForward("2-1").compile(metrics="top_k_accuracy"),
            ValueError,
            "top_k_accuracy wants several classes",
        ),
        (
            lambda: nn.FeedForward("2-1").compile(metrics=["mse", largest_error, largest_error]),
            ValueError,
            "metrics has largest_error twice",
        ),
    ],
)
def test_what_is_refused_is_one_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
