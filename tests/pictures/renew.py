"""Draw the baselines anew: `python tests/pictures/renew.py`, or with names, only those.

Look at what has changed (`git diff --stat`, and the pictures) before it is committed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import matplotlib
from PIL import Image

from pictures import cases, comparison


def main(names: list[str]) -> None:
    if not matplotlib.__version__.startswith(f"{comparison.SERIES}."):
        sys.exit(f"baselines are drawn by matplotlib {comparison.SERIES}: see comparison.py")
    unknown = set(names) - set(cases.CASES)
    if unknown:
        sys.exit(f"no such pictures: {', '.join(sorted(unknown))}")
    cases.FOLDER.mkdir(exist_ok=True)
    words = comparison.known_words() if comparison.WORDS.exists() else {}
    with cases.style():
        for name in names or cases.CASES:
            figure = cases.figure_of(name)
            words[name] = comparison.words(figure)
            path = cases.FOLDER / f"{name}.png"
            Image.fromarray(comparison.without_words(figure)).save(path, optimize=True)
            print(f"{path.name}: {path.stat().st_size / 1024:.1f} KB")
    text = json.dumps({name: words[name] for name in cases.CASES}, indent=1, ensure_ascii=False)
    comparison.WORDS.write_text(text + "\n", encoding="utf-8")
    for name, picture in cases.svgs().items():
        (cases.FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
