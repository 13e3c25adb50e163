"""What model files and streams say about themselves, in words."""

from shiftpress.coding.container import Part, read
from shiftpress.coding.model import read_model


def stream_facts(data: bytes) -> dict[str, object]:
    """Facts of a stream whose sizes and checksums are right. Raises InputError."""
    header, sections = read(data)
    channels, height, width = header.shape
    payload = len(sections.payload(header.least))
    return {
        "file": "shiftpress stream",
        "codec": header.kind,
        "stage": header.stage,
        "model": header.model.hex(),
        "images": f"{header.count} of {channels}x{height}x{width}",
        "code": ", ".join(map(_words, header.parts)),
        "bytes": f"{len(data)} ({len(data) - payload} header, {payload} payload)",
        "bits per image": f"{8 * len(data) / header.count:.2f}",
        "bits per pixel": f"{8 * len(data) / header.count / height / width:.4f}",
    }


def model_facts(data: bytes) -> dict[str, object]:
    """Facts of a model file that can be used. Raises InputError."""
    model = read_model(data)
    channels, height, width = model.shape
    return {
        "file": "shiftpress codec",
        "codec": model.kind,
        "stages": ", ".join(model.net.stages),
        "model": model.digest.hex(),
        "images": f"{channels}x{height}x{width}",
        "origin": ascii(model.origin)[1:-1],
        "numbers": sum(tensor.numel() for tensor in model.net.state_dict().values()),
        "bytes": len(data),
    }


def _words(part: Part) -> str:
    return f"{part.symbols} symbols {f'of {part.levels} levels' if part.levels else 'by tables'}"
