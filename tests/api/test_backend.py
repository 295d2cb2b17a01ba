"""Which backend and how many threads are chosen, and what importing the package costs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nnfast as nn
from nnfast import _backend, _threads

PACKAGE = Path(nn.__file__).parent


def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter that finds this package."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("NNFAST")},
        "PYTHONPATH": str(PACKAGE.parent),
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


WITHOUT_CORE = "import sys; sys.modules['nnfast._core'] = None\n"


def test_without_the_core_one_warning_says_so_and_numpy_works():
    done = run(
        WITHOUT_CORE + "import nnfast as nn\n"
        "net = nn.FeedForward('2-2-1'); nn.FeedForward('2-1')\n"
        "print(net.backend, net.predict([[1, 2]]).shape)"
    )
    assert done.stdout == "numpy (1, 1)\n"
    assert done.stderr.count("RuntimeWarning") == 1
    assert "the compiled core cannot be imported" in done.stderr


def test_numpy_by_choice_gives_no_warning():
    done = run(
        WITHOUT_CORE + "import nnfast as nn; print(nn.FeedForward('2-1').backend)",
        NNFAST_BACKEND="numpy",
    )
    assert (done.stdout, done.stderr) == ("numpy\n", "")


def test_rust_by_choice_without_the_core_is_one_sentence():
    for code in ("nn.FeedForward('2-1', backend='rust')", "nn.FeedForward('2-1')"):
        done = run(WITHOUT_CORE + f"import nnfast as nn; {code}", NNFAST_BACKEND="rust")
        assert "ImportError" in done.stderr
        assert "is 'rust' but the compiled core cannot be imported" in done.stderr


def test_the_argument_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("NNFAST_BACKEND", "rust")
    assert nn.FeedForward("2-1", backend="numpy").backend == "numpy"


@pytest.mark.parametrize("name", ["Rust", "torch"])
def test_a_wrong_name_is_one_sentence(name, monkeypatch):
    with pytest.raises(ValueError, match=f"backend is '{name}'; wanted is 'rust' or 'numpy'"):
        nn.Perceptron(backend=name)
    monkeypatch.setenv("NNFAST_BACKEND", name)
    with pytest.raises(ValueError, match=f"NNFAST_BACKEND is '{name}'; wanted is"):
        nn.FeedForward("2-1")


def test_a_network_from_elsewhere_takes_what_is_here(monkeypatch):
    monkeypatch.setattr(_backend, "_core_error", lambda: "not built")
    assert _backend.select_or_other("rust") == "numpy"
    assert _backend.select_or_other("numpy") == "numpy"


def test_import_is_lazy_and_silent():
    done = run(
        "import numpy, sys; before = set(sys.modules)\n"
        "import nnfast, logging\n"
        "print(*sorted(set(sys.modules) - before))\n"
        "assert not logging.getLogger().handlers",
        NNFAST_BACKEND="numpy",
    )
    assert done.stderr == ""
    names = set(done.stdout.split())
    for name in ("safetensors", "tqdm", "matplotlib", "nnfast.reference", "nnfast.plot", "urllib"):
        assert not any(found == name or found.startswith(name + ".") for found in names)


def test_every_public_name_is_there():
    for name in nn.__all__:
        if name not in ("plot", "reference", "datasets"):
            assert getattr(nn, name) is not None
    assert set(nn.__all__) <= set(dir(nn))
    assert isinstance(nn.__version__, str)
    assert nn.reference.__name__ == "nnfast.reference"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        nn.nothing  # noqa: B018


@pytest.fixture
def unset_threads(monkeypatch):
    monkeypatch.setattr(_threads, "_chosen", None)
    monkeypatch.delenv("NNFAST_NUM_THREADS", raising=False)


@pytest.mark.usefixtures("unset_threads")
def test_threads_are_those_set_else_those_of_the_environment(monkeypatch):
    assert nn.get_num_threads() == _threads.available_processors()[0]
    monkeypatch.setattr(_threads, "_chosen", None)
    monkeypatch.setenv("NNFAST_NUM_THREADS", "3")
    net = nn.FeedForward("2-1")
    assert nn.get_num_threads() == net.threads == 3
    nn.set_num_threads(5)
    assert net.threads == 5
    assert nn.FeedForward("2-1", threads=7).threads == 7
    nn.set_num_threads(None)
    assert nn.get_num_threads() == 3


@pytest.mark.usefixtures("unset_threads")
@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_of_threads_is_one_sentence(value, monkeypatch):
    monkeypatch.setenv("NNFAST_NUM_THREADS", value)
    with pytest.raises(ValueError, match=f"NNFAST_NUM_THREADS is '{value}'"):
        nn.get_num_threads()
    with pytest.raises(ValueError, match="count is 0"):
        nn.set_num_threads(0)
    with pytest.raises(TypeError, match="count is '2'"):
        nn.set_num_threads("2")


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/cpu.max": "100000 100000\n",
                "sys/fs/cgroup/a/b/cpu.max": "300000 100000\n",
            },
            1,
        ),
        (
            {
                "proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/x\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "50000\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n",
            },
            1,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
    ],
)
def test_a_container_s_quota_limits_the_threads(files, quota, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert _threads.available_processors(str(tmp_path))[0] == (quota or 8)
