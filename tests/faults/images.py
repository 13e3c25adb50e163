"""Picture files that are cut, damaged, bombs, deep, animated or odd: pixels, or one line."""

import io
import struct
import time
import zlib
from pathlib import Path, PurePosixPath

import numpy as np
from faults.outcome import Outcome
from fuzzing import damaged
from PIL import Image

from shiftpress.core.pictures import MAX_PIXELS, decode
from shiftpress.core.problems import InputError

KINDS = {"png": "PNG", "jpg": "JPEG", "bmp": "BMP", "webp": "WEBP"}


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    picture.save(buffer, KINDS[kind], **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG with a right checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of few bytes that claims many pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100_000))) + chunk(b"IEND", b"")


def odd() -> dict[str, tuple[bytes, tuple | None]]:
    """Files by name; with the shape of their pixels, or None if they are to be refused."""
    rgb = Image.fromarray(np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8))
    grey, frames = rgb.convert("L"), [rgb, rgb.rotate(90).resize((5, 7))]
    deep = Image.fromarray(np.arange(35, dtype=np.uint16).reshape(7, 5) * 1000)
    found = {
        "deep.png": (encoded(deep, "png"), None),
        "animated.png": (encoded(rgb, "png", save_all=True, append_images=frames[1:]), None),
        "animated.webp": (encoded(rgb, "webp", save_all=True, append_images=frames[1:]), None),
        "bomb.png": (bomb(30_000, 30_000), None),
        "wide.png": (bomb(MAX_PIXELS + 1, 1), None),
        "endless.png": (bomb(2**31 - 1, 2**31 - 1), None),
        "empty.png": (b"", None),
        "empty.jpg": (b"", None),
        "page.png": (b"<html>", None),
        "other.jpg": (encoded(rgb, "png"), None),
        "other.webp": (encoded(rgb, "bmp"), None),
        "gif.png": (b"GIF89a" + bytes(40), None),
        "four_inks.jpg": (encoded(rgb.convert("CMYK"), "jpg"), (7, 5, 3)),
        "clear.png": (encoded(rgb.convert("RGBA"), "png"), (7, 5, 3)),
        "palette.png": (encoded(rgb.convert("P"), "png"), (7, 5, 3)),
        "bits.png": (encoded(rgb.convert("1"), "png"), (7, 5)),
        "grey.jpg": (encoded(grey, "jpg"), (7, 5)),
        "point.png": (encoded(rgb.crop((0, 0, 1, 1)), "png"), (1, 1, 3)),
        "point.jpg": (encoded(grey.crop((0, 0, 1, 1)), "jpg"), (1, 1)),
        "UPPER.PNG": (encoded(grey, "png"), (7, 5)),
    }
    for kind in KINDS:
        whole = encoded(rgb, kind)
        found |= {f"cut{part}.{kind}": (whole[: len(whole) * part // 10], None) for part in (0, 1, 5)}
    return found


def pictures(folder: Path, tries: int, seed: int) -> Outcome:
    """I1: odd files by name, then damaged ones."""
    outcome, draw, read, slowest = Outcome(), np.random.default_rng(seed), 0, 0.0
    for name, (data, shape) in odd().items():
        start = time.perf_counter()
        found = _shape(name, data, outcome)
        slowest = max(slowest, time.perf_counter() - start)
        outcome.check(found == shape, f"{name}: {found} and not {shape}")
    rgb = Image.fromarray(draw.integers(0, 256, (24, 20, 3), dtype=np.uint8))
    whole = {kind: encoded(rgb, kind) for kind in KINDS}
    for number in range(max(0, tries - outcome.tries)):
        kind = list(KINDS)[number % len(KINDS)]
        bad = damaged(whole[kind], whole[list(KINDS)[int(draw.integers(len(KINDS)))]], draw, 60)
        start = time.perf_counter()
        found = _shape(f"x.{kind}", bad, outcome)
        slowest = max(slowest, time.perf_counter() - start)
        read += found is not None
        outcome.check(found is None or len(found) in (2, 3), f"try {number}")
    outcome.worst = f"{slowest:.2f} s; {read} damaged ones still had pixels"
    return outcome


def _shape(name: str, data: bytes, outcome: Outcome) -> tuple | None:
    try:
        found = decode(PurePosixPath(name), data)
    except InputError as error:
        if "\n" in str(error) or name not in str(error):
            outcome.failures.append(f"{name}: {error}")
        return None
    except Exception as error:
        outcome.failures.append(f"{name}: {type(error).__name__}: {error}")
        return None
    if found.dtype != np.uint8:
        outcome.failures.append(f"{name}: {found.dtype}")
    return found.shape
