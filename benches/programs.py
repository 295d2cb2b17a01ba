"""How large the programs of `to_source` are, and how long each takes for a row.

    python benches/programs.py

It trains the network of docs/source.md and writes it in each language. The C program and the
JavaScript one want a C compiler and Node; what is missing is left out.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import shutil
import subprocess
import tempfile
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import nnfast as nn

TURNS = 5
MAIN_C = """
#include <stdio.h>
#include <time.h>
#include "digits.h"

static float rows[{rows}][digits_inputs];

int main(void)
{{
    double best = 1e9;
    int turn, again, row, sum = 0;
    if (fread(rows, sizeof rows, 1, stdin) != 1) return 1;
    for (turn = 0; turn < {turns}; ++turn) {{
        clock_t start = clock();
        for (again = 0; again < 20; ++again)
            for (row = 0; row < {rows}; ++row) sum += digits_predict_class(rows[row]);
        start = clock() - start;
        if (start < best) best = (double)start;
    }}
    printf("%g %d", best / CLOCKS_PER_SEC / 20 / {rows}, sum);
    return 0;
}}
"""
MAIN_JAVASCRIPT = """
import {{ readFileSync }} from "node:fs";
import {{ predictClasses }} from "{module}";
const rows = JSON.parse(readFileSync(0));
let best = Infinity;
for (let turn = 0; turn < {turns}; turn++) {{
  const start = performance.now();
  predictClasses(rows);
  best = Math.min(best, performance.now() - start);
}}
console.log(best / 1000 / rows.length);
"""
OPTIONS = ("-Os", "-O2", "-O3 -march=native -ffp-contract=fast")


def best(function: Callable[[], Any], number: int) -> float:
    """Return the seconds of one call, in the best of several turns."""
    return min(timeit.repeat(function, number=number, repeat=TURNS)) / number


def measured(net: nn.FeedForward, X: Any, folder: Path) -> Iterator[tuple[str, str, float]]:
    """Yield what was measured, how large its file is, and the seconds for a row."""
    row = X[0].copy()
    yield "nnfast, a row at a time", "", best(lambda: net.predict_classes(row), 1000)
    yield "nnfast, all rows at once", "", best(lambda: net.predict_classes(X), 20) / len(X)

    header = folder / "digits.h"
    net.to_source("c", header, name="digits")
    compiler = shutil.which("cc")
    if compiler:
        main, program = folder / "main.c", folder / "main"
        main.write_text(MAIN_C.format(rows=len(X), turns=TURNS))
        for options in OPTIONS:
            command = [compiler, "-std=c99", *options.split(), str(main), "-o", str(program), "-lm"]
            subprocess.run(command, check=True)
            data = X.astype(np.float32).tobytes()
            said = subprocess.run([str(program)], input=data, capture_output=True, check=True)
            yield f"C, {options}", sizes(header), float(said.stdout.split()[0])

    module = folder / "digits.mjs"
    net.to_source("javascript", module)
    node = shutil.which("node")
    if node:
        main = folder / "main.mjs"
        main.write_text(MAIN_JAVASCRIPT.format(module=module, turns=TURNS))
        said = subprocess.run(
            [node, str(main)],
            input=json.dumps(X.tolist()).encode(),
            capture_output=True,
            check=True,
        )
        yield "JavaScript", sizes(module), float(said.stdout)

    source = folder / "digits.py"
    net.to_source("python", source)
    spec = importlib.util.spec_from_file_location("digits", source)
    assert spec is not None
    assert spec.loader is not None
    program_in_python: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program_in_python)
    values = row.tolist()
    seconds = best(lambda: program_in_python.predict_classes(values), 200)
    yield "Python", sizes(source), seconds


def sizes(path: Path) -> str:
    """Return how large a file is, and how large packed."""
    content = path.read_bytes()
    return f"{len(content) / 1000:.0f} kB, {len(gzip.compress(content)) / 1000:.0f} kB with gzip"


def main() -> None:
    """Print one line for each program."""
    nn.set_num_threads(1)
    X, y = nn.datasets.digits()
    net = nn.FeedForward("64-32-10", output="softmax", seed=0)
    net.fit(X[:1500], y[:1500], epochs=30)
    with tempfile.TemporaryDirectory() as folder:
        for name, size, seconds in measured(net, X, Path(folder)):
            print(f"{name:40} {size:30} {seconds * 1e6:8.3f} µs a row")


if __name__ == "__main__":
    main()
