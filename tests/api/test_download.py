"""Finding and downloading a data set, against a small HTTP server on loopback."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import io
import os
import pathlib
import socket
import struct
import sys
import threading
import time

import numpy as np
import pytest

import nnfast as nn
from nnfast import _download, _sources

NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def packed(array):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes(), mtime=0)


PIXELS = np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)
LABELS = np.arange(7, dtype=np.uint8)
FILES = dict(
    zip(
        NAMES,
        (packed(PIXELS[:5]), packed(LABELS[:5]), packed(PIXELS[5:]), packed(LABELS[5:])),
        strict=True,
    )
)
FIRST, SECOND = NAMES[0], NAMES[1]


class Server:
    """Serves FILES; under /<way>/ it misbehaves in that way. `asked` lists the paths, in order."""

    def __init__(self):
        self.asked = []
        self.over = threading.Event()
        self.meeting = threading.Barrier(2, timeout=10)
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                _, way, name = self.path.split("/")
                # A client that hangs up on what it sees through is what these tests are about.
                with contextlib.suppress(ConnectionError):
                    getattr(server, way)(self, FILES[name])

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def at(self, way):
        return f"http://127.0.0.1:{self.http.server_port}/{way}/"

    def close(self):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()

    @staticmethod
    def send(handler, content, announced=None):
        handler.send_response(200)
        length = len(content) if announced is None else announced
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(content)

    def right(self, handler, content):
        self.send(handler, content)

    def together(self, handler, content):
        """Answer two requests at once, so that both clients write at the same time."""
        if len(self.asked) <= 2:
            self.meeting.wait()
        self.send(handler, content)

    def cut(self, handler, content):
        self.send(handler, content[: len(content) // 2], announced=len(content))

    def short(self, handler, content):
        self.send(handler, content[:-1])

    def long(self, handler, content):
        self.send(handler, content + bytes(1_000_000))

    def endless(self, handler, content):
        """No length announced, and no end."""
        handler.send_response(200)
        handler.end_headers()
        while not self.over.is_set():
            handler.wfile.write(bytes(100_000))

    def wrong(self, handler, content):
        self.send(handler, bytes([content[0] ^ 1]) + content[1:])

    def page(self, handler, content):
        """Answer as a hotel's sign-in page does: with something, politely."""
        self.send(handler, b"<html>Please sign in</html>")

    def missing(self, handler, content):
        handler.send_error(404)

    def broken(self, handler, content):
        handler.send_error(500)

    def rubbish(self, handler, content):
        handler.wfile.write(b"this is not HTTP\r\n\r\n")

    def refusing(self, handler, content):
        """Hang up without a word."""

    def silent(self, handler, content):
        self.over.wait(20)

    def stalling(self, handler, content):
        self.send(handler, content[:10], announced=len(content))
        self.over.wait(20)

    def dripping(self, handler, content):
        self.send(handler, b"", announced=len(content))
        for byte in content:
            if self.over.wait(0.02):
                return
            handler.wfile.write(bytes([byte]))

    def moved(self, handler, content):
        handler.send_response(302)
        handler.send_header("Location", self.at("right") + handler.path.rsplit("/", 1)[1])
        handler.end_headers()

    def astray(self, handler, content):
        handler.send_response(302)
        handler.send_header("Location", "http://example.invalid/" + FIRST)
        handler.end_headers()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """MNIST is seven images here, no folder of data is set, and the cache is empty."""
    files = tuple(
        _sources.File(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in FILES.items()
    )
    monkeypatch.setattr(_sources, "MNIST", _sources.MNIST._replace(files=files))
    monkeypatch.delenv("NNFAST_DATA", raising=False)
    # A proxy must not come between this test and loopback, and does not.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NNFAST_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mnist"


@pytest.fixture
def closed():
    """The address of a loopback port on which nothing listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        # Bound and not listening: refused, and nobody else gets the port meanwhile.
        yield f"http://127.0.0.1:{holder.getsockname()[1]}"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def fill(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def check(sets):
    (X, y), (X_test, y_test) = sets
    np.testing.assert_array_equal(X * 255, PIXELS[:5].reshape(5, 784))
    np.testing.assert_array_equal(X_test * 255, PIXELS[5:].reshape(2, 784))
    assert [*y, *y_test] == LABELS.tolist()
    assert X.dtype == np.float32
    assert y.dtype == y_test.dtype == np.int64


# ---- downloads ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["right", "moved"])
def test_a_download_fills_the_cache_and_is_not_repeated(server, cache, way, capsys):
    check(nn.datasets.mnist(mirrors=[server.at(way)]))
    assert names_in(cache) == sorted(NAMES)
    for name, content in FILES.items():
        assert (cache / name).read_bytes() == content
    requests = len(server.asked)
    check(nn.datasets.mnist(mirrors=[server.at(way)]))
    assert len(server.asked) == requests
    # Not a terminal, so nothing is drawn.
    assert capsys.readouterr() == ("", "")


WAYS = {
    "cut": r"sent only \d+ of \d+ bytes",
    "short": r"sent only \d+ of \d+ bytes",
    "long": r"sent more than the file's \d+ bytes",
    "endless": r"sent more than the file's \d+ bytes",
    "wrong": r"sent another file \(its sha256 is \w{64}, wanted \w{64}\)",
    "page": r"sent only 27 of \d+ bytes",
    "missing": "HTTP 404 Not Found",
    "broken": "HTTP 500 Internal Server Error",
    "rubbish": "this is not HTTP",
    "refusing": "closed connection without response",
    "silent": "silent for 1 s",
    "stalling": "silent for 1 s",
    "astray": "redirects to http://example.invalid/",
}


def patience(way: str) -> float:
    """Return the seconds to wait: few for a silent mirror, many for a machine that is busy."""
    return 1.0 if way in ("silent", "stalling") else 30.0


@pytest.mark.parametrize(("way", "reason"), WAYS.items())
def test_a_bad_mirror_leaves_nothing_behind(server, cache, way, reason):
    with pytest.raises(FileNotFoundError, match=reason) as caught:
        nn.datasets.mnist(mirrors=[server.at(way)], timeout=patience(way))
    sentence = str(caught.value)
    assert f"127.0.0.1:{server.http.server_port}: " in sentence
    assert "\n" not in sentence
    assert names_in(cache) == []


@pytest.mark.parametrize("way", WAYS)
def test_the_second_mirror_helps_and_is_asked_first_from_then_on(server, cache, way):
    mirrors = [server.at(way), server.at("right")]
    check(nn.datasets.mnist(mirrors=mirrors, timeout=patience(way)))
    assert names_in(cache) == sorted(NAMES)
    assert server.asked == [f"/{way}/{FIRST}", *(f"/right/{name}" for name in NAMES)]


def test_mirrors_are_logged(server, cache, caplog):
    caplog.set_level("INFO", logger="nnfast")
    nn.datasets.mnist(mirrors=[server.at("missing"), server.at("right")], timeout=5.0)
    said = [message for message in caplog.messages if FIRST in message]
    assert said[0].startswith(f"{FIRST} is not to be had from ")
    assert said[1].startswith(f"downloaded {FIRST} from ")
    assert len(caplog.messages) == 1 + len(NAMES)


def test_a_mirror_that_drips_is_given_up(server, cache, monkeypatch):
    monkeypatch.setattr(_download, "_SLOWEST_BYTES_PER_SECOND", 1e9)
    start = time.monotonic()
    with pytest.raises(FileNotFoundError, match="in the time allowed"):
        nn.datasets.mnist(mirrors=server.at("dripping"), timeout=1.0)
    assert time.monotonic() - start < 20
    assert names_in(cache) == []


def test_two_threads_at_once(server, cache):
    results = []

    def load():
        results.append(nn.datasets.mnist(mirrors=[server.at("together")]))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 2
    for sets in results:
        check(sets)
    assert server.asked.count(f"/together/{FIRST}") == 2
    assert names_in(cache) == sorted(NAMES)


def test_an_interrupted_download_leaves_nothing_behind(server, cache, monkeypatch):
    def interrupt(_bar, _count):
        raise KeyboardInterrupt

    monkeypatch.setattr(_download._Progress, "advance", interrupt)
    with pytest.raises(KeyboardInterrupt):
        nn.datasets.mnist(mirrors=[server.at("right")])
    assert names_in(cache) == []


def test_what_a_killed_process_left_is_removed(server, cache):
    cache.mkdir(parents=True)
    old, young = cache / f".{FIRST}.1-aa.part", cache / f".{FIRST}.2-bb.part"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    check(nn.datasets.mnist(mirrors=[server.at("right")]))
    # The young one may belong to a process that still writes it.
    assert names_in(cache) == sorted([young.name, *NAMES])
    os.utime(young, (time.time() - 7200,) * 2)
    check(nn.datasets.mnist(mirrors=[]))
    assert names_in(cache) == sorted(NAMES)


# ---- what is found on the machine ------------------------------------------------------------


@pytest.mark.parametrize("place", ["mnist", "."])
def test_the_data_folder_comes_first(monkeypatch, tmp_path, cache, place, closed):
    fill(tmp_path / "data" / place)
    monkeypatch.setenv("NNFAST_DATA", str(tmp_path / "data"))
    check(nn.datasets.mnist(mirrors=[closed]))
    assert not cache.exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (FILES[SECOND][:-1], "bytes long, wanted"),
        (b"", "it is 0 bytes long"),
        (FILES[SECOND][:-1] + b"\xff", "its sha256 is"),
        (FILES[SECOND][:12] + b"\xff" + FILES[SECOND][13:], "its sha256 is"),
    ],
)
@pytest.mark.parametrize("place", ["mnist", "."])
def test_a_damaged_file_in_the_data_folder_is_refused_by_name(
    monkeypatch, tmp_path, server, place, content, problem
):
    damaged = fill(tmp_path / "data" / place) / SECOND
    damaged.write_bytes(content)
    monkeypatch.setenv("NNFAST_DATA", str(tmp_path / "data"))
    with pytest.raises(ValueError, match=f"is not the original MNIST file .*{problem}") as caught:
        nn.datasets.mnist(mirrors=[server.at("right")])
    assert str(caught.value).startswith(str(damaged))
    assert "\n" not in str(caught.value)
    # It is the user's file: neither replaced nor passed over.
    assert damaged.read_bytes() == content
    assert server.asked == []


def test_what_the_data_folder_lacks_is_downloaded(monkeypatch, tmp_path, server, cache):
    (fill(tmp_path / "data" / "mnist") / SECOND).unlink()
    monkeypatch.setenv("NNFAST_DATA", str(tmp_path / "data"))
    check(nn.datasets.mnist(mirrors=[server.at("right")]))
    assert names_in(cache) == [SECOND]


@pytest.mark.parametrize("content", [b"", FILES[FIRST][:100], FILES[FIRST][:-1] + b"\xff"])
def test_a_damaged_file_in_the_cache_is_downloaded_again(server, cache, content):
    (fill(cache) / FIRST).write_bytes(content)
    check(nn.datasets.mnist(mirrors=[server.at("right")]))
    assert server.asked == [f"/right/{FIRST}"]
    assert (cache / FIRST).read_bytes() == FILES[FIRST]


def test_a_damaged_file_in_the_cache_is_named_when_offline(cache, closed):
    (fill(cache) / FIRST).write_bytes(b"short")
    with pytest.raises(FileNotFoundError, match="in the cache is damaged: it is 5 bytes long"):
        nn.datasets.mnist(mirrors=[closed])


def test_the_real_files_come_through_a_download(data_directory, monkeypatch):
    """The real checksums, and the 11 MB of the real thing from a mirror on loopback."""
    monkeypatch.setattr(_sources, "MNIST", _sources.SOURCES[0])
    real = {name: (data_directory / "mnist" / name).read_bytes() for name in NAMES}
    monkeypatch.setitem(globals(), "FILES", real)
    server = Server()
    try:
        (X, y), (X_test, _) = nn.datasets.mnist(mirrors=[server.at("right")])
    finally:
        server.close()
    assert (X.shape, X_test.shape) == ((60000, 784), (10000, 784))
    assert float(X.mean(dtype=np.float64)) == pytest.approx(0.1306604762738429, rel=1e-6)
    assert y[:5].tolist() == [5, 0, 4, 1, 9]


# ---- sentences ------------------------------------------------------------------------------


def test_offline_one_sentence_says_what_to_put_where(monkeypatch, cache, closed):
    monkeypatch.setattr(_sources, "MNIST", _sources.MNIST._replace(mirrors=(closed, closed + "/b")))
    with pytest.raises(FileNotFoundError) as caught:
        nn.datasets.mnist()
    sentence = str(caught.value)
    assert sentence.startswith("MNIST is not on this machine and train-images-idx3-ubyte.gz could")
    assert "refused" in sentence
    assert all(name in sentence for name in NAMES)
    assert str(cache) in sentence
    assert "mnist/ under a folder that the variable NNFAST_DATA names" in sentence
    assert "\n" not in sentence

    monkeypatch.setenv("NNFAST_DATA", "elsewhere")
    with pytest.raises(FileNotFoundError, match=r"elsewhere.mnist \(NNFAST_DATA\)\.$"):
        nn.datasets.mnist()


def test_without_mirrors_nothing_is_downloaded(cache):
    with pytest.raises(FileNotFoundError, match=r"\(no mirrors were given\)"):
        nn.datasets.mnist(mirrors=[])
    assert not cache.exists()


@pytest.mark.parametrize("load", [nn.datasets.mnist, nn.datasets.fashion_mnist])
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"mirrors": ["http://example.invalid"]}, ValueError, "mirrors must be https addresses"),
        ({"mirrors": "ftp://127.0.0.1/"}, ValueError, "mirrors must be https .* got 'ftp://127"),
        ({"mirrors": ["file:///etc"]}, ValueError, "mirrors must be https"),
        ({"mirrors": ["http://127.0.0.1.example.invalid"]}, ValueError, "mirrors must be https"),
        ({"mirrors": ["http://127.0.0.1@example.invalid"]}, ValueError, "mirrors must be https"),
        ({"mirrors": ["http://[::1"]}, ValueError, "mirrors must be https"),
        ({"mirrors": 5}, ValueError, "mirrors must be https .* got 5"),
        ({"mirrors": [None]}, ValueError, "mirrors must be https .* got None"),
        ({"timeout": 0}, ValueError, "timeout must be a positive number of seconds, got 0"),
        ({"timeout": float("inf")}, ValueError, "timeout must be a positive number"),
        ({"timeout": float("nan")}, ValueError, "timeout must be a positive number"),
        ({"timeout": "10"}, TypeError, "timeout must be a number of seconds, got str"),
        ({"timeout": True}, TypeError, "timeout must be a number of seconds, got bool"),
        ({"timeout": None}, TypeError, "timeout must be a number of seconds, got NoneType"),
    ],
)
def test_bad_arguments_are_refused_before_any_work(load, arguments, error, words):
    with pytest.raises(error, match=words):
        load(**arguments)


def test_the_public_mirrors_are_https():
    for source in _sources.SOURCES:
        assert len(source.mirrors) >= 2
        assert all(mirror.startswith("https://") for mirror in source.mirrors)
        assert tuple(file.name for file in source.files) == NAMES


def test_a_cache_that_cannot_be_written(server, monkeypatch, tmp_path):
    (tmp_path / "a file").write_bytes(b"")
    monkeypatch.setenv("NNFAST_CACHE", str(tmp_path / "a file"))
    with pytest.raises(OSError, match=r"cannot be written .*NNFAST_CACHE") as caught:
        nn.datasets.mnist(mirrors=[server.at("right")])
    assert "\n" not in str(caught.value)
    assert server.asked == []


def test_a_full_disk_is_no_fault_of_the_mirrors(server, cache, monkeypatch):
    def full(_bar, _count):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_download._Progress, "advance", full)
    with pytest.raises(OSError, match=r"cannot be written \(No space left on device\)"):
        nn.datasets.mnist(mirrors=[server.at("right"), server.at("right") + "again"])
    assert names_in(cache) == []
    assert len(server.asked) == 1


def test_a_place_that_another_process_holds_is_no_failure(server, cache, monkeypatch):
    """Windows refuses to replace a file that is open; what is there is then the same file."""
    replace = os.replace

    def held(source, destination):
        replace(source, destination)
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(os, "replace", held)
    check(nn.datasets.mnist(mirrors=[server.at("right")]))
    assert names_in(cache) == sorted(NAMES)


def test_a_place_that_cannot_be_replaced_is_said(server, cache, monkeypatch):
    def held(source, destination):
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(OSError, match=r"cannot be written \(Access is denied\)"):
        nn.datasets.mnist(mirrors=[server.at("right")])
    assert names_in(cache) == []


# ---- the place of the cache, and the progress bar ---------------------------------------------


@pytest.mark.parametrize(
    ("platform", "variables", "wanted"),
    [
        ("linux", {}, "home/.cache/nnfast"),
        ("linux", {"XDG_CACHE_HOME": "xdg"}, "xdg/nnfast"),
        ("darwin", {"XDG_CACHE_HOME": "xdg"}, "home/Library/Caches/nnfast"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/nnfast"),
        ("win32", {}, "home/AppData/Local/nnfast"),
        ("linux", {"NNFAST_CACHE": "mine", "XDG_CACHE_HOME": "xdg"}, "mine"),
    ],
)
def test_the_cache_is_where_the_platform_wants_it(
    monkeypatch, tmp_path, platform, variables, wanted
):
    for name in ("NNFAST_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(pathlib.Path, "home", lambda: tmp_path / "home")
    for name, folder in variables.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    assert _download.cache_folder() == tmp_path / wanted


def test_a_relative_xdg_folder_is_ignored_and_a_missing_home_said(monkeypatch, tmp_path):
    monkeypatch.delenv("NNFAST_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(pathlib.Path, "home", lambda: tmp_path)
    assert _download.cache_folder() == tmp_path / ".cache" / "nnfast"

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(pathlib.Path, "home", homeless)
    with pytest.raises(OSError, match=r"no home folder .* set NNFAST_CACHE"):
        nn.datasets.mnist()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("with_tqdm", [True, False])
def test_a_terminal_shows_progress_and_is_left_clean(server, monkeypatch, with_tqdm):
    if with_tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    check(nn.datasets.mnist(mirrors=[server.at("cut"), server.at("right")]))
    shown = terminal.getvalue()
    assert all(name in shown for name in NAMES)
    assert "\n" not in shown
    assert shown.split("\r")[-1].strip() == ""


def test_no_stderr_at_all(server, monkeypatch):
    """As in a program without a console on Windows."""
    monkeypatch.setattr(sys, "stderr", None)
    check(nn.datasets.mnist(mirrors=[server.at("right")]))
