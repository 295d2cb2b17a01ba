"""Find a data set's original files on this machine, or download them into the user's cache.

A file counts only with its recorded length and SHA-256, wherever it comes from. The cache is
written under a temporary name in the same folder and renamed once verified, so that nobody, in this
process or another, before or after a crash, meets half a file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from . import _log
from ._sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from types import TracebackType

    from ._sources import File, Source

# A mirror may be slow, but one that drips is given up: seconds allowed = timeout + bytes / this.
_SLOWEST_BYTES_PER_SECOND = 10_000
# A download that still lives touches its temporary file far more often than this.
_STALE_SECONDS = 3600
_CHUNK = 1 << 16


class _NotThere(Exception):
    """A mirror did not give the file; the text is the reason, for the sentence the user reads."""


def fetch(
    source: Source, *, mirrors: str | Sequence[str] | None, timeout: float
) -> Iterator[tuple[str, bytes]]:
    """Yield (where it was found, verified bytes) for each file of a source, in order.

    Looks in ``NNFAST_DATA``, then in the cache, then asks the mirrors. The arguments are checked
    when the first file is asked for, before any work.
    """
    candidates = _checked_mirrors(source, mirrors)
    seconds = _checked_seconds(timeout)
    for file in source.files:
        local = _from_data_folder(source, file)
        yield local if local is not None else _from_cache(source, file, candidates, seconds)


def cache_folder() -> Path:
    """Return the folder that downloads are kept in (it need not exist yet)."""
    chosen = os.environ.get("NNFAST_CACHE")
    if chosen:
        return Path(chosen)
    try:
        if sys.platform == "win32":
            local = os.environ.get("LOCALAPPDATA")
            return (Path(local) if local else Path.home() / "AppData" / "Local") / "nnfast"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "nnfast"
        # The XDG specification: a relative path is invalid and to be ignored.
        shared = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(shared) if os.path.isabs(shared) else Path.home() / ".cache") / "nnfast"
    except RuntimeError as error:
        raise OSError(
            "There is no home folder to keep downloaded data in; set NNFAST_CACHE to a folder."
        ) from error


def _from_data_folder(source: Source, file: File) -> tuple[str, bytes] | None:
    """Read a file from ``NNFAST_DATA``; a wrong one is the user's: refused, never replaced."""
    folder = os.environ.get("NNFAST_DATA")
    if not folder:
        return None
    for path, shared in (
        (Path(folder) / source.folder / file.name, False),
        (Path(folder) / file.name, True),
    ):
        if not path.is_file():
            continue
        content, problem = _verified(path, file)
        if content is not None:
            return str(path), content
        # NNFAST_DATA=.../fashion-mnist holds files of the same names that are no damaged MNIST.
        if shared and _belongs_to_another(path, source):
            continue
        raise ValueError(
            f"{path} is not the original {source.title} file ({problem}): put the original there, "
            "or remove it."
        )
    return None


def _belongs_to_another(path: Path, source: Source) -> bool:
    """Tell whether a file is an original one of another data set."""
    return any(
        _verified(path, file)[0] is not None
        for other in SOURCES
        if other != source
        for file in other.files
    )


def _from_cache(
    source: Source, file: File, candidates: list[str], timeout: float
) -> tuple[str, bytes]:
    """Read a file from the cache, downloading it where it is missing or damaged."""
    path = cache_folder() / source.folder / file.name
    _remove_stale(path)
    reasons = []
    if path.is_file():
        content, problem = _verified(path, file)
        if content is not None:
            return str(path), content
        reasons.append(f"the copy in the cache is damaged: {problem}")

    for mirror in tuple(candidates):
        try:
            content = _download(f"{mirror}/{file.name}", file, path, timeout)
        except _NotThere as failure:
            reasons.append(f"{_host(mirror)}: {failure}")
            _log.info("%s is not to be had from %s: %s", file.name, _host(mirror), failure)
            continue
        _log.info("downloaded %s from %s to %r", file.name, _host(mirror), str(path))
        # The next files ask this mirror first, and do not wait again for one that was silent.
        candidates.remove(mirror)
        candidates.insert(0, mirror)
        return str(path), content

    folder = os.environ.get("NNFAST_DATA")
    raise FileNotFoundError(
        f"{source.title} is not on this machine and {file.name} could not be downloaded "
        f"({'; '.join(reasons) or 'no mirrors were given'}): put the original files "
        f"{', '.join(each.name for each in source.files)} into {path.parent}, or into "
        + (
            f"{Path(folder) / source.folder} (NNFAST_DATA)."
            if folder
            else f"{source.folder}/ under a folder that the variable NNFAST_DATA names."
        )
    )


def _download(url: str, file: File, destination: Path, timeout: float) -> bytes:
    """Download one file, verify it and move it to its place; return its bytes."""
    import secrets

    partial = destination.with_name(f".{file.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Not tempfile.mkstemp: its mode 0600 would lock others out of a shared cache.
            with open(partial, "xb") as stream:
                _receive(url, file, stream, timeout)
            content, problem = _verified(partial, file)
            if content is None:
                raise _NotThere(f"sent another file ({problem})")
            _move(partial, destination, file)
            return content
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(
            f"{destination} cannot be written ({error.strerror or error}): make room or give leave "
            "to write there, or set NNFAST_CACHE to another folder."
        ) from error


def _move(partial: Path, destination: Path, file: File) -> None:
    """Put the verified file in its place; on Windows another process may hold the place open."""
    try:
        os.replace(partial, destination)
    except PermissionError:
        # Whoever holds it has most likely just written the same bytes; then nothing is left to do.
        if not destination.is_file() or _verified(destination, file)[0] is None:
            raise


def _remove_stale(destination: Path) -> None:
    """Remove what a killed process left behind; the temporary files of living ones are young."""
    import contextlib
    import time

    for path in destination.parent.glob(f".{destination.name}.*.part"):
        # In a cache that may only be read they are for its owner to remove.
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink()


def _receive(url: str, file: File, stream: BinaryIO, timeout: float) -> None:
    """Write what the address sends into a stream, never more than the file's length.

    Only the network's failures become ``_NotThere``; those of the stream (a full disk) pass.
    """
    import contextlib
    import time

    deadline = time.monotonic() + timeout + file.size / _SLOWEST_BYTES_PER_SECOND
    received = 0
    # closing: a generator left half-way would keep its connection until it is collected.
    with _Progress(file) as progress, contextlib.closing(_chunks(url, timeout)) as chunks:
        for chunk in chunks:
            received += len(chunk)
            if received > file.size:
                raise _NotThere(f"sent more than the file's {file.size} bytes")
            if time.monotonic() > deadline:
                raise _NotThere(f"sent only {received} of {file.size} bytes in the time allowed")
            stream.write(chunk)
            progress.advance(len(chunk))
    if received < file.size:
        raise _NotThere(f"sent only {received} of {file.size} bytes")


def _chunks(url: str, timeout: float) -> Generator[bytes, None, None]:
    """Yield what an address sends as it arrives; any failure becomes ``_NotThere``."""
    import http.client
    import urllib.error

    try:
        with _opener(url).open(url, timeout=timeout) as response:
            while chunk := response.read1(_CHUNK):
                yield chunk
    except urllib.error.HTTPError as error:
        error.close()
        raise _NotThere(f"HTTP {error.code} {_reason(error.reason)}") from error
    except TimeoutError as error:
        raise _NotThere(f"silent for {timeout:g} s") from error
    except urllib.error.URLError as error:
        silent = isinstance(error.reason, TimeoutError)
        raise _NotThere(f"silent for {timeout:g} s" if silent else _reason(error.reason)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _NotThere(_reason(error)) from error


def _opener(url: str) -> Any:
    """Return urllib's opener for an address: no redirect to plain http, no proxy for loopback."""
    import urllib.error
    import urllib.request

    plain_allowed = url.startswith("http:")

    class Redirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(
            self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
        ) -> urllib.request.Request | None:
            if not (newurl.startswith("https://") or (plain_allowed and _is_loopback(newurl))):
                raise urllib.error.HTTPError(newurl, code, f"redirects to {newurl}", headers, fp)
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    handlers: list[urllib.request.BaseHandler] = [Redirect()]
    if plain_allowed:
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    opener.addheaders = [("User-Agent", "nnfast")]
    return opener


def _verified(path: Path, file: File) -> tuple[bytes | None, str]:
    """Return a file's bytes if they are the recorded ones, else None and what is wrong."""
    size = path.stat().st_size
    # The length first: a mistaken file of many gigabytes is not read to find out.
    if size != file.size:
        return None, f"it is {size} bytes long, wanted {file.size}"
    import hashlib

    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        return None, f"its sha256 is {found}, wanted {file.sha256}"
    return content, ""


def _checked_mirrors(source: Source, mirrors: object) -> list[str]:
    """Return the addresses to ask, without a slash at the end."""
    if mirrors is None:
        return list(source.mirrors)
    checked = []
    for mirror in mirrors if isinstance(mirrors, (list, tuple)) else (mirrors,):
        if not (
            isinstance(mirror, str) and (mirror.startswith("https://") or _is_loopback(mirror))
        ):
            raise ValueError(
                f"mirrors must be https addresses (http only on loopback), got {mirror!r}."
            )
        checked.append(mirror.rstrip("/"))
    # The same mirror twice would only be asked twice.
    return list(dict.fromkeys(checked))


def _checked_seconds(timeout: object) -> float:
    """Return a positive, finite number of seconds."""
    import math
    import numbers

    if isinstance(timeout, bool) or not isinstance(timeout, numbers.Real):
        raise TypeError(f"timeout must be a number of seconds, got {type(timeout).__name__}.")
    seconds = float(timeout)
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"timeout must be a positive number of seconds, got {timeout!r}.")
    return seconds


def _is_loopback(url: str) -> bool:
    """Tell whether an address is plain http to this machine itself."""
    import ipaddress
    from urllib.parse import urlsplit

    if not url.startswith("http://"):
        return False
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(url: str) -> str:
    """Return the part of a mirror's address that a user recognizes."""
    return url.split("//", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]


def _reason(error: object) -> str:
    """Return an error's own words, or its name where it has none, as a part of one sentence."""
    words = " ".join(str(getattr(error, "strerror", None) or error).split())
    # Some hold what the server sent, which may be a page.
    return words[:200] or type(error).__name__


class _Progress:
    """A progress bar on stderr where that is a terminal: tqdm's if installed, else one line."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._received = 0
        self._shown = -1
        self._line = ""
        self._bar: Any = None
        self._terminal = sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self) -> _Progress:
        if self._terminal:
            try:
                from tqdm import tqdm
            except ImportError:
                return self
            self._bar = tqdm(
                total=self._file.size,
                desc=self._file.name,
                unit="B",
                unit_scale=True,
                leave=False,
                file=sys.stderr,
            )
        return self

    def advance(self, count: int) -> None:
        self._received += count
        if self._bar is not None:
            self._bar.update(count)
        elif self._terminal:
            percent = 100 * self._received // self._file.size
            if percent != self._shown:
                self._shown = percent
                megabytes = self._file.size / 1e6
                self._line = f"{self._file.name}  {percent:3d} % of {megabytes:.1f} MB"
                sys.stderr.write(f"\r{self._line}")
                sys.stderr.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._line:
            # Blank the line, as tqdm's is: what is printed next begins on a clean one.
            sys.stderr.write(f"\r{' ' * len(self._line)}\r")
            sys.stderr.flush()
