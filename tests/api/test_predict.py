"""What `predict` takes as it is, what it converts, and where it writes."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn
from nnfast import _validation

ROWS = np.random.default_rng(0).random((6, 8)) * 3
VIEWS = {
    "rows": lambda x: x,
    "one": lambda x: x[:1],
    "columns": np.asfortranarray,
    "some rows": lambda x: x[::2],
    "some columns": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "backwards": lambda x: x[::-1, ::-1],
    "transposed": lambda x: x.T.copy().T,
    "repeated": lambda x: np.broadcast_to(x[0], (5, 8)),
    "read-only": lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
    "a row": lambda x: x[2],
    "a strided row": lambda x: np.repeat(x, 2, axis=1)[1, ::2],
    "a row backwards": lambda x: x[0, ::-1],
    "a constant row": lambda x: np.broadcast_to(x[0, 0], 8),
}


def network(dtype="float32", **options):
    """Return a small network."""
    return nn.FeedForward("8-5-3", hidden="tanh", output="softmax", dtype=dtype, seed=0, **options)


def assert_same(found, expected, backend):
    """Compare bits; NumPy's products may round otherwise where the numbers lie otherwise."""
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if backend == "rust":
        assert found.tobytes() == expected.tobytes()
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("source", ["float32", "float64", "uint8"])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_plain_arrays_are_taken_as_they_are(view, source, dtype, monkeypatch, backend):
    net = network(dtype)
    x = view(ROWS.astype(source))
    expected = net.predict(x.tolist())
    assert expected.shape == (*x.shape[:-1], 3)
    if backend == "rust":
        monkeypatch.delattr(_validation, "array")
    assert_same(net.predict(x), expected, backend)
    out = np.full_like(expected, np.nan)
    assert net.predict(x, out=out) is out
    assert_same(out, expected, backend)


def unaligned(x):
    """Return the same numbers where no number should begin."""
    buffer = np.empty(x.nbytes + 1, dtype=np.uint8)
    result = buffer[1:].view(x.dtype).reshape(x.shape)
    result[...] = x
    return result


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: x.tolist(),
        lambda x: x.astype(">f4"),
        lambda x: x.astype(">f8"),
        lambda x: x.astype("g"),
        lambda x: x.view(np.recarray),
        lambda x: np.ma.array(x),
        unaligned,
        lambda x: unaligned(x.astype("f4")),
    ],
)
def test_all_else_is_converted(convert, backend):
    net = network()
    x = ROWS.astype("f4").astype("f8")
    for rows in (x, x[0]):
        expected, out = net.predict(rows), np.empty((*rows.shape[:-1], 3), dtype="f4")
        assert_same(net.predict(convert(rows)), expected, backend)
        assert net.predict(convert(rows), out=out) is out
        assert_same(out, expected, backend)


def test_a_mapped_file_is_read_and_written(tmp_path, backend):
    net = network()
    x = np.memmap(tmp_path / "x", "f4", "w+", shape=(6, 8))
    out = np.memmap(tmp_path / "out", "f4", "w+", shape=(6, 3))
    x[...] = ROWS
    assert net.predict(x, out=out) is out
    assert_same(np.asarray(out), net.predict(ROWS.astype("f4")), backend)


@pytest.mark.parametrize("source", ["float32", "float64"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_one_bad_value_anywhere_is_refused(view, value, source, backend):
    net = network()
    for place in np.ndindex(ROWS.shape):
        rows = ROWS.astype(source)
        rows[place] = value
        x = view(rows)
        if np.isfinite(x).all():
            continue
        out = np.zeros((*x.shape[:-1], 3), dtype="f4")
        with pytest.raises(ValueError, match=f"X holds {value} at row .*must be finite"):
            net.predict(x, out=out)
        assert not out.any()


def test_one_bad_value_among_many_rows_is_refused(backend):
    net = network()
    for x in (np.ones((70_001, 8), "f4"), np.ones((8, 70_001), "f4").T):
        for row in (0, 1023, 40_000, 70_000):
            x[row, 7] = np.nan
            with pytest.raises(ValueError, match=f"X holds nan at row {row}, column 7"):
                net.predict(x)
            x[row, 7] = 1


def test_the_border_of_single_precision(backend):
    largest = float(np.finfo("f4").max)
    for value in (largest, -largest):
        x = np.zeros(8)
        x[3] = value
        assert np.isfinite(network().predict(x)).all()
        x[3] = np.nextafter(value, value * 2)
        with pytest.raises(ValueError, match=r"X holds values as large as .*float32 cannot"):
            network().predict(x)
        assert np.isfinite(network("float64").predict(x)).all()


SHAPES = r"; wanted is a C-contiguous array of float32 and of the shape \(6, 3\)"
READ_ONLY = np.zeros((6, 3), "f4")
READ_ONLY.flags.writeable = False
BAD_OUT = [
    ([[0.0] * 3] * 6, TypeError, "out is a list" + SHAPES),
    (3.0, TypeError, "out is a float" + SHAPES),
    (np.zeros((6, 3)), TypeError, "out has the dtype <f8" + SHAPES),
    (np.zeros((6, 3), ">f4"), TypeError, "out has the dtype >f4" + SHAPES),
    (np.zeros((6, 3), "u1"), TypeError, r"out has the dtype \|u1" + SHAPES),
    (np.zeros((3, 6), "f4"), ValueError, r"out has the shape \(3, 6\)" + SHAPES),
    (np.zeros((6, 1), "f4"), ValueError, r"out has the shape \(6, 1\)" + SHAPES),
    (np.zeros(18, "f4"), ValueError, r"out has the shape \(18,\)" + SHAPES),
    (np.zeros((1, 6, 3), "f4"), ValueError, r"out has the shape \(1, 6, 3\)" + SHAPES),
    (np.zeros((), "f4"), ValueError, r"out has the shape \(\)" + SHAPES),
    (np.zeros((3, 6), "f4").T, ValueError, "out is not contiguous" + SHAPES),
    (np.zeros((12, 3), "f4")[::2], ValueError, "out is not contiguous" + SHAPES),
    (np.zeros((6, 3), "f4")[::-1], ValueError, "out is not contiguous" + SHAPES),
    (unaligned(READ_ONLY), ValueError, "out is not aligned" + SHAPES),
    (READ_ONLY, ValueError, "out is read-only" + SHAPES),
]


@pytest.mark.parametrize(("out", "error", "sentence"), BAD_OUT)
def test_a_bad_out_gets_one_sentence(out, error, sentence, backend):
    before = np.array(out)
    for x in (ROWS, ROWS.tolist(), ROWS.astype("f4")):
        with pytest.raises(error, match=sentence):
            network().predict(x, out=out)
    np.testing.assert_array_equal(before, out)


def test_a_row_wants_a_row_to_write(backend):
    for out in (np.zeros((1, 3), "f4"), np.zeros(1, "f4"), np.zeros(())):
        with pytest.raises((TypeError, ValueError), match=r"of the shape \(3,\)"):
            network().predict(ROWS[0], out=out)
    with pytest.raises(ValueError, match=r"of the shape \(1, 3\)"):
        network().predict(ROWS[:1], out=np.zeros(3, "f4"))


def test_what_is_read_is_not_written(backend):
    net = nn.FeedForward("4-4", seed=0)
    memory = np.linspace(0, 1, 40, dtype="f4")
    before = memory.copy()
    table = memory.reshape(10, 4)
    for x, out in [
        (table, table),
        (table[::-1], table),
        (table[:5], table[4:9]),
        (table[4:9], table[:5]),
        (table[::2], table[5:]),
        (memory[:4], memory[3:7]),
        (memory[3:7], memory[:4]),
        (memory[6:2:-1], memory[6:10]),
        (memory.view("u1")[:4], memory[:4]),
        (np.broadcast_to(memory[:1], 4), memory[:4]),
    ]:
        with pytest.raises(
            ValueError, match=r"out shares memory with X; wanted is .* apart from X"
        ):
            net.predict(x, out=out)
    np.testing.assert_array_equal(memory, before)
    for x, out in [
        (table[:5], table[5:]),
        (table[5:], table[:5]),
        (memory[:4], memory[4:8]),
        (memory[7:3:-1], memory[:4]),
    ]:
        expected = net.predict(x.copy())
        assert net.predict(x, out=out) is out
        assert_same(out, expected, backend)


def test_more_outputs_than_there_is_memory_for():
    pytest.importorskip("nnfast._core")
    x = np.broadcast_to(np.float32(0.5), (10**15, 8))
    with pytest.raises(MemoryError):
        network(backend="rust").predict(x)


def test_a_new_number_of_threads_holds_at_once(backend):
    net, seen = network(), []
    kept = net._network

    class Watched:
        def try_predict(self, x, threads, out):
            seen.append(threads)
            return kept.try_predict(x, threads, out)

        def predict(self, x, threads, out):
            return kept.predict(x, threads, out)

    net._network = Watched()
    try:
        for threads in (3, 5):
            nn.set_num_threads(threads)
            net.predict(ROWS)
    finally:
        nn.set_num_threads(None)
    net._threads = 7
    net.predict(ROWS)
    assert seen == [3, 5, 7]


def test_the_core_itself_refuses_what_does_not_fit():
    core = pytest.importorskip("nnfast._core")
    net = network(backend="rust")._network
    assert isinstance(net, core.Network)
    x, out = ROWS.astype("f4"), np.zeros((6, 3), "f4")
    assert net.predict(x, 1, out) is out
    for bad in (out[:5], out.astype("f8"), out.T, READ_ONLY, out[0], x[:, :3], 3):
        assert net.try_predict(x, 1, bad) is None
        with pytest.raises(ValueError, match="x or out"):
            net.predict(x, 1, bad)
    bad_rows = (None, 3, "x", [], x[:, :5], x.astype("i4"), x * np.inf, np.zeros((0, 8)), x[0, 0])
    for bad in bad_rows:
        assert net.try_predict(bad, 1) is None
        with pytest.raises(ValueError, match="x or out"):
            net.predict(bad, 1)
    assert net.try_predict(x, 1).tobytes() == net.try_predict(x, 1, out).tobytes()
