"""The peer of ``bench/corruptions.py``: imagecorruptions in an environment of its own, a line of JSON in, one out.

The package broke with later versions of what it uses, and is mended here at run time. It has the constants for ImageNet
only; the asker's are put in their place, so that both sides do the same work. ``elastic_transform`` keeps its own: it
is another recipe, without the affine map.

Asked ``{"kind", "severity", "images": FILE.npy, "count"}``, it answers seconds of CPU and of wall time; with ``"save":
FILE.npy`` it writes what came out.
"""

import json
import os
import sys
import time
import types
import warnings

os.environ["OMP_NUM_THREADS"] = "1"
warnings.filterwarnings("ignore")

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import scipy.ndimage  # noqa: E402
import skimage.filters  # noqa: E402
from PIL import Image  # noqa: E402


def mend() -> types.ModuleType:
    """The package, with what was renamed or removed since it was written."""
    np.float_ = np.float64
    moved = types.ModuleType("scipy.ndimage.interpolation")
    moved.map_coordinates = scipy.ndimage.map_coordinates
    sys.modules[moved.__name__] = moved
    blur = skimage.filters.gaussian

    def gaussian(*args, multichannel=None, **options):
        if multichannel is not None:
            options["channel_axis"] = -1 if multichannel else None
        return blur(*args, **options)

    skimage.filters.gaussian = gaussian
    import imagecorruptions.corruptions

    return imagecorruptions.corruptions


def with_constants(module: types.ModuleType, kind: str, table: list) -> types.FunctionType:
    """A corruption with its table of five constants, in its compiled code, replaced by another."""
    function = getattr(module, kind)
    if kind == "elastic_transform":
        return function
    code = function.__code__
    if kind == "zoom_blur":
        # calls of arange stand there, whose ends and steps are constants of their own
        own = dict(zip((1.11, 1.16, 1.21, 1.26, 1.31), (end for end, _ in table), strict=True))
        own |= dict.fromkeys((0.01, 0.02, 0.03), 0.01)
        constants = [own.get(value, value) if isinstance(value, float) else value for value in code.co_consts]
    else:
        own = tuple(tuple(row) if isinstance(row, list) else row for row in table)
        is_table = [isinstance(value, tuple) and len(value) == 5 for value in code.co_consts]
        assert sum(is_table) == 1, f"{kind} has other constants than expected"
        constants = [own if found else value for found, value in zip(is_table, code.co_consts, strict=True)]
    return types.FunctionType(code.replace(co_consts=tuple(constants)), vars(module), kind, function.__defaults__)


def main() -> None:
    cv2.setNumThreads(1)
    module, tables = mend(), json.loads(sys.stdin.readline())
    kinds = {kind: with_constants(module, kind, table) for kind, table in tables.items()}
    for line in sys.stdin:
        asked = json.loads(line)
        pictures = [Image.fromarray(image) for image in np.load(asked["images"])[: asked["count"]]]
        np.random.seed(0)
        cpu, wall = time.process_time(), time.perf_counter()
        done = [np.uint8(kinds[asked["kind"]](picture, severity=asked["severity"])) for picture in pictures]
        answer = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        if "save" in asked:
            np.save(asked["save"], np.stack(done))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
