"""Train with the installed wheel in an environment that holds nothing else.

Not a test of pytest's, which is not there: `make test-wheel` runs it with the environment's own
Python.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import nnfast as nn

# What a new virtual environment brings with it, and what the package asks for.
EXPECTED = {"pip", "setuptools", "nnfast", "numpy", "safetensors"}


def main() -> None:
    installed = {distribution.metadata["Name"].lower() for distribution in metadata.distributions()}
    assert installed <= EXPECTED, f"installed beside the wheel: {sorted(installed - EXPECTED)}"
    assert Path(nn.__file__).is_relative_to(sys.prefix), nn.__file__

    (X, y), (X_test, y_test) = nn.datasets.split(*nn.datasets.digits())
    net = nn.FeedForward("64-64-10", output="softmax", seed=0)
    assert net.backend == "rust", net.backend
    net.compile(nn.Adam(1e-2)).fit(X, y, epochs=20, verbose=False)
    accuracy = net.evaluate(X_test, y_test)["accuracy"]
    assert accuracy >= 0.95, accuracy

    path = Path(sys.prefix) / "digits.safetensors"
    net.save(path)
    assert (nn.load(path).predict(X_test) == net.predict(X_test)).all()
    print(f"nnfast {nn.__version__} with only {', '.join(sorted(installed))}: {accuracy:.2%} right")


if __name__ == "__main__":
    main()
