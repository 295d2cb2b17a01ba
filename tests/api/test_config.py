"""What `show_config` says of the machine and of the choices made."""

from __future__ import annotations

import os
import platform

import numpy as np
import pytest

import nnfast as nn
from api.test_backend import WITHOUT_CORE, run
from nnfast import _config, _threads

SHOW = "import nnfast as nn; nn.show_config()"


def test_the_dict_holds_what_is_in_use(backend):
    config = nn.show_config(mode="dicts")
    assert config["backend"] == {
        "name": backend,
        "reason": "the environment variable NNFAST_BACKEND",
    }
    assert config["threads"]["count"] == nn.get_num_threads()
    assert config["versions"]["nnfast"] == nn.__version__
    assert config["versions"]["numpy"] == np.__version__
    assert config["versions"]["python"] == platform.python_version()
    sets = config["instruction_set"]
    if backend == "rust":
        assert sets["available"][-1] == "portable"
        assert sets["used"] == (os.environ.get("NNFAST_ISA") or sets["available"][0])
    else:
        assert sets == {"used": None, "available": [], "problem": None}


def test_it_prints_the_same(backend, capsys):
    assert nn.show_config() is None
    text = capsys.readouterr().out
    assert text.startswith(f"nnfast {nn.__version__}\n  backend          {backend} (")
    assert f"\n  threads          {nn.get_num_threads()} (" in text
    assert f"NumPy {np.__version__}" in text
    assert ("NumPy's choice" in text) == (backend == "numpy")


def test_a_wrong_mode_is_one_sentence():
    with pytest.raises(ValueError, match="mode is 'dict'; wanted is one of 'stdout', 'dicts'"):
        nn.show_config(mode="dict")


def test_an_instruction_set_that_is_not_there_is_said_and_not_raised():
    done = run(SHOW, NNFAST_ISA="mmx")
    assert done.stderr == ""
    assert 'NNFAST_ISA is "mmx", but this machine runs only: ' in done.stdout
    assert "portable" in run(SHOW, NNFAST_ISA="portable").stdout


def test_a_missing_core_is_said():
    done = run(WITHOUT_CORE + SHOW)
    assert "numpy (the compiled core cannot be imported)" in done.stdout


def test_the_reason_for_the_number_of_threads(monkeypatch):
    def reason():
        return nn.show_config(mode="dicts")["threads"]["reason"]

    monkeypatch.setattr(_threads, "_chosen", None)
    monkeypatch.setenv("NNFAST_NUM_THREADS", "3")
    assert reason() == "the environment variable NNFAST_NUM_THREADS"
    nn.set_num_threads(2)
    assert reason() == "set_num_threads"
    monkeypatch.delenv("NNFAST_NUM_THREADS")
    monkeypatch.setattr(_threads, "_chosen", None)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(_threads, "_cgroup_quota", lambda root: 1.5)
    for available, said in [
        (8, "the cgroup's quota of 1.5 processors"),
        (1, "the affinity to 1 of 8 processors"),
    ]:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=available: range(n), raising=False)
        monkeypatch.setattr(_threads, "_chosen", None)
        assert reason() == said
    monkeypatch.setattr(_threads, "_cgroup_quota", lambda root: float("inf"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    monkeypatch.setattr(_threads, "_chosen", None)
    assert reason() == "the number of processors"


def test_caches_and_processor_as_linux_tells_them(tmp_path):
    assert _config._caches(str(tmp_path)) == {}
    files = {
        "index0": ("1", "Data", "48K"),
        "index1": ("1", "Instruction", "32K"),
        "index2": ("2", "Unified", "1M"),
        "index3": ("3", "Unified", "what?"),
    }
    for index, values in files.items():
        folder = tmp_path / "sys/devices/system/cpu/cpu0/cache" / index
        folder.mkdir(parents=True)
        for name, value in zip(("level", "type", "size"), values, strict=True):
            (folder / name).write_text(f"{value}\n")
    assert _config._caches(str(tmp_path)) == {
        "L1 data": 48 << 10,
        "L1 instruction": 32 << 10,
        "L2": 1 << 20,
    }
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor : 0\nmodel name : Abacus 3000\n")
    assert _config._model(str(tmp_path)) == "Abacus 3000"


def test_what_is_not_told_is_unknown():
    config = nn.show_config(mode="dicts")
    config["processor"] = {"model": None, "architecture": None, "count": None, "caches": {}}
    text = _config._described(config)
    assert "processor        unknown (unknown)" in text
    assert "caches           unknown" in text
