"""How a run is watched: lines, a bar, a notebook's bar; what is logged."""

from __future__ import annotations

import builtins
import logging
import re
import subprocess
import sys
import types

import pytest

import nnfast as nn
from nnfast import _progress


class StopAt(nn.Callback):
    def __init__(self, epoch, error):
        self.last, self.error = epoch, error

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.last:
            raise self.error


@pytest.fixture
def terminal(capsys, monkeypatch):
    """Let standard error be a terminal, and return what reads it."""
    monkeypatch.setattr(_progress, "_is_terminal", lambda: True)
    return capsys


def without(package, monkeypatch):
    real = builtins.__import__

    def importing(name, *args, **kwargs):
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", importing)


# ---- lines ------------------------------------------------------------------------------------


def test_lines_go_to_standard_error(classifier, blobs, capsys):
    classifier.fit(*blobs, epochs=2, verbose=2)
    captured = capsys.readouterr()
    assert captured.out == ""
    first, second = captured.err.splitlines()
    seconds, rate = r"\d\.\d\d s", r"[\d,]+ rows/s"
    assert re.fullmatch(
        rf"epoch 1/2  loss \d.\d{{4}}  accuracy \d.\d{{4}}  \({seconds}, {rate}, {seconds} left\)",
        first,
    )
    assert re.fullmatch(rf"epoch 2/2  loss .*  accuracy .*  \({seconds}, {rate}\)", second)


def test_lines_count_as_the_run_does(classifier, blobs, capsys):
    classifier.fit(*blobs, epochs=7, initial_epoch=5, verbose=2)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("  ")[0] for line in lines] == ["epoch 6/7", "epoch 7/7"]
    assert [" left)" in line for line in lines] == [True, False]


def test_rows_of_batches_are_counted(classifier, blobs, capsys):
    X, y = blobs
    batches = [(X[:20], y[:20]), (X[20:50], y[20:50])]
    classifier.fit(batches, epochs=2, verbose=2)
    assert all(" rows/s" in line for line in capsys.readouterr().err.splitlines())
    timing = classifier._timing
    assert (timing.epochs, timing.rows) == (2, 100)
    assert timing.seconds > 0


@pytest.mark.parametrize("watched", [0, 2])
def test_what_a_network_has_gone_through(watched, classifier, blobs):
    classifier.fit(*blobs, epochs=3, rows=range(40), verbose=watched)
    classifier.fit(*blobs, verbose=watched)
    assert (classifier._timing.epochs, classifier._timing.rows) == (4, 180)
    classifier.reset()
    assert (classifier._timing.epochs, classifier._timing.seconds) == (0, 0.0)


def test_numbers_and_times_are_as_one_reads_them():
    said = [_progress.number(value) for value in (0.0, 0.5, 1e-5, 123456.0, float("nan"))]
    assert said == ["0.0000", "0.5000", "1.000e-05", "1.235e+05", "nan"]
    said = [_progress.duration(seconds) for seconds in (0.012, 12.3, 75, 7500)]
    assert said == ["0.01 s", "12 s", "1 min 15 s", "2 h 5 min"]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_auto_is_a_bar_on_a_terminal_and_silence_elsewhere(
    is_terminal, classifier, blobs, capsys, monkeypatch
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    run = classifier.fit(*blobs)
    assert bool(capsys.readouterr().err) == is_terminal
    assert run.params["verbose"] == int(is_terminal)


def test_a_bar_without_a_terminal_is_lines(classifier, blobs, capsys):
    classifier.fit(*blobs, epochs=2, verbose=1)
    assert [line[:9] for line in capsys.readouterr().err.splitlines()] == ["epoch 1/2", "epoch 2/2"]


def test_a_program_without_standard_error_learns(classifier, blobs, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert len(classifier.fit(*blobs).epoch) == 1


# ---- bars -------------------------------------------------------------------------------------


def test_the_bar_goes_to_standard_error(classifier, blobs, terminal):
    pytest.importorskip("tqdm")
    classifier.fit(*blobs, epochs=3, verbose=1)
    captured = terminal.readouterr()
    assert captured.out == ""
    last = captured.err.rstrip().rpartition("\r")[2]
    assert "3/3" in last
    assert re.search(r"loss=\d.\d{4}, accuracy=\d.\d{4}, [\d,]+ rows/s", last)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(*blobs, epochs=3, verbose=1, callbacks=[StopAt(1, KeyboardInterrupt())])
    captured = terminal.readouterr()
    assert captured.err.endswith("\n")
    assert "1/3" in captured.err  # the error came before the second was shown


def test_the_bar_begins_where_the_count_does(classifier, blobs, terminal):
    pytest.importorskip("tqdm")
    classifier.fit(*blobs, epochs=10, initial_epoch=8, verbose=1)
    assert "10/10" in terminal.readouterr().err


def test_the_bar_is_drawn_some_times_a_second(classifier, blobs, terminal, monkeypatch):
    """Of a thousand epochs of a moment each, not each is drawn; but the last one is."""
    pytest.importorskip("tqdm")
    drawn = []
    real = _progress.ProgressBar.draw
    monkeypatch.setattr(_progress.ProgressBar, "draw", lambda bar: (drawn.append(1), real(bar)))
    monkeypatch.setattr(_progress, "BETWEEN_DRAWINGS", 1e9)
    classifier.fit(*blobs, epochs=50, verbose=1)
    assert len(drawn) == 1
    assert "50/50" in terminal.readouterr().err


@pytest.mark.parametrize(
    ("steps", "wanted"), [(2, ("0.5/2", "batch 1/2")), (None, ("0/2", "batch 2"))]
)
def test_the_bar_moves_within_an_epoch_of_batches(
    steps, wanted, classifier, blobs, terminal, monkeypatch
):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(_progress, "BETWEEN_DRAWINGS", 0.0)
    X, y = blobs
    batches = [(X[:20], y[:20]), (X[20:50], y[20:50])]
    classifier.fit(batches, epochs=2, steps_per_epoch=steps, verbose=1)
    drawn = terminal.readouterr().err.split("\r")
    within = [line for line in drawn if wanted[0] in line and wanted[1] in line]
    assert within
    assert all(" rows/s" in line for line in within)
    assert "2/2" in drawn[-1]
    assert "batch" not in drawn[-1]


def test_without_tqdm_the_bar_is_lines(classifier, blobs, terminal, monkeypatch):
    without("tqdm", monkeypatch)
    classifier.fit(*blobs, verbose=1)
    assert terminal.readouterr().err.startswith("epoch 1/1")


def test_what_a_callback_says_stays_apart_from_the_bar(backend, terminal):
    pytest.importorskip("tqdm")
    net = nn.FeedForward("1-1", seed=0).compile(nn.SGD(0.1))
    halving = nn.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2, verbose=1)
    net.fit([[1.0]], [1.0], epochs=2, callbacks=halving, verbose=1)
    said = re.split(r"[\r\n]", terminal.readouterr().err)
    assert "epoch 2: LearningRateScheduler: the learning rate is 0.025" in said


@pytest.fixture
def notebook(monkeypatch):
    """Let this be a notebook's kernel, and return what is displayed."""
    shown = []

    class Handle:
        def update(self, content, *, raw):
            assert raw
            shown.append(content)

    def display(content, *, raw, display_id):
        assert raw
        assert display_id
        shown.append(content)
        return Handle()

    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    ipython.display = types.ModuleType("IPython.display")
    ipython.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    return shown


def test_in_a_notebook_the_bar_is_html(notebook, classifier, blobs, capsys):
    def a_metric_called(targets, outputs):
        return 0.5

    a_metric_called.__name__ = "<b>"
    classifier.compile(metrics=["accuracy", a_metric_called])
    classifier.fit(*blobs, epochs=3)
    assert capsys.readouterr() == ("", "")
    assert '<progress value="0" max="3"' in notebook[0]["text/html"]
    assert '<progress value="3" max="3"' in notebook[-1]["text/html"]
    assert "&lt;b&gt;=0.5000" in notebook[-1]["text/html"]
    assert "<b>" not in notebook[-1]["text/html"]
    assert re.search(r"epoch 3/3 \(\d\.\d\d s\) loss=.*, [\d,]+ rows/s", notebook[-1]["text/plain"])


def test_a_notebooks_bar_moves_within_an_epoch_of_batches(notebook, classifier, blobs, monkeypatch):
    monkeypatch.setattr(_progress, "BETWEEN_DRAWINGS", 0.0)
    X, y = blobs
    classifier.fit([(X[:20], y[:20]), (X[20:], y[20:])], epochs=2, steps_per_epoch=2)
    shown = [one["text/plain"] for one in notebook]
    assert any(text.startswith("epoch 0.5/2 (") and "batch 1/2" in text for text in shown)
    assert shown[-1].startswith("epoch 2/2 (")


def test_an_interrupted_notebook_shows_what_is_done(notebook, classifier, blobs):
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(*blobs, epochs=3, callbacks=[StopAt(1, KeyboardInterrupt())])
    assert notebook[-1]["text/plain"].startswith("epoch 1/3 (")


# ---- the log ----------------------------------------------------------------------------------


def test_a_run_is_logged_from_its_beginning_to_its_end(classifier, blobs, caplog):
    caplog.set_level(logging.DEBUG, logger="nnfast")
    classifier.fit(*blobs, epochs=2, batch_size=20)
    assert [record.levelname for record in caplog.records] == ["INFO", "DEBUG", "DEBUG", "INFO"]
    begun, first, _, ended = (record.getMessage() for record in caplog.records)
    assert begun.startswith("fit begins: 2-8-3, 60 rows, epochs 1 to 2, batch_size 20, Adam(")
    loss = classifier.history["loss"][0]
    assert first.startswith(f"epoch 1: loss {loss:.6g}, accuracy ")
    assert ended.startswith("fit ended after 2 epochs, ")
    assert ended.endswith("(all epochs are done)")
    assert {record.name for record in caplog.records} == {"nnfast"}
    assert caplog.records[0].filename == "_training.py"


def test_the_log_says_why_a_run_ended(classifier, blobs, caplog):
    caplog.set_level(logging.INFO, logger="nnfast")
    with pytest.raises(RuntimeError):
        classifier.fit(*blobs, epochs=3, callbacks=[StopAt(0, RuntimeError())])
    assert caplog.messages[-1].endswith("(RuntimeError)")
    stopping = nn.callbacks.EarlyStopping("loss", mode="max", patience=1)
    classifier.fit(*blobs, epochs=9, callbacks=stopping)
    assert "EarlyStopping: loss was best in epoch 1, " in caplog.messages[-2]
    assert caplog.messages[-1].endswith("(a callback stopped it)")


def test_files_and_rates_are_logged(backend, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="nnfast")
    net = nn.FeedForward("3-2-1", seed=0).compile(nn.SGD(0.5))
    net.save(tmp_path / "net.safetensors")
    nn.load(tmp_path / "net.safetensors")
    assert [message.split()[:2] for message in caplog.messages] == [
        ["saved", "3-2-1"],
        ["loaded", "3-2-1"],
    ]
    halving = nn.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    net.fit([[1.0, 2.0, 3.0]], [1.0], callbacks=halving)
    assert "epoch 1: LearningRateScheduler: the learning rate is 0.25" in caplog.messages


def test_nobody_is_told_who_does_not_listen(tmp_path):
    """Neither is logging imported, nor, where it is, anything written."""
    code = (
        "import sys, nnfast as nn\n"
        "nn.FeedForward('1-1').fit([[0.0]], [0.0])\n"
        "assert 'logging' not in sys.modules\n"
        "import logging\n"
        "nn.FeedForward('1-1').fit([[0.0]], [0.0])\n"
        "kinds = [type(one).__name__ for one in logging.getLogger('nnfast').handlers]\n"
        "assert kinds == ['NullHandler'], kinds\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
