"""Labels of classes in all their forms: the same numbers come out, and the labels come back."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn

NAMES = np.array(["cat", "cow", "dog"])


def network(output="softmax", units=3, loss=None):
    return nn.FeedForward([2, 4, units], output=output, seed=0).compile(nn.Adam(0.1), loss)


def trained(y, X, **options):
    net = network(**options)
    net.fit(X, y, epochs=10)
    return net


@pytest.mark.parametrize(
    "form",
    [
        lambda y: y,
        lambda y: y.tolist(),
        lambda y: y[:, None],
        lambda y: y.astype(np.uint8),
        lambda y: y.astype(float),
        lambda y: y.astype(object),
        lambda y: np.eye(3)[y],
        lambda y: np.eye(3, dtype=int)[y],
        lambda y: np.eye(3, dtype=bool)[y],
        lambda y: NAMES[y],
        lambda y: NAMES[y].tolist(),
        lambda y: NAMES[y].astype(object),
        lambda y: NAMES[y][:, None],
    ],
)
def test_every_form_of_classes_gives_the_same_bits(form, backend, blobs):
    X, y = blobs
    reference, net = trained(y, X), trained(form(y), X)
    for ours, theirs in zip(net.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    labels = NAMES if net.classes_.dtype.kind == "U" else np.arange(3)
    np.testing.assert_array_equal(net.classes_, labels)
    np.testing.assert_array_equal(
        net.predict_classes(X), labels[reference.predict(X).argmax(axis=1)]
    )
    assert net.evaluate(X, form(y)) == reference.evaluate(X, y)


def test_distributions_train_as_one_hot_rows_do(backend, blobs):
    X, y = blobs
    soft = np.eye(3)[y] * 0.9 + 0.1 / 3
    net = trained(soft, X)
    assert (net.predict_classes(X) == y).mean() > 0.9
    net.evaluate(X, y)
    net.fit(X, soft)
    hard, explicit = trained(np.eye(3)[y], X), trained(np.eye(3)[y], X, loss="cce")
    for ours, theirs in zip(hard.get_weights(), explicit.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_look_at_other_targets_leaves_the_optimizer_alone(backend, blobs):
    X, y = blobs
    soft = np.eye(3)[y] * 0.9 + 0.1 / 3
    watched, plain = network(), network()
    for net in (watched, plain):
        for _ in range(3):
            net.train_on_batch(X, y)
            if net is watched:
                net.evaluate(X, soft)
                net.gradients(X, soft)
    for ours, theirs in zip(watched.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_validation_data_may_come_in_another_form(backend, blobs):
    X, y = blobs
    soft = np.eye(3)[y] * 0.9 + 0.1 / 3
    for train, other in ((y, np.eye(3)[y]), (np.eye(3)[y], y), (soft, y), (y, NAMES[y])):
        net = network()
        if train is y and other.dtype.kind == "U":
            with pytest.raises(TypeError, match=r"validation_data\[1\] holds strings; wanted are"):
                net.fit(X, train, validation_data=(X, other))
        else:
            net.fit(X, train, validation_data=(X, other))
            assert net.history["val_accuracy"][0] == net.evaluate(X, y)["accuracy"]
    with pytest.raises(
        ValueError, match=r"validation_data\[1\] holds distributions but y holds cl"
    ):
        network().fit(X, y, validation_data=(X, soft))


@pytest.mark.parametrize(
    ("form", "labels"),
    [
        (lambda y: y, [0, 1]),
        (lambda y: y[:, None], [0, 1]),
        (lambda y: y.astype(float), [0, 1]),
        (lambda y: y.astype(bool), [False, True]),
        (lambda y: NAMES[y], ["cat", "cow"]),
    ],
)
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_two_classes_come_back_as_they_were_given(form, labels, output, backend, blobs):
    X, y = blobs
    y = (y == 2).astype(int)
    net = trained(form(y), X, output=output, units=1 if output == "sigmoid" else 2)
    assert net.classes_.tolist() == labels
    np.testing.assert_array_equal(net.predict_classes(X), np.array(labels)[y])
    assert net.evaluate(X, form(y))["accuracy"] == 1.0


def test_probabilities_train_a_sigmoid(backend, blobs):
    X, y = blobs
    net = trained((y == 2) * 0.8 + 0.1, X, output="sigmoid", units=1)
    assert (net.predict_classes(X) == (y == 2)).all()


def test_several_sigmoid_outputs_decide_each_for_itself(backend, blobs):
    X, y = blobs
    several = np.stack([y == 0, y == 2, y != 1], axis=1)
    net = trained(several, X, output="sigmoid")
    predicted = net.predict_classes(X)
    assert predicted.shape == (60, 3)
    assert predicted.dtype.kind == "i"
    assert (predicted == several).mean() > 0.95
    assert net.classes_ is None
    assert net.predict_classes(X[0]).shape == (3,)


def test_labels_unseen_or_of_another_kind_are_refused(backend, blobs):
    X, y = blobs
    net = trained(NAMES[y], X)
    with pytest.raises(
        ValueError, match=r"y holds the label 'ant' at row 1; .*'cat', 'cow', 'dog'"
    ):
        net.evaluate(X[:2], ["cat", "ant"])
    with pytest.raises(TypeError, match="y holds numbers; wanted are labels of the kind seen"):
        net.fit(X, y)
    with pytest.raises(TypeError, match="y holds strings; wanted are labels of the kind seen"):
        trained(y, X).fit(X, NAMES[y])
    net.train_on_batch(X[:1], ["dog"])
    net.fit(X, np.eye(3)[y])
    assert net.classes_.tolist() == NAMES.tolist()


def test_only_training_teaches_labels(backend, blobs):
    X, y = blobs
    net = network()
    net.evaluate(X, NAMES[y])
    net.gradients(X, NAMES[y])
    assert net.classes_ is None
    assert net.predict_classes(X).dtype.kind == "i"
    net.train_on_batch(X, NAMES[y])
    assert net.classes_.tolist() == NAMES.tolist()


def test_regression_takes_columns_or_none(backend):
    X, y = np.arange(6.0)[:, None], np.arange(6)
    nets = [nn.FeedForward("1-1", seed=0) for _ in range(4)]
    for net, form in zip(nets, (y, y[:, None], y.astype(float).tolist(), y > 2), strict=True):
        net.fit(X, form)
    np.testing.assert_array_equal(nets[0].get_weights()[0], nets[1].get_weights()[0])
    np.testing.assert_array_equal(nets[0].get_weights()[0], nets[2].get_weights()[0])
    assert nets[0].classes_ is None
