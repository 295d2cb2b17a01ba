"""`fit_many` and `fit(rows=...)` as a user meets them: what they take, refuse and say."""

from __future__ import annotations

import functools
import sys

import numpy as np
import pytest

import nnfast as nn
from nnfast import _targets, _validation

X = np.random.default_rng(0).normal(size=(40, 2))
Y = np.arange(40) % 3


def networks(count=3, **options):
    return [
        nn.FeedForward("2-4-3", output="softmax", seed=seed, **options) for seed in range(count)
    ]


def weights(nets):
    return [array.tobytes() for net in nets for array in net.get_weights()]


def test_each_is_what_it_would_be_alone(backend):
    alone, many = networks(), networks()
    rows = [None, np.arange(30), np.arange(10, 40)]
    expected = [
        net.fit(X, Y, rows=some, epochs=2, validation_data=(X, Y))
        for net, some in zip(alone, rows, strict=True)
    ]
    found = nn.fit_many(many, X, Y, rows=rows, epochs=2, validation_data=(X, Y), threads=2)
    assert weights(many) == weights(alone)
    assert [run.history for run in found] == [run.history for run in expected]
    assert [net.history for net in many] == [run.history for run in found]


def test_rows_are_as_if_they_were_all(backend):
    for rows in ([3, 1, 2], (5,), np.arange(20)[::2], np.array([1, 1, 1], dtype=np.int8)):
        one, other = networks(1)[0], networks(1)[0]
        run = one.fit(X, Y, rows=rows, epochs=3, batch_size=2)
        same = other.fit(X[list(rows)], Y[list(rows)], epochs=3, batch_size=2)
        assert weights([one]) == weights([other])
        assert (run.history, run.params) == (same.history, same.params)


def test_labels_of_all_rows_are_known(backend):
    names = np.array(["a", "b", "c"])[Y]
    [net] = networks(1)
    net.fit(X, names, rows=np.flatnonzero(Y < 2), epochs=2)  # no "c" among them
    assert net.classes_.tolist() == ["a", "b", "c"]


def test_both_backends_agree():
    found = []
    for backend in ("numpy", "rust"):
        nets = networks(2, backend=backend, dtype="float64")
        nn.fit_many(nets, X, Y, rows=[[0, 5, 7, 9], None], epochs=5, threads=2)
        found.append([array for net in nets for array in net.get_weights()])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_both_backends_at_once():
    nets = [*networks(1, backend="numpy"), *networks(1, backend="rust")]
    histories = nn.fit_many(nets, X, Y, epochs=2, threads=2)
    assert [len(run.epoch) for run in histories] == [2, 2]


def test_what_is_shared_is_checked_once(monkeypatch):
    seen = []

    def counted(check, *args, **kwargs):
        seen.append(check.__name__)
        return check(*args, **kwargs)

    for module, name in ((_validation, "inputs"), (_targets, "encode"), (_validation, "rows")):
        monkeypatch.setattr(module, name, functools.partial(counted, getattr(module, name)))
    some = [1, 2, 3]
    nn.fit_many(networks(5), X, Y, rows=[some] * 5, validation_data=(X[:5], Y[:5]))
    # The labels are known when the validation data are looked at, and were not before.
    assert sorted(seen) == ["encode", "encode", "inputs", "inputs", "rows"]


def test_data_that_must_be_converted_is_converted_once(monkeypatch):
    given = []
    nets = [*networks(3), *networks(2, dtype="float64")]
    for net in nets:
        train = net._network.train_epochs

        class Watched:
            def __init__(self, network, train):
                self.network, self.train = network, train

            def train_epochs(self, x, *rest):
                given.append(x)
                self.train(x, *rest)

            def __getattr__(self, name):
                return getattr(self.network, name)

        net._network = Watched(net._network, train)
    nn.fit_many(nets, X.tolist(), Y)
    assert len(given) == 5
    assert len({id(x) for x in given}) <= 2


@pytest.mark.parametrize(
    ("nets", "error", "sentence"),
    [
        ([], ValueError, "nets is empty; wanted is at least one FeedForward"),
        (nn.FeedForward("2-3"), TypeError, "nets is a FeedForward; wanted is a list of FeedForwa"),
        (3, TypeError, "nets is a int; wanted is a list of FeedForward"),
        (["2-3"], TypeError, r"nets\[0\] is a str; wanted is a FeedForward"),
        ([nn.Perceptron()], TypeError, r"nets\[0\] is a Perceptron; wanted is a FeedForward"),
    ],
)
def test_what_are_no_networks_is_one_sentence(nets, error, sentence):
    with pytest.raises(error, match=sentence):
        nn.fit_many(nets, X, Y)


def test_the_same_network_twice_is_refused():
    one, other = networks(2)
    with pytest.raises(ValueError, match=r"nets\[2\] is nets\[0\]; wanted are different networks"):
        nn.fit_many([one, other, one], X, Y)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({}, TypeError, "was given neither y nor targets; wanted is y for all nets or targets"),
        ({"y": Y, "targets": [Y] * 3}, TypeError, "was given both y and targets; wanted is y for"),
        ({"targets": [Y] * 2}, ValueError, "targets has 2 members; wanted are 3, one for each"),
        ({"targets": 5}, TypeError, "targets is a int; wanted is a list with one for each net"),
        ({"targets": [Y, Y[1:], Y]}, ValueError, r"nets\[1\]: targets\[1\] has 39 rows but X has"),
        ({"y": Y + 1}, ValueError, r"nets\[0\]: y holds 3 at row 2; wanted are whole class"),
        ({"y": Y, "rows": [[1]]}, ValueError, "rows has 1 members; wanted are 3, one for each"),
        (
            {"y": Y, "rows": [None, [1], [40]]},
            ValueError,
            r"nets\[2\]: rows\[2\] holds 40 at",
        ),
        ({"y": Y, "epochs": 0}, ValueError, "epochs is 0; wanted is"),
        ({"y": Y, "batch_size": 0}, ValueError, "batch_size is 0; wanted is"),
        ({"y": Y, "threads": 0}, ValueError, "threads is 0; wanted is"),
        ({"y": Y, "shuffle": 1}, TypeError, "shuffle is 1; wanted is True or False"),
        ({"y": Y, "verbose": 3}, ValueError, "verbose is 3; wanted is one of"),
        ({"y": Y, "validation_data": [(X, Y)]}, ValueError, "validation_data has 1 members; wante"),
        (
            {"y": Y, "validation_data": (X,)},
            TypeError,
            r"nets\[0\]: validation_data is a tuple",
        ),
        (
            {"y": Y, "validation_data": [None, (X, Y), (X, Y[1:])]},
            ValueError,
            r"nets\[2\]: validation_data\[2\]\[1\] has 39 rows but validation_data\[2\]\[0\] h",
        ),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_changes_nothing(options, error, sentence):
    nets = networks()
    before = weights(nets)
    with pytest.raises(error, match=sentence):
        nn.fit_many(nets, X, **options)
    assert weights(nets) == before
    assert all(net.history == {} and net.classes_ is None for net in nets)


def test_networks_that_do_not_fit_the_data_are_named():
    nets = [*networks(2), nn.FeedForward("3-3", output="softmax")]
    with pytest.raises(ValueError, match=r"nets\[2\]: X has 2 columns, .*; wanted is \(rows, 3\)"):
        nn.fit_many(nets, X, Y)
    nets[2] = nn.FeedForward("2-4-3", hidden="step", output="softmax")
    with pytest.raises(ValueError, match=r"nets\[2\]: layers\[1\] has the activation step"):
        nn.fit_many(nets, X, Y)


@pytest.mark.parametrize(
    ("rows", "error", "sentence"),
    [
        (
            [],
            ValueError,
            r"rows has the shape \(0,\); wanted are numbers of rows, from 0 to",
        ),
        ([[1]], ValueError, r"rows has the shape \(1, 1\); wanted are numbers of rows"),
        (5, ValueError, r"rows has the shape \(\); wanted are numbers of rows"),
        (
            [0, 40],
            ValueError,
            "rows holds 40 at position 1; wanted are numbers of rows, from",
        ),
        ([-1], ValueError, "rows holds -1 at position 0; wanted are"),
        ([0.0], TypeError, "rows holds float64; wanted are .*, as integers"),
        (Y > 0, TypeError, r"rows holds booleans; wanted are .*: np.flatnonzero\(rows\)"),
        (["a"], TypeError, "rows holds <U1; wanted are"),
    ],
)
def test_rows_that_are_none_are_one_sentence(rows, error, sentence, backend):
    [net] = networks(1)
    with pytest.raises(error, match=sentence):
        net.fit(X, Y, rows=rows)
    assert net.history == {}


def test_progress_is_one_step_for_each_network(backend, capsys, monkeypatch):
    nn.fit_many(networks(), X, Y, verbose=0)
    assert capsys.readouterr().err == ""
    nn.fit_many(networks(), X, Y, threads=1, verbose=2)
    lines = capsys.readouterr().err.splitlines()
    assert [line[:7] for line in lines] == ["net 1/3", "net 2/3", "net 3/3"]
    assert all("  loss " in line and "  accuracy " in line for line in lines)
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    nn.fit_many(networks(), X, Y, threads=2, verbose=1)
    assert "3/3" in capsys.readouterr().err


def test_a_generator_of_networks_will_do():
    assert len(nn.fit_many((net for net in networks()), X, Y)) == 3
