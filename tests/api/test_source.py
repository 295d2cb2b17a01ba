"""Networks as programs: each is compiled or run, and predicts what the network predicts."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from api.written import ALL, CASES, CLASSES, LAYERS, Case, weighted
from nnfast.source import _program, _write
from parity.networks import variants

COMPILERS = {
    "gcc": ["gcc", "-std=c99"],
    "g++": ["g++", "-x", "c++", "-std=c++11"],
}
SUFFIXES = {"python": ".py", "c": ".h", "javascript": ".mjs"}


def need(program: str, on_ci: bool) -> str:
    found = shutil.which(program)
    if found is None and not on_ci:
        pytest.skip(f"{program} is not there")
    assert found, f"{program} is not there"
    return found


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Return the folder that holds each network in each language."""
    folder = tmp_path_factory.mktemp("sources")
    for name, (net, _) in ALL.items():
        for language, suffix in SUFFIXES.items():
            net.to_source(language, folder / f"{name}{suffix}", name=name)
    return folder


MAIN = """
    for (row = 0; row < {rows}; ++row) {{
        {real} x[{name}_inputs], y[{name}_outputs];
        if (fread(x, sizeof x, 1, stdin) != 1) return 1;
        {name}_predict(x, y);
        fwrite(y, sizeof y, 1, stdout);
        {classes}
    }}"""
ONE_CLASS = "{{ int c = {name}_predict_class(x); fwrite(&c, sizeof c, 1, stdout); }}"
EACH_CLASS = (
    "{{ int c[{name}_outputs]; {name}_predict_classes(x, c); fwrite(c, sizeof c, 1, stdout); }}"
)


def c_program(cases: dict[str, Case], tell_classes: bool) -> str:
    """Return a program that says what each network says of the rows that it is given."""
    parts = []
    for name, (net, X) in cases.items():
        real = "float" if net.dtype == np.float32 else "double"
        classes = ""
        if tell_classes:
            classes = (EACH_CLASS if name == "many" else ONE_CLASS).format(name=name)
        parts.append(MAIN.format(name=name, real=real, rows=len(X), classes=classes))
    includes = "".join(f'#include "{name}.h"\n' for name in cases)
    body = "".join(["\n    int row;", *parts, "\n    return 0;\n"])
    return f"#include <stdio.h>\n{includes}int main(void)\n{{{body}}}\n"


def compiled(compiler: str, text: str, folder: Any, *options: str) -> str:
    (folder / "main.c").write_text(text)
    program = str(folder / f"main_{compiler}")
    command = [*COMPILERS[compiler], "-Wall", "-Wextra", "-Werror", "-pedantic", *options]
    subprocess.run([*command, str(folder / "main.c"), "-o", program, "-lm"], check=True)
    return program


def assert_same(found: Any, wanted: Any, name: str) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_c(compiler, sources, on_ci):
    need(compiler, on_ci)
    program = compiled(compiler, c_program(CASES, False), sources)
    data = b"".join(X.tobytes() for _, X in CASES.values())
    said = subprocess.run([program], input=data, capture_output=True, check=True).stdout
    for name, (net, X) in CASES.items():
        wanted = net.predict(X)
        found = np.frombuffer(said[: wanted.nbytes], wanted.dtype).reshape(wanted.shape)
        said = said[wanted.nbytes :]
        assert_same(found, wanted, name)
    assert not said


def test_c_classes(sources, on_ci):
    need("gcc", on_ci)
    program = compiled("gcc", c_program(CLASSES, True), sources)
    data = b"".join(X.tobytes() for _, X in CLASSES.values())
    said = subprocess.run([program], input=data, capture_output=True, check=True).stdout
    for name, (net, X) in CLASSES.items():
        wanted = net.predict_classes(X)
        if net.classes_ is not None and name != "many":
            wanted = np.searchsorted(net.classes_, wanted)
        found = []
        for _ in X:
            said = said[4 * net.outputs :]
            count = net.outputs if name == "many" else 1
            found.append(struct.unpack(f"={count}i", said[: 4 * count]))
            said = said[4 * count :]
        np.testing.assert_array_equal(np.reshape(found, wanted.shape), wanted, err_msg=name)
    assert not said


def test_c_names_of_classes(sources, on_ci):
    need("gcc", on_ci)
    for name, form in (("strings", "%s"), ("signs", "%d")):
        text = f'#include <stdio.h>\n#include "{name}.h"\nint main(void)\n{{\n    int i;\n'
        text += f'    for (i = 0; i < {name}_classes; ++i) printf("{form}\\n", {name}_class(i));\n'
        program = compiled("gcc", text + "    return 0;\n}\n", sources)
        said = subprocess.run([program], capture_output=True, check=True).stdout.decode()
        assert said.splitlines() == [str(label) for label in CLASSES[name].net.classes_]


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_python_and_javascript(language, sources, on_ci):
    said = run(language, sources, {name: X.tolist() for name, (_, X) in ALL.items()}, on_ci)
    for name, (net, X) in ALL.items():
        assert_same(said[name]["outputs"], net.predict(X), name)
        assert_same(said[name]["first"], net.predict(X[0]), name)
    for name, (net, X) in CLASSES.items():
        assert said[name]["classes"] == net.predict_classes(X).tolist(), name
        assert said[name]["first_class"] == net.predict_classes(X[0]).tolist(), name


RUN_PYTHON = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
said = {}
for name, x in json.load(sys.stdin).items():
    program = importlib.import_module(name)
    said[name] = {"outputs": program.predict(x), "first": program.predict(x[0])}
    if hasattr(program, "predict_classes"):
        said[name]["classes"] = program.predict_classes(x)
        said[name]["first_class"] = program.predict_classes(x[0])
assert "numpy" not in sys.modules
json.dump(said, sys.stdout)
"""
RUN_JAVASCRIPT = """
import { readFileSync } from "node:fs";
const said = {};
for (const [name, x] of Object.entries(JSON.parse(readFileSync(0)))) {
  const program = await import(`${process.argv[2]}/${name}.mjs`);
  said[name] = { outputs: program.predict(x), first: program.predict(x[0]) };
  if (program.predictClasses) {
    said[name].classes = program.predictClasses(x);
    said[name].first_class = program.predictClasses(x[0]);
  }
}
console.log(JSON.stringify(said));
"""


def run(language: str, folder: Any, rows: Any, on_ci: bool) -> Any:
    """Return what the programs in a folder say of the rows for each."""
    if language == "python":
        script = folder / "run.py"
        script.write_text(RUN_PYTHON)
        command = [sys.executable, "-I", "-S", "-W", "error", str(script), str(folder)]
    else:
        script = folder / "run.mjs"
        script.write_text(RUN_JAVASCRIPT)
        command = [need("node", on_ci), str(script), str(folder)]
    said = subprocess.run(command, input=json.dumps(rows).encode(), capture_output=True)
    assert said.returncode == 0, said.stderr.decode()
    return json.loads(said.stdout)


def test_weights_are_read_back_as_they_are(tmp_path, on_ci):
    """Rows with a single 1 give the rows of the kernel: no bit is lost, in any type or language."""
    nets = {}
    for dtype, name in (("float32", "single"), ("float64", "double_")):
        net = nn.FeedForward([nn.Input(40), nn.Dense(25, use_bias=False)], dtype=dtype, seed=0)
        bits = np.random.default_rng(3).bytes(1000 * net.dtype.itemsize)
        kernel = np.frombuffer(bits, net.dtype).reshape(40, 25)
        net.set_weights([np.where(np.abs(kernel) < 1e30, kernel, np.finfo(net.dtype).tiny)])
        nets[name] = Case(net, np.eye(40, dtype=dtype))
        for language, suffix in SUFFIXES.items():
            net.to_source(language, tmp_path / f"{name}{suffix}", name=name)
    need("gcc", on_ci)
    program = compiled("gcc", c_program(nets, False), tmp_path)
    data = b"".join(X.tobytes() for _, X in nets.values())
    said = subprocess.run([program], input=data, capture_output=True, check=True).stdout
    assert said == b"".join(net.get_weights()[0].tobytes() for net, _ in nets.values())
    rows = {name: X.tolist() for name, (_, X) in nets.items()}
    for language in ("python", "javascript"):
        for name, outputs in run(language, tmp_path, rows, on_ci).items():
            wanted = nets[name].net.get_weights()[0]
            np.testing.assert_array_equal(np.array(outputs["outputs"], wanted.dtype), wanted)


def test_digits(tmp_path, on_ci):
    X, y = nn.datasets.digits()
    net = nn.FeedForward("64-32-10", output="softmax", seed=0)
    net.fit(X, np.array([f"digit {number}" for number in y]), epochs=3)
    for language, suffix in SUFFIXES.items():
        net.to_source(language, tmp_path / f"digits{suffix}", name="digits")
    wanted, classes = net.predict(X), net.predict_classes(X)
    for language in ("python", "javascript"):
        said = run(language, tmp_path, {"digits": X.tolist()}, on_ci)["digits"]
        assert_same(said["outputs"], wanted, language)
        assert said["classes"] == classes.tolist()
    need("gcc", on_ci)
    x = X.astype(np.float32)
    program = compiled("gcc", c_program({"digits": Case(net, x)}, False), tmp_path, "-O2")
    said = subprocess.run([program], input=x.tobytes(), capture_output=True, check=True).stdout
    assert_same(np.frombuffer(said, np.float32).reshape(wanted.shape), wanted, "c")


def test_c_with_fused_multiplication_gives_the_same_bits(tmp_path, on_ci):
    """Sums begin with the bias and go in the order of the inputs, as in the core."""
    need("gcc", on_ci)
    options = ["-O2", "-march=native", "-ffp-contract=fast"]
    command = ["gcc", *options, "-dM", "-E", "-x", "c", "/dev/null"]
    defined = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    if "__FMA__" not in defined and "__ARM_FEATURE_FMA" not in defined:
        pytest.skip("this processor has no fused multiply-add")
    X, _ = nn.datasets.digits()
    layers = [nn.Dense(32, "relu"), nn.Dense(24, "leaky_relu"), nn.Dense(10)]
    for dtype in ("float32", "float64"):
        net = nn.FeedForward([nn.Input(64), *layers], dtype=dtype, seed=0, backend="rust")
        x = X.astype(dtype)
        net.to_source("c", tmp_path / "digits.h", name="digits")
        program = compiled("gcc", c_program({"digits": Case(net, x)}, False), tmp_path, *options)
        said = subprocess.run([program], input=x.tobytes(), capture_output=True, check=True).stdout
        assert said == net.predict(x).tobytes()


@pytest.mark.parametrize("language", _write.LANGUAGES)
def test_every_activation_is_in_every_language(language):
    writer = _write._writer(language)
    for name in nn.activations.registry.names:
        for activation in variants(nn.activations.registry, name):
            if activation.parameters or name == "linear":
                continue  # prelu is an operation of its own
            function, _ = _program.function_of(activation)
            assert function in (writer.helpers if activation.over_rows else writer.functions)


def test_a_code_of_no_category(tmp_path, on_ci):
    net = weighted(LAYERS["codes"]).compile(loss=nn.CrossEntropy(from_logits=True))
    for language, suffix in SUFFIXES.items():
        net.to_source(language, tmp_path / f"codes{suffix}", name="codes")
    program: dict[str, Any] = {}
    exec((tmp_path / "codes.py").read_text(), program)
    assert_same(program["predict"]([4]), net.predict([4]), "python")
    for wrong in (5, -1, 1.5):
        with pytest.raises(ValueError, match=r"column 0 is .*; wanted is the code of a category"):
            program["predict"]([wrong])
    with pytest.raises(ValueError, match="x has 2 values; wanted are 1"):
        program["predict"]([1, 2])
    with pytest.raises(AssertionError, match="column 0 is 5; wanted is the code of a category"):
        run("javascript", tmp_path, {"codes": [[5]]}, on_ci)
    with pytest.raises(AssertionError, match="x has 2 values; wanted are 1"):
        run("javascript", tmp_path, {"codes": [[1, 2]]}, on_ci)
    need("gcc", on_ci)
    X = np.array([[5], [-1], [1.5], [np.nan], [1]], np.float32)
    binary = compiled("gcc", c_program({"codes": Case(net, X)}, True), tmp_path)
    said = subprocess.run([binary], input=X.tobytes(), capture_output=True, check=True).stdout
    rows = np.frombuffer(said, [("outputs", np.float32, 2), ("number", np.int32)])
    assert np.isnan(rows["outputs"][:4]).all()
    assert rows["number"].tolist() == [-1, -1, -1, -1, net.predict_classes([1])]


class Sine(nn.activations.Activation):
    def forward(self, z):
        return np.sin(z)

    def derivative(self, z):
        return np.cos(z)


def test_what_is_refused(tmp_path):
    net = nn.FeedForward("3-2")
    with pytest.raises(ValueError, match=r"language is 'rust'; .*'python'"):
        net.to_source("rust")
    for wrong in ("2d", "a b", "für", "for", ""):
        with pytest.raises(ValueError, match=r"name is .*; wanted is a name"):
            net.to_source("c", name=wrong)
    with pytest.raises(TypeError, match="name is 3; wanted is a string"):
        net.to_source("c", name=3)
    with pytest.raises(ValueError, match=r"layers\[1\] has the activation Sine, .* Python"):
        nn.FeedForward("3-4-2", hidden=Sine()).to_source("python")
    with pytest.raises(RuntimeError, match="adapt"):
        nn.FeedForward(LAYERS["standardize"]).to_source("python")
    path = tmp_path / "net.py"
    net.to_source("python", path)
    before = path.read_bytes()
    diverged = [np.full((3, 2), np.nan), np.zeros(2)]
    net._network.set_parameters([array.astype(np.float32) for array in diverged])
    with pytest.raises(ValueError, match="a kernel that is not finite"):
        net.to_source("python", path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["net.py"]
