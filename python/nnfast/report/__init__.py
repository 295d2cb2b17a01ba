"""A report on a network: one HTML page, complete in itself, that opens everywhere.

It says how good the network is, where it is wrong and how it came to be: for people who were not
there. `FeedForward.report` writes it.

>>> import pathlib, tempfile
>>> import nnfast as nn
>>> (X, y), held_out = nn.datasets.split(*nn.datasets.digits())
>>> net = nn.FeedForward("64-32-10", output="softmax", seed=0)
>>> run = net.fit(X, y, epochs=5, validation_data=held_out)
>>> with tempfile.TemporaryDirectory() as folder:
...     path = pathlib.Path(folder, "report.html")
...     net.report(path, *held_out)
...     path.read_text(encoding="utf-8")[:15]
'<!DOCTYPE html>'
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnfast.network import FeedForward

__all__ = ["write"]


def write(
    network: FeedForward,
    path: str | os.PathLike[str],
    X: Any,
    y: Any = None,
    *,
    title: str | None = None,
    column_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    image_shape: tuple[int, ...] | None = None,
    seed: int = 0,
    repeats: int = 5,
    mistakes: int = 24,
) -> None:
    """Write a report on a network, whole or not at all.

    Parameters
    ----------
    network : FeedForward
    path, X, y, title, column_names, class_names, image_shape, seed, repeats, mistakes
        As for `FeedForward.report`.
    """
    from nnfast import _files, _log, _validation
    from nnfast.report._page import page
    from nnfast.report._subject import Subject

    try:
        name = os.fspath(path)
    except TypeError:
        raise TypeError(f"path is {path!r}; wanted is the name of a file") from None
    folder = os.path.dirname(name)
    if folder and not os.path.isdir(folder):
        raise FileNotFoundError(f"path is {name!r}, whose folder does not exist")
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title is {title!r}; wanted is a text, or None")
    seed = _validation.integer(seed, "seed", minimum=0, below=2**32)
    repeats = _validation.integer(repeats, "repeats", minimum=0)
    mistakes = _validation.integer(mistakes, "mistakes")
    subject = Subject(network, X, y, column_names, class_names, image_shape)
    text = page(subject, title, seed, repeats, mistakes)
    _files.write_whole(name, text.encode("utf-8"))
    _log.info("wrote a report on %s to %r", network.architecture, name)
