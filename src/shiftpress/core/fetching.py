"""The only module that talks to hosts: what an address answers, as bytes that come within limits of time."""

import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import responses
from queue import Empty, Full, Queue
from threading import Event, Thread
from urllib.parse import urljoin, urlsplit

import requests

from shiftpress.core.sources import Unavailable

CHUNK = 1 << 16


@dataclass(frozen=True)
class Limits:
    """When a host is given up."""

    connect_s: float = 10
    """For a connection."""
    window_s: float = 30
    """Within this time an answer must begin, and in any such time ``floor`` bytes per second must come."""
    floor: int = 10_000
    total_s: float = 6 * 3600
    """For one file, from all places together."""
    resumes: int = 5
    """How often one host is asked to go on after a cut."""
    redirects: int = 5


class Cut(Unavailable):
    """The connection ended early; what has come is a beginning."""


class NoMore(Unavailable):
    """The host has nothing beyond what has come."""


@dataclass(frozen=True)
class Answer:
    """What a host is about to send."""

    start: int
    """Place of its first byte in the file."""
    total: int | None
    """Bytes of the whole file, if the host says so."""


class Transfer:
    """One request for a file from a byte on. ``deadline`` is a time of ``time.monotonic``.

    Network calls run in a thread of their own: a name server, a handshake or headers that drip know no time limit.
    """

    def __init__(self, url: str, start: int, limits: Limits, deadline: float):
        self.limits, self.deadline = limits, deadline
        self._items: Queue = Queue(maxsize=16)
        self._over = Event()
        Thread(target=self._pump, args=(url, start), daemon=True).start()

    def __enter__(self) -> "Transfer":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def answer(self) -> Answer:
        """Raises Unavailable if the host sends neither the file nor the rest of it."""
        return self._next(self.limits.connect_s + self.limits.window_s)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, as long as they come fast enough; raises Unavailable when they do not, Cut when they break off."""
        since, came = time.monotonic(), 0
        while (chunk := self._next(self.limits.window_s)) is not None:
            yield chunk
            now, came = time.monotonic(), came + len(chunk)
            if now - since >= self.limits.window_s:
                if came < self.limits.floor * (now - since):
                    raise Unavailable(f"host is too slow: {came / (now - since):,.0f} bytes a second")
                since, came = now, 0

    def _next(self, wait_s: float) -> Answer | bytes | None:
        """What the thread says next; nothing at the end of the body."""
        left = self.deadline - time.monotonic()
        try:
            item = self._items.get(timeout=max(0, min(wait_s, left)))
        except Empty:
            slow = f"host is silent or too slow: fewer than {CHUNK:,} bytes in {wait_s:g} s"
            raise Unavailable("the time for this file is over" if left < wait_s else slow) from None
        if isinstance(item, Exception):
            raise item if isinstance(item, Unavailable) else _in_words(item)
        return item

    def _pump(self, url: str, start: int) -> None:
        try:
            with _Session() as session, _ask(session, url, start, self.limits) as response:
                going = self._say(_understood(response, start))
                # raw: requests would unpack a file whose name ends in .gz if the host calls that an encoding
                for chunk in response.raw.stream(CHUNK, decode_content=False):
                    if not (going := going and self._say(chunk)):
                        return
            self._say(None)
        except Exception as error:  # whatever it is, the other thread raises it
            self._say(error)

    def _say(self, item: Answer | bytes | Exception | None) -> bool:
        """Whether the other side still listens."""
        while not self._over.is_set():
            try:
                self._items.put(item, timeout=0.5)
                return True
            except Full:
                continue
        return False


def answering(hosts: Sequence[str], patience_s: float = 8.0) -> list[str]:
    """Those of some hosts that say anything at all, asked all at once."""

    def asked(host: str) -> bool:
        try:
            requests.head(f"https://{host}/", timeout=patience_s, allow_redirects=False)
        except requests.exceptions.RequestException:
            return False
        return True

    with ThreadPoolExecutor(max_workers=max(1, len(hosts))) as pool:
        return [host for host, said in zip(hosts, pool.map(asked, hosts), strict=True) if said]


def host_of(url: str) -> str:
    """Name of the host, as messages show it: without the name and password that an address may carry."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def _in_words(error: Exception) -> Unavailable:
    if isinstance(error, requests.exceptions.SSLError):
        return Unavailable("host has no certificate that can be trusted")
    if isinstance(error, requests.exceptions.Timeout):
        return Unavailable("host does not answer")
    if isinstance(error, requests.exceptions.RequestException):
        return Unavailable(f"host cannot be reached ({type(error).__name__})")
    return Cut(f"connection broke off ({type(error).__name__})")


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: redirects are followed by ``_ask``. requests would first read the whole body, however long."""


def _ask(session: requests.Session, url: str, start: int, limits: Limits) -> requests.Response:
    """The answer behind all redirects; never from https to http."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "shiftpress"}
    if start:
        headers["Range"] = f"bytes={start}-"
    for _ in range(limits.redirects + 1):
        if urlsplit(url).scheme not in ("http", "https"):
            raise Unavailable("address does not begin with http:// or https://")
        # the reader of the queue gives up first; this ends the thread
        timeout = (limits.connect_s, 2 * limits.window_s)
        response = session.get(url, headers=headers, stream=True, timeout=timeout, allow_redirects=False)
        if not response.is_redirect:
            return response
        response.close()
        secure, url = url.startswith("https:"), urljoin(url, response.headers["Location"])
        if secure and not url.startswith("https:"):
            raise Unavailable("host redirects from https to http")
    raise Unavailable(f"host redirects more than {limits.redirects} times")


def _understood(response: requests.Response, start: int) -> Answer:
    status, headers = response.status_code, response.headers
    if status == 200:
        length = headers.get("Content-Length", "")
        return Answer(0, int(length) if length.isdecimal() else None)
    if status == 206 and start:
        span = re.match(r"bytes (\d+)-\d+/(\d+|\*)$", headers.get("Content-Range", ""))
        if not span or int(span[1]) != start:
            raise Unavailable("host sent another part of the file than was asked for")
        return Answer(start, int(span[2]) if span[2] != "*" else None)
    if status == 416:
        raise NoMore(f"host has nothing beyond byte {start:,}")
    raise Unavailable(f"host answered {status} {responses.get(status, '')}".rstrip())
