"""A file that comes from hosts in pieces: kept for the next try, believed only when it is whole."""

import logging
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from shiftpress.core.fetching import Answer, Cut, Limits, NoMore, Transfer
from shiftpress.core.progress import INTERVAL_S
from shiftpress.core.sources import HEAD, MAX_BYTES, Source, Unavailable


def download(url: str, part: Path, source: Source, limits: Limits, deadline: float) -> None:
    """Bring a partial file to its whole, accepted content, going on from what is there.

    Raises Unavailable if the host does not give it. The partial file is then gone, or holds a beginning that may be
    the right one. ``deadline`` is a time of ``time.monotonic``.
    """
    for _ in range(limits.resumes + 1):
        start = part.stat().st_size if part.exists() else 0
        if source.sizes and start >= min(source.sizes):
            if not source.fault(part):
                return
            part.unlink()
            start = 0
        try:
            _go_on(url, part, start, source, limits, deadline)
            if not (fault := source.fault(part)):
                return
            part.unlink()
            last = Unavailable(f"host sent another file: {fault}")
            if not start:  # else the beginning may be to blame, which another host sent
                break
        except NoMore as error:
            if source.sizes or not start:  # the host has a shorter file than ours
                raise
            if not source.fault(part):
                return
            part.unlink()
            last = error
        except Cut as error:
            if not part.exists() or part.stat().st_size <= start:
                raise
            last = error
    raise last


def _go_on(url: str, part: Path, start: int, source: Source, limits: Limits, deadline: float) -> None:
    """One request: append to the partial file what the host sends, or begin the file anew."""
    with Transfer(url, start, limits, deadline) as transfer:
        answer = transfer.answer()
        if answer.total is not None and source.sizes and answer.total not in source.sizes:
            raise Unavailable(f"host offers {answer.total:,} bytes; the file is {source.described}")
        chunks = transfer.chunks()
        head = b""
        while len(head) < HEAD and (chunk := next(chunks, b"")):
            head += chunk
        if not head:
            raise Cut("host sent no bytes")
        if not answer.start and (reason := source.strange(head)):
            raise Unavailable(reason)
        size = _write(part, answer, chain([head], chunks), source)
    if size < min(source.sizes, default=0):
        raise Cut(f"host sent only {size:,} bytes; the file is {source.described}")


def _write(part: Path, answer: Answer, chunks: Iterator[bytes], source: Source) -> int:
    """Write the chunks from a place on; returns the size of the file."""
    size, limit = answer.start, max(source.sizes, default=MAX_BYTES)
    said = time.monotonic()
    with open(part, "ab" if answer.start else "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                part.unlink()
                raise Unavailable(f"host sent more than {limit:,} bytes")
            file.write(chunk)
            if time.monotonic() - said >= INTERVAL_S:
                said = time.monotonic()
                line = f"{source.name}: {size / 1e6:,.1f} of {(answer.total or 0) / 1e6:,.1f} MB"
                logging.getLogger("shiftpress").info(line)
                print(f"    {line}", file=sys.stderr, flush=True)
    return size
