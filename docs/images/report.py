"""Take the pictures of docs/report.md: `python docs/images/report.py`. Wants Chromium."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nnfast as nn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests"))

from browser import chromium  # noqa: E402 (it stands beside the tests that use it)


def main() -> None:
    """Train as the page does, and show the report on a desk and on a phone."""
    train, (X_test, y_test) = nn.datasets.split(*nn.datasets.digits(), test_fraction=0.2, seed=0)
    net = nn.FeedForward("64-32-10", output="softmax", seed=0).compile(nn.Adam(0.003))
    net.fit(*train, epochs=20, validation_data=(X_test, y_test))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.html")
        net.report(path, X_test, y_test, title="Handwritten digits")
        browser = chromium.Browser(Path(folder, "profile"))
        try:
            browser.open(path, 1000, 700)
            browser.picture(HERE / "report.png", 840)
            browser.open(path, 390, 844, "dark")
            browser.evaluate("document.getElementById('mistakes').scrollIntoView()")
            browser.picture(HERE / "report-phone.png")
        finally:
            browser.close()


if __name__ == "__main__":
    main()
