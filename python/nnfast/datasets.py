"""Data sets for examples, tests and benchmarks: digits (in the package), MNIST and Fashion-MNIST.

Importing this costs nothing beyond NumPy: what finds, downloads and reads files is imported by the
functions that use it.

=====================  ===========================================================================
`digits`               1,797 handwritten digits of 8 x 8 pixels, which ship inside the package
`mnist`                70,000 handwritten digits of 28 x 28 pixels, from a folder or the network
`fashion_mnist`        70,000 pictures of clothes, as large as MNIST and harder
`read_idx`             the file format of the latter two, for files of your own
`split`                hold out a part of the rows for testing
=====================  ===========================================================================
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from ._sources import Source

__all__ = ["FASHION_MNIST_CLASSES", "digits", "fashion_mnist", "mnist", "read_idx", "split"]

#: What the labels 0 to 9 of `fashion_mnist` mean.
FASHION_MNIST_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def digits(*, dtype: DTypeLike = "float32") -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return 1,797 handwritten digits of 8 x 8 pixels, which ship inside the package.

    These are the test images of the UCI set "Optical Recognition of Handwritten Digits", in the
    order and with the values of scikit-learn's ``load_digits``. Each pixel counts the ink in a
    4 x 4 block of a 32 x 32 scan.

    Parameters
    ----------
    dtype : {"float32", "float64", "uint8"}, default "float32"
        "uint8" gives the raw counts, 0 to 16; the others give them divided by 16.

    Returns
    -------
    X : ndarray of shape (1797, 64)
        One image in each row, its pixels line by line; in [0, 1], or 0 to 16 as "uint8".
    y : ndarray of int64, shape (1797,)
        The digit that each image shows, 0 to 9.

    Raises
    ------
    ValueError
        If `dtype` is another one.

    Notes
    -----
    Source: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine
    Learning Repository, 1998, https://doi.org/10.24432/C50P49, licence CC BY 4.0; described in
    E. Alpaydin and C. Kaynak, *Cascading Classifiers*, Kybernetika 34(4), 1998, 369-374.
    The file ``data/digits.npz`` was made from scikit-learn's copy by::

        d = sklearn.datasets.load_digits()
        numpy.savez_compressed(
            "digits.npz", images=d.data.astype("uint8"), labels=d.target.astype("uint8")
        )

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> X.shape, X.dtype.name, float(X.max())
    ((1797, 64), 'float32', 1.0)
    >>> y[:10].tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    wanted = _checked_dtype(dtype)
    path = os.path.join(os.path.dirname(__file__), "data", "digits.npz")
    with np.load(path, allow_pickle=False) as stored:
        return _scaled(stored["images"], 16, wanted), stored["labels"].astype(np.int64)


def mnist(
    *,
    dtype: DTypeLike = "float32",
    mirrors: str | Sequence[str] | None = None,
    timeout: float = 10.0,
) -> tuple[
    tuple[NDArray[Any], NDArray[np.int64]],
    tuple[NDArray[Any], NDArray[np.int64]],
]:
    """Return MNIST: 60,000 handwritten digits to train on and 10,000 to test on, 28 x 28 pixels.

    The four original files (``train-images-idx3-ubyte.gz`` and so on) are looked for in the folder
    ``mnist/`` under the one that the environment variable ``NNFAST_DATA`` names, then in that
    folder itself, then in the cache; what is missing is downloaded into the cache (11.6 MB). Every
    file is verified by its SHA-256 each time. The cache is ``NNFAST_CACHE`` if that is set, else
    ``nnfast`` in the platform's place for caches (``~/.cache``, or ``XDG_CACHE_HOME``;
    ``~/Library/Caches`` on macOS; ``LOCALAPPDATA`` on Windows).

    Parameters
    ----------
    dtype : {"float32", "float64", "uint8"}, default "float32"
        "uint8" gives the raw bytes, 0 to 255, a quarter of the memory: ``nn.Input(784,
        scale=1/255)`` scales them batch by batch. The others give them divided by 255.
    mirrors : sequence of str, optional
        Addresses of the folders to download from, tried in turn, in place of the public ones:
        https, or http on loopback. With an empty list nothing is ever downloaded.
    timeout : float, default 10.0
        Seconds of silence, when connecting or between bytes, after which a mirror is given up.

    Returns
    -------
    (X, y) : tuple of ndarray, shapes (60000, 784) and (60000,)
        Training images, one in each row, in [0, 1] (or 0 to 255 as "uint8"), and their labels
        (int64), the digit 0 to 9.
    (X_test, y_test) : tuple of ndarray, shapes (10000, 784) and (10000,)
        Test images and labels, likewise.

    Raises
    ------
    FileNotFoundError
        If a file is neither here nor to be downloaded; says which files to put where.
    OSError
        If the cache cannot be written.
    TypeError, ValueError
        If an argument is not one of the above, or a file in ``NNFAST_DATA`` is not the original.

    Notes
    -----
    Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-Based Learning Applied to
    Document Recognition*, Proceedings of the IEEE 86(11), 1998, 2278-2324. Y. LeCun and C. Cortes
    hold the copyright.

    Examples
    --------
    >>> import nnfast as nn
    >>> (X, y), (X_test, y_test) = nn.datasets.mnist()  # doctest: +SKIP
    >>> X.shape, X_test.shape  # doctest: +SKIP
    ((60000, 784), (10000, 784))
    """
    from ._sources import MNIST

    return _images(MNIST, dtype, mirrors, timeout)


def fashion_mnist(
    *,
    dtype: DTypeLike = "float32",
    mirrors: str | Sequence[str] | None = None,
    timeout: float = 10.0,
) -> tuple[
    tuple[NDArray[Any], NDArray[np.int64]],
    tuple[NDArray[Any], NDArray[np.int64]],
]:
    """Return Fashion-MNIST: 60,000 pictures of clothes to train on, 10,000 to test on, 28 x 28.

    The files have the names of MNIST's and are found or downloaded (30.9 MB) as `mnist` says, in
    folders named ``fashion-mnist/``. `FASHION_MNIST_CLASSES` holds the names of the ten classes.

    Parameters
    ----------
    dtype : {"float32", "float64", "uint8"}, default "float32"
        "uint8" gives the raw bytes, 0 to 255; the others give them divided by 255.
    mirrors : sequence of str, optional
        Addresses of the folders to download from, in place of the public ones, as for `mnist`.
    timeout : float, default 10.0
        Seconds of silence after which a mirror is given up.

    Returns
    -------
    (X, y) : tuple of ndarray, shapes (60000, 784) and (60000,)
        Training images, one in each row, in [0, 1] (or 0 to 255 as "uint8"), and their labels
        (int64), 0 to 9.
    (X_test, y_test) : tuple of ndarray, shapes (10000, 784) and (10000,)
        Test images and labels, likewise.

    Raises
    ------
    FileNotFoundError, OSError, TypeError, ValueError
        As `mnist` does.

    Notes
    -----
    Source: H. Xiao, K. Rasul and R. Vollgraf, *Fashion-MNIST: a Novel Image Dataset for
    Benchmarking Machine Learning Algorithms*, 2017, https://arxiv.org/abs/1708.07747, licence MIT,
    copyright 2017 Zalando SE.

    Examples
    --------
    >>> import nnfast as nn
    >>> (X, y), (X_test, y_test) = nn.datasets.fashion_mnist()  # doctest: +SKIP
    >>> nn.datasets.FASHION_MNIST_CLASSES[y[0]]  # doctest: +SKIP
    'Ankle boot'
    """
    from ._sources import FASHION_MNIST

    return _images(FASHION_MNIST, dtype, mirrors, timeout)


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read an array from an IDX file, the format of MNIST, gzip-compressed or plain.

    An IDX file holds two zero bytes, a type code, the number of axes, the size of each axis (32
    bits), and the elements in C order; all numbers are big-endian. The whole file is checked
    against its header, and no memory is taken on the word of the header alone.

    Parameters
    ----------
    path : str or os.PathLike
        The file. It is known to be compressed by its first two bytes, not by its name.

    Returns
    -------
    ndarray
        Of the shape in the file, and of dtype uint8, int8, int16, int32, float32 or float64 in
        this machine's byte order.

    Raises
    ------
    OSError
        If the file cannot be opened or read.
    TypeError
        If `path` is not a path.
    ValueError
        If it is not an IDX file, is truncated or corrupt, or has bytes left over.

    Notes
    -----
    Source: "The IDX file format", in Y. LeCun, C. Cortes and C. Burges, *The MNIST Database of
    Handwritten Digits*, 1998.

    Examples
    --------
    Three labels as MNIST stores them: type code 08 (unsigned bytes), one axis, of size 3.

    >>> import pathlib, tempfile
    >>> import nnfast as nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "labels.idx"
    ...     _ = path.write_bytes(bytes([0, 0, 0x08, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     nn.datasets.read_idx(path)
    array([5, 0, 4], dtype=uint8)
    """
    from ._idx import read_path

    return read_path(path)


def split(
    X: ArrayLike, y: ArrayLike, *, test_fraction: float = 0.2, seed: int = 0
) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]:
    """Hold out a random part of the rows for testing.

    Every row goes to exactly one of the two parts, whatever its class; both parts are shuffled.
    The same seed and number of rows give the same split on every machine.

    Parameters
    ----------
    X : array_like of shape (rows, ...)
        One example in each row.
    y : array_like of shape (rows, ...)
        What belongs to each row of `X`.
    test_fraction : float, default 0.2
        The part to hold out, above 0 and below 1; rounded to a whole number of rows.
    seed : int, default 0
        Of the shuffle, 0 to 2**64 - 1.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : tuples of ndarray
        Copies of the rows, round(rows * test_fraction) of them in the second pair.

    Raises
    ------
    TypeError, ValueError
        If `X` and `y` do not have the same number of rows, a part would be empty, or
        `test_fraction` or `seed` is not as above.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> (X_train, y_train), (X_test, y_test) = nn.datasets.split(X, y)
    >>> X_train.shape, X_test.shape
    ((1438, 64), (359, 64))
    """
    features, targets = _rows("X", X), _rows("y", y)
    rows = len(features)
    if len(targets) != rows:
        raise ValueError(
            f"X and y must have the same number of rows, got {rows} and {len(targets)}."
        )
    held_out = round(rows * _checked_fraction(test_fraction))
    if not 0 < held_out < rows:
        raise ValueError(
            f"test_fraction must leave rows in both parts, got {test_fraction!r} of {rows} rows."
        )

    from .reference.random import SPLIT, permutation

    order = permutation(rows, _checked_seed(seed), SPLIT, 0)
    test, train = order[:held_out], order[held_out:]
    return (features[train], targets[train]), (features[test], targets[test])


def _images(
    source: Source,
    dtype: DTypeLike,
    mirrors: str | Sequence[str] | None,
    timeout: float,
) -> tuple[
    tuple[NDArray[Any], NDArray[np.int64]],
    tuple[NDArray[Any], NDArray[np.int64]],
]:
    """Read a set in MNIST's layout: training images and labels, test images and labels."""
    import io

    from ._download import fetch
    from ._idx import read_stream

    wanted = _checked_dtype(dtype)
    images, labels, test_images, test_labels = (
        read_stream(io.BytesIO(content), len(content), name)
        for name, content in fetch(source, mirrors=mirrors, timeout=timeout)
    )
    return (
        (_scaled(images.reshape(len(images), -1), 255, wanted), labels.astype(np.int64)),
        (
            _scaled(test_images.reshape(len(test_images), -1), 255, wanted),
            test_labels.astype(np.int64),
        ),
    )


def _scaled(raw: NDArray[Any], most: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return bytes as they are, or divided by their largest value: one rounding, in `dtype`."""
    return raw if dtype == np.uint8 else np.true_divide(raw, dtype.type(most), dtype=dtype)


def _checked_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        wanted = None if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError):
        wanted = None
    # Not `wanted in (...)` alone: a dtype equals None, which NumPy takes to mean float64.
    if wanted is None or wanted not in (np.float32, np.float64, np.uint8):
        raise ValueError(f'dtype must be "float32", "float64" or "uint8", got {dtype!r}.')
    return wanted


def _rows(name: str, values: ArrayLike) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} must be an array with one example in each row, got rows of different lengths."
        ) from error
    if array.ndim == 0:
        raise ValueError(f"{name} must be an array with one example in each row, got a scalar.")
    return array


def _checked_fraction(test_fraction: object) -> float:
    import numbers

    if isinstance(test_fraction, bool) or not isinstance(test_fraction, numbers.Real):
        raise TypeError(f"test_fraction must be a number, got {type(test_fraction).__name__}.")
    fraction = float(test_fraction)
    if not 0 < fraction < 1:
        raise ValueError(f"test_fraction must be above 0 and below 1, got {test_fraction!r}.")
    return fraction


def _checked_seed(seed: int) -> int:
    import operator

    try:
        number = operator.index(seed)
    except TypeError as error:
        raise TypeError(f"seed must be an integer, got {type(seed).__name__}.") from error
    if not 0 <= number < 2**64:
        raise ValueError(f"seed must be 0 to 2**64 - 1, got {number}.")
    return number
