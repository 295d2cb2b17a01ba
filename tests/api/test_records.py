"""The callbacks that keep records of runs elsewhere: what they refuse, and what they pass on.

`tests/peers` reads back what TensorBoard and MLflow themselves have kept.
"""

from __future__ import annotations

import sys
import types

import pytest

import nnfast as nn


@pytest.mark.parametrize("name", ["TensorBoard", "MLflow"])
def test_a_package_that_is_missing_is_named(name, classifier, blobs, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, name.lower(), None)
    monkeypatch.chdir(tmp_path)
    sentence = f"nnfast.callbacks.{name} needs {name.lower()}, which is not installed: pip install"
    before = classifier.get_weights()
    with pytest.raises(ImportError, match=sentence):
        classifier.fit(*blobs, callbacks=getattr(nn.callbacks, name)())
    assert classifier.history == {}
    assert all((a == b).all() for a, b in zip(before, classifier.get_weights(), strict=True))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "arguments", "error", "sentence"),
    [
        ("TensorBoard", {"log_dir": 3}, TypeError, "log_dir is 3; wanted is the name of a folder"),
        ("TensorBoard", {"histogram_frequency": -1}, ValueError, "histogram_frequency is -1"),
        ("MLflow", {"experiment": 3}, TypeError, "experiment is 3; wanted is a name"),
        ("MLflow", {"run_name": b"a"}, TypeError, "run_name is b'a'; wanted is a name"),
        ("MLflow", {"tracking_uri": 3}, TypeError, "tracking_uri is 3; wanted is the name"),
        ("MLflow", {"log_model": 1}, TypeError, "log_model is 1; wanted is True or False"),
    ],
)
def test_bad_arguments_are_one_sentence(name, arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        getattr(nn.callbacks, name)(**arguments)


class Client:
    """As much of MLflow as the callback calls, with MLflow's signatures; keeps what it is told."""

    def __init__(self):
        self.active, self.runs, self.experiment, self.uri = None, [], None, None

    def module(self):
        module = types.ModuleType("mlflow")
        for name in dir(self):
            if not name.startswith("_"):
                setattr(module, name, getattr(self, name))
        return module

    def active_run(self):
        return self.active

    def set_tracking_uri(self, uri):
        self.uri = uri

    def set_experiment(self, experiment_name=None, experiment_id=None):
        self.experiment = experiment_name

    def start_run(self, run_id=None, experiment_id=None, run_name=None, nested=False):
        assert self.active is None
        data = types.SimpleNamespace(params={}, metrics=[], artifacts=[])
        info = types.SimpleNamespace(run_id=str(len(self.runs)), name=run_name, status="RUNNING")
        self.active = types.SimpleNamespace(info=info, data=data)
        self.runs.append(self.active)
        return self.active

    def get_run(self, run_id):
        return self.runs[int(run_id)]

    def log_params(self, params, synchronous=None, run_id=None):
        assert not set(params) & set(self.active.data.params)  # MLflow lets none change
        self.active.data.params.update({name: str(value) for name, value in params.items()})

    def log_metrics(self, metrics, step=None, synchronous=None, run_id=None):
        self.active.data.metrics.append((step, metrics))

    def log_artifact(self, local_path, artifact_path=None, run_id=None):
        self.active.data.artifacts.append((artifact_path, nn.load(local_path)))

    def end_run(self, status="FINISHED"):
        self.active.info.status, self.active = status, None


@pytest.fixture
def client(monkeypatch):
    client = Client()
    monkeypatch.setitem(sys.modules, "mlflow", client.module())
    return client


def test_mlflow_keeps_parameters_numbers_and_the_network(classifier, blobs, client, tmp_path):
    kept = nn.callbacks.MLflow("blobs", run_name="first", tracking_uri=tmp_path)
    classifier.fit(*blobs, epochs=2, batch_size=20, validation_split=0.2, callbacks=kept)
    [run] = client.runs
    assert (client.uri, client.experiment) == (str(tmp_path), "blobs")
    assert (run.info.name, run.info.status) == ("first", "FINISHED")
    params = run.data.params
    assert params["architecture"] == "2-8-3"
    assert params["layers/dense_1"] == "Dense(8, ReLU())"
    assert params["optimizer"].startswith("Adam(learning_rate=0.05")
    assert (params["epochs"], params["batch_size"], params["rows"]) == ("2", "20", "48")
    assert (params["seed"], params["backend"]) == ("1", classifier.backend)
    assert [step for step, _ in run.data.metrics] == [1, 2]
    for name, values in classifier.history.items():
        assert [metrics[name] for _, metrics in run.data.metrics] == values
    assert run.data.metrics[0][1]["learning_rate"] == 0.05
    [(folder, network)] = run.data.artifacts
    assert folder == "model"
    assert (network.predict(blobs[0]) == classifier.predict(blobs[0])).all()


def test_mlflow_keeps_the_best_weights_where_they_are_put_back(classifier, blobs, client):
    kept = nn.callbacks.MLflow()
    best = nn.callbacks.EarlyStopping("loss", mode="max", patience=2, restore_best_weights=True)
    classifier.fit(*blobs, epochs=9, callbacks=[kept, best])
    [(_, network)] = client.runs[0].data.artifacts
    for ours, theirs in zip(network.get_weights(), best.best_weights, strict=True):
        assert (ours == theirs).all()


def test_mlflow_uses_the_run_that_is_active_and_leaves_it_open(classifier, blobs, client):
    client.start_run(run_name="mine")
    for epochs in (1, 2):
        kept = nn.callbacks.MLflow("other", log_model=False)
        classifier.fit(*blobs, epochs=epochs, callbacks=kept)
    [run] = client.runs
    assert run.info.status == "RUNNING"
    assert client.experiment is None
    assert run.data.params["epochs"] == "1"
    assert [step for step, _ in run.data.metrics] == [1, 2, 3]
    assert run.data.artifacts == []


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_mlflow_says_how_a_run_ended(error, status, classifier, blobs, client):
    def fail(epoch, logs):
        raise error

    with pytest.raises(error):
        classifier.fit(
            *blobs,
            callbacks=[nn.callbacks.MLflow(), nn.callbacks.LambdaCallback(on_epoch_end=fail)],
        )
    assert client.runs[0].info.status == status
    assert client.runs[0].data.artifacts == []


def test_names_that_mlflow_refuses_are_changed(classifier, blobs, client):
    classifier.compile(metrics=[lambda targets, outputs: 0.25])
    classifier.fit(*blobs, callbacks=nn.callbacks.MLflow())
    assert client.runs[0].data.metrics[0][1]["_lambda_"] == 0.25
