"""What TensorBoard reads of what the callback wrote, by TensorBoard's own reader."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import nnfast as nn

accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
tensors = pytest.importorskip("tensorboard.util.tensor_util")


def read(folder):
    found = accumulators.EventAccumulator(str(folder))
    found.Reload()
    return found


def scalars(folder, tag):
    events = read(folder).Tensors(tag)
    values = [float(tensors.make_ndarray(event.tensor_proto)) for event in events]
    return [event.step for event in events], values


@pytest.fixture
def digits():
    return nn.datasets.digits()


def network():
    return nn.FeedForward("64-16-10", output="softmax", seed=0)


def test_the_curves_are_the_history(digits, tmp_path):
    net = network()
    board = nn.callbacks.TensorBoard(tmp_path)
    net.fit(*digits, epochs=2, validation_split=0.2, callbacks=board)
    net.fit(*digits, epochs=1, validation_split=0.2, callbacks=board)
    for name, values in net.history.items():
        part = "validation" if name.startswith("val_") else "train"
        tag = f"epoch_{name.removeprefix('val_')}"
        steps, found = scalars(tmp_path / part, tag)
        assert steps == [1, 2, 3]
        np.testing.assert_allclose(found, values, rtol=1e-6)  # they are kept as float32
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train", "validation"]
    kinds = read(tmp_path / "train").SummaryMetadata("epoch_loss")
    assert kinds.plugin_data.plugin_name == "scalars"


def test_the_learning_rate_is_that_of_the_schedule(digits, tmp_path):
    net = network().compile(nn.Adam(nn.schedules.ExponentialDecay(0.01, 45, 0.5)))
    net.fit(*digits, epochs=3, batch_size=40, callbacks=nn.callbacks.TensorBoard(tmp_path))
    _, rates = scalars(tmp_path / "train", "epoch_learning_rate")
    np.testing.assert_allclose(rates, [0.005, 0.0025, 0.00125], rtol=1e-6)
    assert not (tmp_path / "validation").exists()


def test_an_optimizer_without_a_rate_has_no_curve_of_it(tmp_path):
    net = nn.FeedForward("1-1", seed=0).compile(nn.LevenbergMarquardt())
    net.fit([[1.0], [2.0]], [1.0, 2.0], callbacks=nn.callbacks.TensorBoard(tmp_path))
    assert read(tmp_path / "train").Tags()["tensors"] == ["epoch_loss"]


def test_histograms_are_of_the_weights(digits, tmp_path):
    net = network()
    board = nn.callbacks.TensorBoard(tmp_path, histogram_frequency=2)
    net.fit(*digits, epochs=4, callbacks=board)
    found = read(tmp_path / "train")
    tags = [tag for tag in found.Tags()["tensors"] if not tag.startswith("epoch_")]
    assert tags == ["layers/0/kernel", "layers/0/bias", "layers/1/kernel", "layers/1/bias"]
    events = found.Tensors("layers/0/kernel")
    assert [event.step for event in events] == [2, 4]
    buckets = tensors.make_ndarray(events[-1].tensor_proto)  # left, right, count
    kernel = net.get_weights()[0]
    assert buckets[:, 2].sum() == kernel.size
    assert buckets[0, 0] == pytest.approx(kernel.min())
    assert buckets[-1, 1] == pytest.approx(kernel.max())


def test_a_run_that_ends_in_an_error_leaves_whole_files(digits, tmp_path):
    class Fails(nn.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError

    board = nn.callbacks.TensorBoard(tmp_path)
    with pytest.raises(RuntimeError):
        network().fit(*digits, epochs=9, callbacks=[board, Fails()])
    assert scalars(tmp_path / "train", "epoch_loss")[0] == [1, 2]
    assert not board._writers


def test_neither_tensorflow_nor_torch_is_imported(tmp_path):
    code = (
        "import sys, nnfast as nn\n"
        "board = nn.callbacks.TensorBoard(sys.argv[1], histogram_frequency=1)\n"
        "nn.FeedForward('1-1', seed=0).fit([[1.0]], [1.0], callbacks=board)\n"
        "print({'tensorflow', 'torch', 'jax'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "set()\n", done.stderr
