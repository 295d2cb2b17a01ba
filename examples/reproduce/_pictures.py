"""What the pictures of the article share: where they go, colours, and small files."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

# Okabe and Ito's colours: told apart by every kind of colour vision. The first two are those of
# nnfast.plot.
BLUE, VERMILION = "#0072B2", "#D55E00"
GREEN, ORANGE = "#009E73", "#E69F00"


def figure(width: float, height: float) -> Any:
    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def draw(description: str | None, pictures: dict[str, Callable[[bool], Any]]) -> None:
    """Draw every picture into the folder that the command line names, or beside the scripts."""
    parser = argparse.ArgumentParser(description=description)
    beside = Path(__file__).parent / "pictures"
    parser.add_argument("--pictures", type=Path, default=beside, help="the folder to draw into")
    parser.add_argument("--quick", action="store_true", help="fewer seeds")
    given = parser.parse_args()
    given.pictures.mkdir(parents=True, exist_ok=True)
    for name, make in pictures.items():
        path = given.pictures / f"{name}.png"
        make(given.quick).savefig(path)
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KB")
