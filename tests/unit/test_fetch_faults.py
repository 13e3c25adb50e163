"""Hosts that misbehave, on any mirror: no bad byte is kept, the next place is used, and the time is bounded."""

import hashlib
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from shiftpress.core.fetching import Limits
from shiftpress.core.partial import download
from shiftpress.core.problems import InputError
from shiftpress.core.rawdata import obtain, part_file
from shiftpress.core.sources import Source, Unavailable

pytestmark = pytest.mark.fault

GOOD = b"\x1f\x8b" + np.random.default_rng(0).bytes(200_000)
BAD = GOOD[:-1] + b"!"
LIMITS = Limits(connect_s=1.2, window_s=0.6, floor=100_000, total_s=6, resumes=2, redirects=3)
BOUND_S = 8
"""No case may take longer: the limit for a file, and some for a slow machine."""
SILENCE_S = 3


class Host(BaseHTTPRequestHandler):
    """Serves /<fault>/<mirror>/kind/file.gz as badly as the fault says, and /good/... well."""

    protocol_version = "HTTP/1.1"
    asked: list[str] = []

    def do_GET(self):
        Host.asked.append(self.path)
        getattr(self, self.path.split("/")[1])()

    def log_message(self, *_):
        pass

    def answer(self, body: bytes, status: int = 200, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def good(self):
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if start >= len(GOOD):
            return self.answer(b"", 416)
        span = {"Content_Range": f"bytes {start}-{len(GOOD) - 1}/{len(GOOD)}"} if start else {}
        self.answer(GOOD[start:], 206 if start else 200, **span)

    def not_found(self):
        self.answer(b"no such file", 404)

    def server_error(self):
        self.answer(b"sorry", 500)

    def html_page(self):
        self.answer(b"<!DOCTYPE html><html>Download quota exceeded</html>" + b" " * len(GOOD), length=len(GOOD))

    def truncation(self):
        self.answer(GOOD[:100_000], length=len(GOOD))

    def stall(self):
        self.answer(GOOD[:100_000], length=len(GOOD))
        time.sleep(SILENCE_S)

    def wrong_digest(self):
        self.answer(BAD)

    def redirect_loop(self):
        self.answer(b"", 302, Location=f"{self.path}x")

    def zero_bytes(self):
        self.answer(b"")

    def slow_drip(self):
        self.answer(b"", length=len(GOOD))
        try:
            for start in range(0, 60_000, 1000):
                self.wfile.write(GOOD[start : start + 1000])
                time.sleep(0.05)
        except OSError:
            pass

    def wrong_length(self):
        self.answer(GOOD, length=len(GOOD) - 1000)

    # beyond the ten

    def silence(self):
        time.sleep(SILENCE_S)

    def too_long(self):
        self.answer(GOOD + b"more", length=len(GOOD) + 4)

    def other_part(self):
        self.answer(GOOD[5:], 206, Content_Range=f"bytes 5-{len(GOOD) - 1}/{len(GOOD)}")

    def packed_again(self):
        self.answer(GOOD, Content_Encoding="gzip")

    def to_a_file(self):
        self.answer(b"", 302, Location="file:///etc/passwd")


FAULTS = {
    "not_found": "answered 404 Not Found",
    "server_error": "answered 500 Internal Server Error",
    "html_page": "returned an HTML page",
    "truncation": "broke off",
    "stall": "silent or too slow",
    "wrong_digest": "sent another file: it has md5:",
    "redirect_loop": "redirects more than 3 times",
    "zero_bytes": "offers 0 bytes",
    "slow_drip": "silent or too slow",
    "wrong_length": f"offers {len(GOOD) - 1000:,} bytes",
}
CASES = [(fault, place) for fault in FAULTS for place in range(3)]


@pytest.fixture(scope="module")
def host():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch):
    monkeypatch.setattr(Host, "asked", [])
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def raw(tmp_path):
    return tmp_path / "kind" / "file.gz"


SOURCE = Source("file.gz", {"md5:" + hashlib.md5(GOOD).hexdigest(): len(GOOD)})


def no_bad_byte(raw) -> bool:
    """What is left for the next try is a beginning of the file, or nothing."""
    part = part_file(raw)
    others = {path.name for path in raw.parent.iterdir()} - {raw.name, part.name, f".{raw.name}.lock"}
    return (not part.exists() or GOOD.startswith(part.read_bytes())) and others <= {f"{raw.name}.origin.json"}


def test_there_are_ten_faults_on_three_mirrors():
    assert len(FAULTS) >= 10 and len(CASES) == 3 * len(FAULTS)


@pytest.mark.parametrize(("fault", "place"), CASES)
def test_after_a_fault_on_any_mirror_the_next_one_is_used(fault, place, host, raw):
    names = [fault if number == place else "not_found" for number in range(place + 1)]
    mirrors = [f"{host}/{name}/{number}" for number, name in enumerate([*names, "good"])]
    start = time.monotonic()
    assert obtain(SOURCE, raw, mirrors, LIMITS) == host.removeprefix("http://")
    assert time.monotonic() - start < BOUND_S
    assert raw.read_bytes() == GOOD and no_bad_byte(raw) and not part_file(raw).exists()
    assert [path.split("/")[2] for path in dict.fromkeys(Host.asked)][-1] == str(place + 1)


@pytest.mark.parametrize("fault", FAULTS)
def test_when_all_mirrors_have_it_nothing_is_kept_and_the_message_helps(fault, host, raw):
    start = time.monotonic()
    with pytest.raises(InputError) as refusal:
        obtain(SOURCE, raw, [f"{host}/{fault}/{number}" for number in range(3)], LIMITS)
    assert time.monotonic() - start < BOUND_S
    assert not raw.exists() and no_bad_byte(raw)
    said = str(refusal.value)
    assert said.count(f"  {host.removeprefix('http://')}: ") == 3, "each host with its cause"
    assert FAULTS[fault] in said and "Next, one of: " in said and "--mirror" in said


OTHERS = {
    "silence": "does not answer|silent",
    "too_long": f"offers {len(GOOD) + 4:,} bytes",
    "other_part": "answered 206",
    "to_a_file": "http:// or https://",
}


@pytest.mark.parametrize("fault", OTHERS)
def test_other_faults_are_told_too(fault, host, raw):
    with pytest.raises(InputError, match=OTHERS[fault]):
        obtain(SOURCE, raw, [f"{host}/{fault}/0"], LIMITS)
    assert not raw.exists() and no_bad_byte(raw)


def test_a_file_that_the_host_calls_packed_is_left_as_it_is(host, raw):
    obtain(SOURCE, raw, [f"{host}/packed_again/0"], LIMITS)
    assert raw.read_bytes() == GOOD


def test_a_host_that_is_not_there_is_given_up(raw, host):
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9: host cannot be reached"):
        obtain(SOURCE, raw, ["http://127.0.0.1:9"], LIMITS)


def test_what_has_come_is_not_asked_for_again(host, raw):
    raw.parent.mkdir()
    part_file(raw).write_bytes(GOOD[:150_000])
    seen = []
    Host.good, real = lambda self: (seen.append(self.headers.get("Range")), real(self))[1], Host.good
    try:
        obtain(SOURCE, raw, [f"{host}/good/0"], LIMITS)
    finally:
        Host.good = real
    assert seen == ["bytes=150000-"] and raw.read_bytes() == GOOD


@pytest.mark.parametrize("left", [b"a wrong beginning", BAD, GOOD + b"more"])
def test_a_wrong_beginning_is_thrown_away_and_the_file_fetched_anew(host, raw, left):
    raw.parent.mkdir()
    part_file(raw).write_bytes(left)
    obtain(SOURCE, raw, [f"{host}/good/0"], LIMITS)
    assert raw.read_bytes() == GOOD


def test_a_name_and_password_in_an_address_are_not_shown(host, raw):
    with pytest.raises(InputError) as refusal:
        obtain(SOURCE, raw, [f"{host.replace('//', '//user:secret@')}/not_found/0"], LIMITS)
    assert "secret" not in str(refusal.value)


def test_a_file_of_unknown_size_is_checked_too(host, raw):
    source = Source("file.gz", dict.fromkeys(SOURCE.accepted))
    for fault in ("wrong_digest", "zero_bytes", "truncation"):
        with pytest.raises(InputError):
            obtain(source, raw, [f"{host}/{fault}/0"], LIMITS)
        assert not raw.exists() and no_bad_byte(raw)
    for left in (GOOD, BAD, b""):
        part_file(raw).write_bytes(left)
        obtain(source, raw, [f"{host}/good/0"], LIMITS)
        assert raw.read_bytes() == GOOD
        raw.unlink()


def test_the_time_for_a_file_is_for_all_hosts_together(host, raw):
    raw.parent.mkdir()
    with pytest.raises(Unavailable, match="the time for this file is over"):
        download(f"{host}/good/0", part_file(raw), SOURCE, LIMITS, time.monotonic() - 1)
