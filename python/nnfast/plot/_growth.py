"""How a decision boundary grows, epoch by epoch: as a row of pictures, and as a film."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.callbacks import Callback, Logs
from nnfast.plot._boundary import (
    add_legend,
    class_colours,
    class_names,
    draw_plane,
    places_of,
    plane_around,
    said_of,
)
from nnfast.plot._figure import axes_or_new, checked_count, grid, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[Any]

MOST_FRAMES = 60
LAST = 8  # so many frames the last picture stays


class BoundaryRecorder(Callback):
    """A callback that keeps what a network says of a plane, to draw how its boundary grows.

    Parameters
    ----------
    X : array-like of shape (rows, 2)
    y : array-like of shape (rows,)
        Rows and classes to draw with it, such as those that the network learns from.
    every : int, default 1
        After how many epochs it looks. What it keeps of each look are `resolution` squared numbers
        a class.
    resolution : int, default 100
        As for `decision_boundary`.

    Attributes
    ----------
    epochs : list of int
        When it looked, 0 being before the first epoch.

    Raises
    ------
    ValueError
        If `X` has not two columns, `y` is not as long, or a number is too small.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> growth = nn.plot.BoundaryRecorder(X, y, every=10)
    >>> net = nn.FeedForward("2-8-1", hidden="tanh", output="sigmoid", seed=0)
    >>> run = net.compile(nn.Adam(0.1)).fit(X, y, epochs=40, callbacks=growth)
    >>> growth.epochs
    [0, 10, 20, 30, 40]
    >>> [one.get_title() for one in growth.plot(count=3).child_axes]
    ['before', 'epoch 20', 'epoch 40']
    """

    def __init__(
        self, X: ArrayLike, y: ArrayLike, *, every: int = 1, resolution: int = 100
    ) -> None:
        self._plane = plane_around(X, resolution)
        self._known, self._places = places_of(y, None, len(self._plane.rows))
        self._labels = np.asarray(y)
        self._every = checked_count(every, "every")
        self._before = 0
        self._seen: list[Array] = []
        self.epochs: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Look at the network before it learns."""
        self._before = len(self.model.history.get("loss", ()))
        if not self.epochs or self.epochs[-1] != self._before:
            self._look(self._before)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at it again, if it is time to."""
        if (epoch + 1) % self._every == 0:
            self._look(self._before + epoch + 1)

    def _look(self, epoch: int) -> None:
        said, labels = said_of(self.model, self._plane.points)
        if said.ndim == 1:
            known = np.asarray(self._known if labels is None else labels)
            said = (said[:, np.newaxis] == known).astype(np.float32)
        if said.shape[1] != len(self._known):
            # A class may have no row among those that are drawn.
            self._known, self._places = places_of(self._labels, labels, len(self._plane.rows))
        self._seen.append(said.astype(np.float32))
        self.epochs.append(epoch)

    def plot(
        self,
        *,
        count: int = 6,
        classes: Sequence[Any] | NDArray[Any] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the boundary at so many of the epochs, closer together at the beginning.

        Parameters
        ----------
        count : int, default 6
            How many pictures, the first and the last look among them: at least 2.
        classes : sequence, optional
            As for `decision_boundary`.
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            Without a frame: its `child_axes` have a picture each.

        Raises
        ------
        ValueError
            If nothing was recorded, or `count` is below 2.
        """
        count = checked_count(count, "count", least=2)
        self._refuse_empty()
        names = class_names(classes, self._known)
        chosen = self._chosen(count, rising=True)
        columns = min(len(chosen), 3)
        rows = -(-len(chosen) // columns)
        ax = axes_or_new(ax, width=2.3 * columns, height=2.4 * rows + 0.6)
        places = panels(ax, grid(len(chosen), columns), gap=(0.06, 0.2))
        for index, place in zip(chosen, places, strict=True):
            self._draw(place, index, size=0.6)
        ax.set_title("Decision boundary by epoch", pad=26)
        add_legend(
            ax,
            names,
            points=True,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.01),
            ncols=len(names),
        )
        return ax

    def animate(
        self,
        path: str | os.PathLike[str],
        *,
        frames_per_second: int = 8,
        classes: Sequence[Any] | NDArray[Any] | None = None,
    ) -> None:
        """Write the growth to a GIF file, which begins anew for ever, through Pillow.

        Parameters
        ----------
        path : str or path
            Ending in ``.gif``. Of more than 60 looks so many are taken.
        frames_per_second : int, default 8
            At least 1.
        classes : sequence, optional
            As for `decision_boundary`.

        Raises
        ------
        ValueError
            If nothing was recorded, or the file is not called .gif.
        """
        target = Path(path)
        if target.suffix.lower() != ".gif":
            raise ValueError(f"path must end in .gif, got {str(path)!r}.")
        frames_per_second = checked_count(frames_per_second, "frames_per_second")
        self._refuse_empty()
        names = class_names(classes, self._known)
        ax = axes_or_new(None, width=4.0, height=3.9)
        chosen = self._chosen(MOST_FRAMES, rising=False)
        writer = _gif_writer(frames_per_second, len(names))
        partial = target.with_name(f"{target.stem}.partial.gif")
        try:
            with writer.saving(ax.figure, str(partial), 90):
                for index in [*chosen, *[chosen[-1]] * LAST]:
                    ax.clear()
                    self._draw(ax, index)
                    where = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.02)}
                    add_legend(ax, names, points=True, ncols=len(names), **where)
                    writer.grab_frame()
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)

    def _refuse_empty(self) -> None:
        if not self.epochs:
            raise ValueError("nothing is recorded yet: give this to fit as a callback first.")

    def _chosen(self, count: int, *, rising: bool) -> list[int]:
        """Return which looks are drawn: evenly spaced, or with steps that grow."""
        last = len(self.epochs) - 1
        even = np.linspace(0.0, 1.0, count)
        # Most happens in the first epochs.
        places = last * (even**2 if rising else even)
        if rising and last < 2 * count:
            places = last * even
        return sorted({int(place) for place in places.round()})

    def _draw(self, ax: Axes, index: int, size: float = 0.8) -> None:
        draw_plane(ax, self._plane, self._seen[index], self._places, size)
        epoch = self.epochs[index]
        ax.set_title(f"epoch {epoch}" if epoch else "before", fontsize="medium")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_visible(False)


def _gif_writer(frames_per_second: int, count: int) -> Any:
    """Return matplotlib's writer, with one palette for all frames.

    A palette for each frame would let the same colour change from one to the next, and takes twice
    as many bytes.
    """
    from matplotlib.animation import PillowWriter
    from PIL import Image

    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette(count).ravel().tolist())

    class Writer(PillowWriter):
        _frames: list[Any]

        def finish(self) -> None:
            self._frames = [
                frame.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
                for frame in self._frames
            ]
            super().finish()

    return Writer(fps=frames_per_second)


def _palette(count: int) -> Array:
    """Return greys, and of each class what lies between it and white, and black.

    Few shades, as runs of one colour are what a GIF makes small.
    """
    from matplotlib.colors import to_rgb

    classes = np.array([to_rgb(colour) for colour in class_colours(count)])
    light = np.linspace(0.06, 1.0, 24)[:, np.newaxis, np.newaxis]
    dark = np.linspace(0.2, 0.8, 4)[:, np.newaxis, np.newaxis]
    tints = np.concatenate([1.0 - light * (1.0 - classes), (1.0 - dark) * 0.6 * classes])
    greys = np.linspace(0.0, 1.0, 16)[:, np.newaxis].repeat(3, axis=1)
    colours = np.concatenate([greys, tints.reshape(-1, 3)])
    whole: Array = (colours * 255.0).round().astype(np.uint8)
    return whole
