"""The command line as a process: pipes, Ctrl-C, exit codes, memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import commands
import nnfast as nn
from nnfast.cli import main

NNFAST = [sys.executable, "-W", "error", "-m", "nnfast"]
ENVIRONMENT = {**os.environ, "PYTHONIOENCODING": "utf-8", "NNFAST_NUM_THREADS": "1"}

# Prints the most memory that a command took, in bytes, after its exit code.
# In smaller blocks than usual, some tens of which are read ahead, a file need not be so large.
MEASURED = """
import resource, sys
from nnfast.cli import _text, main
_text.BLOCK_BYTES = 1 << 17
code = main(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table and a model of it."""
    folder = tmp_path_factory.mktemp("process")
    data = commands.write(folder / "people.csv", commands.without(commands.people(), "price"))
    options = ["--target", "rich", "--quiet", "--epochs", "5", "--out", str(folder / "model")]
    assert main(["train", str(data), *options]) == 0
    return folder


def run(folder: Path, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NNFAST, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_pipes(folder):
    table = (folder / "people.csv").read_text()
    done = run(folder, "train", "-", "--target", "rich", "--epochs", "2", "--out", "b", text=table)
    assert done.returncode == 0, done.stderr
    assert "400 rows" in done.stdout
    assert nn.load(folder / "b").table.target == "rich"
    piped = run(folder, "predict", "model", "-", text=table)
    assert piped.returncode == 0, piped.stderr
    assert piped.stdout == run(folder, "predict", "model", "people.csv").stdout
    assert len(piped.stdout.splitlines()) == 401
    nothing = run(folder, "predict", "model", "-", text="")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert nothing.stderr == "nnfast: error: '-' is empty\n"


def test_exit_codes(folder):
    assert run(folder, "config").returncode == 0
    assert run(folder, "show", "missing").returncode == 1
    assert run(folder, "show").returncode == 2
    assert run(folder).returncode == 2
    assert run(folder, "--version").stdout == f"nnfast {nn.__version__}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_who_reads_may_go(folder):
    table = (folder / "people.csv").read_text()
    lines = table.splitlines(keepends=True)
    (folder / "long.csv").write_text(lines[0] + "".join(lines[1:]) * 200)
    with subprocess.Popen(
        [*NNFAST, "predict", "model", "long.csv"],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"prediction")
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals to one process")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_training_keeps_what_was_learned(number, code, folder):
    process = subprocess.Popen(
        [*NNFAST, "train", "people.csv", "--target", "rich", "--epochs", "1000000",
         "--patience", "0", "--out", "kept"],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 20/"):
            break
    process.send_signal(number)
    said, complained = process.communicate(timeout=60)
    assert process.returncode == code
    assert "note: interrupted; what was learned until then is in kept" in complained
    assert "Traceback" not in complained
    assert "interrupted after" in said
    net = nn.load(folder / "kept")
    assert len(net.history["loss"]) >= 20
    found = run(folder, "evaluate", "kept", "people.csv", "--json")
    assert found.returncode == 0
    assert '"accuracy": 0.9' in found.stdout


def test_a_run_that_is_killed_leaves_what_was_saved(folder):
    with subprocess.Popen(
        [*NNFAST, "train", "people.csv", "--target", "age", "--epochs", "1000000",
         "--save-every", "5", "--patience", "0", "--out", "saved"],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 12/"):
                break
        process.kill()
        process.stderr.close()
    net = nn.load(folder / "saved")
    epochs = len(net.history["loss"])
    assert epochs >= 10
    assert epochs % 5 == 0
    found = run(folder, "evaluate", "saved", "people.csv", "--json")  # in years, not in deviations
    assert 1.0 < json.loads(found.stdout)["metrics"]["mean_absolute_error"] < 40.0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is told in KiB on Linux")
@pytest.mark.parametrize("way", ["file", "pipe"])
def test_a_file_many_times_larger_takes_no_more_memory(way, folder):
    """Of 5 MB and of 21 MB, hundred and sixty blocks, the same memory but for a few MB."""
    header, *lines = (folder / "people.csv").read_text().splitlines(keepends=True)
    most = {}
    for times in (400, 1600):
        path = folder / f"rows-{way}.csv"
        with open(path, "w") as file:
            file.write(header)
            for _ in range(times):
                file.writelines(lines)
        out = folder / f"predicted-{way}.csv"
        with open(path, "rb") as stream:
            done = subprocess.run(
                [sys.executable, "-c", MEASURED, "predict", "model",
                 str(path) if way == "file" else "-", "--out", str(out), "--no-probabilities",
                 "--quiet"],
                cwd=folder, env=ENVIRONMENT, stdin=stream, capture_output=True, text=True,
                timeout=120, check=False,
            )  # fmt: skip
        code, memory = map(int, done.stderr.split())
        assert code == 0
        with open(out) as file:
            assert sum(1 for _ in file) == 1 + 400 * times
        most[times] = memory
        assert path.stat().st_size > 13_000 * times
        path.unlink()
    assert most[1600] - most[400] < 8e6, most
