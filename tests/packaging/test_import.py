"""What ``import nnfast`` brings with it, and which nnfast that is."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import nnfast

# What would have every module compiled anew at each start.
IN_THE_WAY = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"}


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_nothing_but_numpy_and_safetensors_is_imported():
    code = (
        "import sys, numpy; before = set(sys.modules)\n"
        "import nnfast\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    assert set(run(code).split()) <= {"nnfast", "safetensors"}


def test_the_installed_package_is_tested(on_ci: bool):
    """On CI not a line of the source tree may stand in for what the wheel forgot."""
    if not on_ci:
        pytest.skip("not on CI: the source tree may be tested as well")
    assert Path(nnfast.__file__).is_relative_to(sys.prefix)
    assert nnfast.FeedForward("2-1").backend == "rust"


def test_what_not_everyone_needs_is_imported_when_it_is_named():
    code = (
        "import sys, numpy, nnfast\n"
        "import argparse, logging, urllib.request\n"
        "print(*sorted(name for name in sys.modules if name.startswith('nnfast.')))"
    )
    loaded = run(code).split()
    later = {"cli", "datasets", "demo", "interop", "plot", "reference", "report", "sklearn"}
    later |= {"semi_supervised", "source", "tables", "unsupervised"}
    assert not {f"nnfast.{name}" for name in later} & set(loaded)
    # Each costs a tenth to half a millisecond. Whoever adds one to the list decides for everyone.
    assert len(loaded) <= 64


def test_takes_at_most_twenty_milliseconds_more_than_numpy(tmp_path: Path):
    """By Python's own account, or by the processor's, which waits for nobody else's work."""
    code = (
        "import time, numpy; start = time.process_time()\n"
        "import nnfast; print(1000 * (time.process_time() - start))"
    )
    inherited = {name: value for name, value in os.environ.items() if name not in IN_THE_WAY}
    environment = {**inherited, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    taken = []
    for _ in range(10):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        [line] = [line for line in done.stderr.splitlines() if line.endswith("| nnfast")]
        by_python = int(line.split("|")[1]) / 1000  # microseconds, all that it imports counted in
        taken.append(min(by_python, float(done.stdout)))
        if taken[-1] <= 20.0:
            return
    pytest.fail(f"import nnfast takes {min(taken):.1f} ms more than import numpy")


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="Python has its lock")
def test_free_threaded_python_stays_without_its_lock():
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHON_GIL"}
    code = "import sys, nnfast._core; print(sys._is_gil_enabled())"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=inherited, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
