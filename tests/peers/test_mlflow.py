"""What MLflow itself has kept of a run, in a folder of its own."""

from __future__ import annotations

import pytest

import nnfast as nn

mlflow = pytest.importorskip("mlflow")

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's own code, each version others


@pytest.fixture
def store(tmp_path, monkeypatch):
    # A folder is what needs no database, which mlflow-skinny comes without.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    before = mlflow.get_tracking_uri()
    yield (tmp_path / "runs").as_uri()
    mlflow.set_tracking_uri(before)


def test_a_run_is_read_back(store, tmp_path):
    X, y = nn.datasets.digits()
    net = nn.FeedForward("64-16-10", output="softmax", seed=0)
    for name in ("first", "second"):
        kept = nn.callbacks.MLflow("digits", run_name=name, tracking_uri=store)
        net.fit(X, y, epochs=2, validation_split=0.2, callbacks=kept)
    assert mlflow.active_run() is None
    client = mlflow.MlflowClient(store)
    [first, second] = sorted(
        client.search_runs([client.get_experiment_by_name("digits").experiment_id]),
        key=lambda run: run.info.start_time,
    )
    assert (first.info.run_name, first.info.status) == ("first", "FINISHED")
    assert first.data.params["architecture"] == "64-16-10"
    assert first.data.params["rows"] == "1437"
    for name, values in net.history.items():
        for run, steps in ((first, [1, 2]), (second, [3, 4])):
            kept = client.get_metric_history(run.info.run_id, name)
            assert [one.step for one in kept] == steps
            assert [one.value for one in kept] == [values[step - 1] for step in steps]
    path = client.download_artifacts(second.info.run_id, "model/net.safetensors", str(tmp_path))
    assert (nn.load(path).predict(X) == net.predict(X)).all()
    assert (nn.load(path).history["loss"]) == net.history["loss"]


def test_a_run_of_mlflows_goes_on(store):
    mlflow.set_tracking_uri(store)
    mlflow.set_experiment("goes on")
    net = nn.FeedForward("1-1", seed=0)
    with mlflow.start_run() as run:
        net.fit([[1.0]], [1.0], epochs=1, callbacks=nn.callbacks.MLflow(log_model=False))
        net.fit([[1.0]], [1.0], epochs=2, callbacks=nn.callbacks.MLflow(log_model=False))
        assert mlflow.active_run() is not None
    kept = mlflow.MlflowClient(store).get_metric_history(run.info.run_id, "loss")
    assert [one.step for one in kept] == [1, 2, 3]
