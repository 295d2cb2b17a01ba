"""The data sets' values, the split, and the IDX reader (the network is in test_download.py)."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays

import nnfast as nn

TYPE_CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx(array):
    """Write an array as IDX, from the format's description alone."""
    header = bytes([0, 0, TYPE_CODES[array.dtype.str[1:]], array.ndim])
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return header + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


# ---- digits ---------------------------------------------------------------------------------


def test_digits_are_the_recorded_images():
    X, y = nn.datasets.digits(dtype="uint8")
    assert X.shape == (1797, 64)
    assert X.dtype == np.uint8
    assert y.shape == (1797,)
    assert y.dtype == np.int64
    # Recorded from scikit-learn 1.9.1's load_digits, both as uint8.
    assert sha256(X) == "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
    assert (
        sha256(y.astype(np.uint8))
        == "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"
    )


def test_digits_are_scikit_learns():
    load_digits = pytest.importorskip("sklearn.datasets").load_digits
    X, y = nn.datasets.digits(dtype="uint8")
    images, labels = load_digits(return_X_y=True)
    np.testing.assert_array_equal(X, images)
    np.testing.assert_array_equal(y, labels)


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float32, np.dtype("float64")])
def test_digits_as_fractions(dtype):
    X, _ = nn.datasets.digits(dtype=dtype)
    assert X.dtype == dtype
    # Sixteenths are exact in binary, so scaling loses nothing.
    np.testing.assert_array_equal(X * 16, nn.datasets.digits(dtype="uint8")[0])


def test_digits_are_float32_by_default_and_the_callers_own():
    X, y = nn.datasets.digits()
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    X[:] = -1
    y[:] = -1
    again, labels = nn.datasets.digits()
    assert again.min() == 0
    assert labels.min() == 0


@pytest.mark.parametrize("dtype", ["int8", "float16", ">f4", "no such type", None, 3, "complex64"])
@pytest.mark.parametrize("load", [nn.datasets.digits, nn.datasets.mnist, nn.datasets.fashion_mnist])
def test_another_dtype_is_refused_before_any_work(load, dtype, monkeypatch):
    monkeypatch.delenv("NNFAST_DATA", raising=False)
    with pytest.raises(ValueError, match=r'^dtype must be "float32", "float64" or "uint8", got '):
        load(dtype=dtype)


def test_the_data_sets_cost_no_import():
    """Reading a file from the package must not pay for the network's modules."""
    program = (
        "import sys, numpy; before = set(sys.modules); import nnfast.datasets as d; d.digits();"
        "network = {'urllib.request', 'http.client', 'ssl', 'tqdm', 'nnfast._download'};"
        "print(*sorted(network & (set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


# ---- split ----------------------------------------------------------------------------------


@given(
    rows=st.integers(2, 200),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**64 - 1),
)
@settings(deadline=None)
def test_a_split_covers_every_row_once(rows, fraction, seed):
    X, y = np.arange(2 * rows).reshape(rows, 2), np.arange(rows)
    if not 0 < round(rows * fraction) < rows:
        with pytest.raises(ValueError, match="must leave rows in both parts"):
            nn.datasets.split(X, y, test_fraction=fraction, seed=seed)
        return
    parts = nn.datasets.split(X, y, test_fraction=fraction, seed=seed)
    (X_train, y_train), (X_test, y_test) = parts
    assert len(X_test) == len(y_test) == round(rows * fraction)
    assert sorted([*y_train, *y_test]) == list(range(rows))
    np.testing.assert_array_equal(X_train[:, 0], 2 * y_train)
    np.testing.assert_array_equal(X_test[:, 0], 2 * y_test)
    again = nn.datasets.split(X, y, test_fraction=fraction, seed=seed)
    np.testing.assert_array_equal(again[1][1], y_test)


def test_a_split_is_the_generators_own_permutation():
    _, (_, held_out) = nn.datasets.split(np.arange(10), np.arange(10), seed=3)
    order = nn.reference.permutation(10, 3, 5, 0)
    np.testing.assert_array_equal(held_out, order[:2])


def test_a_split_of_the_digits_has_every_class_on_both_sides():
    (_, train), (_, test) = nn.datasets.split(*nn.datasets.digits())
    assert len(test) == 359
    assert set(train.tolist()) == set(test.tolist()) == set(range(10))


def test_a_split_takes_lists_and_strings_and_gives_copies():
    X = np.zeros((4, 1))
    (X_train, y_train), (X_test, y_test) = nn.datasets.split(
        X, ["a", "b", "c", "d"], test_fraction=0.5
    )
    assert sorted([*y_train, *y_test]) == ["a", "b", "c", "d"]
    X_train[:] = X_test[:] = 1
    assert X.sum() == 0


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"y": [1, 2]}, ValueError, "X and y must have the same number of rows, got 4 and 2"),
        ({"X": 3.0}, ValueError, "X must be an array with one example in each row, got a scalar"),
        ({"X": [[1], [1, 2]]}, ValueError, "got rows of different lengths"),
        ({"X": [], "y": []}, ValueError, "must leave rows in both parts, got 0.2 of 0 rows"),
        ({"X": [1], "y": [1]}, ValueError, "must leave rows in both parts, got 0.2 of 1 rows"),
        ({"test_fraction": 0}, ValueError, "test_fraction must be above 0 and below 1, got 0"),
        ({"test_fraction": 1.0}, ValueError, "test_fraction must be above 0 and below 1"),
        ({"test_fraction": float("nan")}, ValueError, "test_fraction must be above 0"),
        ({"test_fraction": "a fifth"}, TypeError, "test_fraction must be a number, got str"),
        ({"test_fraction": True}, TypeError, "test_fraction must be a number, got bool"),
        ({"seed": 0.5}, TypeError, "seed must be an integer, got float"),
        ({"seed": -1}, ValueError, r"seed must be 0 to 2\*\*64 - 1, got -1"),
        ({"seed": 2**64}, ValueError, r"seed must be 0 to 2\*\*64 - 1"),
    ],
)
def test_a_split_that_cannot_be_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        nn.datasets.split(**{"X": [1, 2, 3, 4], "y": [1, 2, 3, 4]} | arguments)


# ---- IDX ------------------------------------------------------------------------------------


@given(data=st.data(), code=st.sampled_from(sorted(TYPE_CODES)), compressed=st.booleans())
@settings(deadline=None)
def test_idx_round_trip(data, code, compressed, tmp_path_factory):
    shapes = arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)
    array = data.draw(arrays.arrays(np.dtype(code), shapes))
    path = tmp_path_factory.mktemp("idx") / "array"
    path.write_bytes(gzip.compress(idx(array)) if compressed else idx(array))
    read = nn.datasets.read_idx(path)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert read.shape == array.shape
    assert read.tobytes() == array.tobytes()  # the bits, so that NaN compares too
    assert read.flags.writeable


def test_idx_larger_than_one_chunk(tmp_path):
    array = np.arange(700_000, dtype=np.int32).reshape(700, 1000)
    (tmp_path / "large.gz").write_bytes(gzip.compress(idx(array), 1))
    np.testing.assert_array_equal(nn.datasets.read_idx(str(tmp_path / "large.gz")), array)


SMALL = idx(np.arange(6, dtype=np.int16).reshape(2, 3))
ZIPPED = gzip.compress(SMALL, mtime=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not an IDX file"),
        (b"\0\0\x08", "is not an IDX file"),
        (b"\0\x01" + SMALL[2:], r"is not an IDX file: it starts with the bytes \[00 01 0b 02\]"),
        (b"\0\0\x0a" + SMALL[3:], "is not an IDX file"),
        (b"%PDF-1.7 and so on", "is not an IDX file"),
        (SMALL[:9], "its header ends before the sizes of its 2 axes"),
        (SMALL[:-1], r"the shape \(2, 3\) takes 12 bytes, and 11 are there"),
        (SMALL[:12], r"the shape \(2, 3\) takes 12 bytes, and 0 are there"),
        (SMALL + b"\0", r"bytes follow the 12 that its shape \(2, 3\) takes"),
        (ZIPPED[:-9], "is a truncated gzip file"),
        (ZIPPED[:4], "is a truncated gzip file"),
        (ZIPPED[:-8] + bytes(4) + ZIPPED[-4:], "is a corrupt gzip file"),
        (ZIPPED[:10] + b"\xff" + ZIPPED[11:], "is a corrupt gzip file"),
        (ZIPPED + b"more", "is a corrupt gzip file"),
        (ZIPPED[:2] + b"\x07" + ZIPPED[3:], "is a corrupt gzip file"),
        (gzip.compress(b"not IDX", mtime=0), "is not an IDX file"),
        (
            gzip.compress(SMALL[:-1], mtime=0),
            r"the shape \(2, 3\) takes 12 bytes, and 11 are there",
        ),
        (gzip.compress(SMALL + b"\0", mtime=0), "bytes follow"),
        # 65 axes of one element: right by its length, but more than NumPy has.
        (bytes([0, 0, 8, 65]) + b"\0\0\0\1" * 65 + b"x", "impossible shape .* 65 axes"),
        # Nothing in it, and yet more than an address can say.
        (bytes([0, 0, 8, 4, 0, 0, 0, 0]) + b"\xff" * 12, "impossible shape"),
    ],
)
def test_a_bad_idx_file_is_refused_by_name(content, words, tmp_path):
    path = tmp_path / "some.idx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        nn.datasets.read_idx(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@given(data=st.data(), whole=st.sampled_from([SMALL, ZIPPED]))
@settings(deadline=None)
def test_a_damaged_idx_file_is_refused_or_read_never_worse(data, whole, tmp_path_factory):
    """Any bytes replaced, the rest cut off: an array or a ValueError, and no other error."""
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    if damaged:
        for place, byte in data.draw(
            st.dictionaries(st.integers(0, len(damaged) - 1), st.integers(0, 255), max_size=4)
        ).items():
            damaged[place] = byte
    path = tmp_path_factory.mktemp("idx") / "damaged"
    path.write_bytes(damaged)
    try:
        array = nn.datasets.read_idx(path)
    except ValueError as error:
        assert str(path) in str(error)  # noqa: PT017 - an array is a right answer, too
    else:
        assert array.dtype.str[1:] in TYPE_CODES


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("axes", [1, 3, 255])
def test_a_lying_header_takes_no_memory(compress, axes, tmp_path):
    """Sizes of 2**32 - 1: 4 GiB and far more, were they believed."""
    import tracemalloc

    path = tmp_path / "lying.idx"
    path.write_bytes(compress(bytes([0, 0, 0x0E, axes]) + b"\xff" * (4 * axes) + bytes(100)))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="truncated IDX file, or its header lies"):
            nn.datasets.read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_is_not_unpacked(tmp_path):
    """Two hundred megabytes behind a header that announces one byte."""
    import tracemalloc

    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(bytes([0, 0, 8, 1, 0, 0, 0, 1]))
        for _ in range(200):
            stream.write(bytes(1_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="bytes follow the 1 that"):
            nn.datasets.read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_idx_needs_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.idx"):
        nn.datasets.read_idx(tmp_path / "missing.idx")
    with pytest.raises(TypeError, match="path must be a string or a path to an IDX file, got int"):
        nn.datasets.read_idx(0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_idx_from_a_device_is_refused():
    with pytest.raises(ValueError, match="must be a regular file"):
        nn.datasets.read_idx("/dev/zero")


# ---- the real MNIST and Fashion-MNIST --------------------------------------------------------

MNIST_TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
MNIST_TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
# The mean byte: 0.1306604762738429 and 0.2860405969887955 as the parts of 255 that others quote.
MNIST_MEANS = (33.318421449829934, 33.791224489795916)
FASHION_MEANS = (72.94035223214286, 73.14656658163265)
# SHA-256 of what `zcat` gives of (images, labels), less the headers of 16 and 8 bytes.
MNIST_HASHES = (
    (
        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    ),
    (
        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    ),
)
FASHION_HASHES = (
    (
        "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    ),
    (
        "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    ),
)


@pytest.fixture
def real_files(data_directory, monkeypatch, tmp_path):
    """The folder of the original files, and nowhere else to look."""
    monkeypatch.setenv("NNFAST_CACHE", str(tmp_path))
    return data_directory


def check(sets, means, hashes):
    for (X, y), rows, mean, wanted in zip(sets, (60000, 10000), means, hashes, strict=True):
        assert X.shape == (rows, 784)
        assert y.shape == (rows,)
        assert y.dtype == np.int64
        assert X.flags.c_contiguous
        assert X.mean(dtype=np.float64) == pytest.approx(mean, rel=1e-12)
        assert (sha256(X), sha256(y.astype(np.uint8))) == wanted


@pytest.mark.usefixtures("real_files")
def test_mnist():
    train, test = nn.datasets.mnist(dtype="uint8", mirrors=[])
    assert np.bincount(train[1]).tolist() == MNIST_TRAIN_COUNTS
    assert np.bincount(test[1]).tolist() == MNIST_TEST_COUNTS
    check((train, test), MNIST_MEANS, MNIST_HASHES)


@pytest.mark.usefixtures("real_files")
def test_fashion_mnist():
    train, test = nn.datasets.fashion_mnist(dtype="uint8", mirrors=[])
    assert np.bincount(train[1]).tolist() == [6000] * 10
    assert np.bincount(test[1]).tolist() == [1000] * 10
    check((train, test), FASHION_MEANS, FASHION_HASHES)
    assert len(nn.datasets.FASHION_MNIST_CLASSES) == 10
    assert nn.datasets.FASHION_MNIST_CLASSES[train[1][0]] == "Ankle boot"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.usefixtures("real_files")
def test_mnist_as_fractions(dtype):
    _, (raw, _) = nn.datasets.mnist(dtype="uint8", mirrors=[])
    (X, _), (X_test, _) = nn.datasets.mnist(dtype=dtype, mirrors=[])
    assert X.dtype == X_test.dtype == dtype
    assert (X.min(), X.max()) == (0, 1)
    np.testing.assert_array_equal(X_test, (raw / 255).astype(dtype))


def test_the_files_may_lie_directly_in_the_folder(real_files, monkeypatch):
    """As for who names one set's own folder; the other set finds nothing there, not damage."""
    monkeypatch.setenv("NNFAST_DATA", str(real_files / "fashion-mnist"))
    _, (_, y_test) = nn.datasets.fashion_mnist(dtype="uint8", mirrors=[])
    assert len(y_test) == 10000
    with pytest.raises(FileNotFoundError, match=r"^MNIST is not on this machine"):
        nn.datasets.mnist(mirrors=[])
