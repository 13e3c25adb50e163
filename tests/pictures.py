"""Made pictures that stand in for photographs: leaves that fall on leaves.

The dead leaves model (Lee, Mumford and Huang 2001) has what photographs have and noise has not: edges, flat areas, some
of them white or black, and the same look at every scale.
"""

import numpy as np
from scipy import ndimage


def leaves(count: int, side: int | tuple[int, int] = 32, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Pictures (count, channels, H, W) uint8; the first ones are the same whatever the count."""
    height, width = (side, side) if isinstance(side, int) else side
    rows, columns = np.mgrid[:height, :width]
    made = np.empty((count, channels, height, width), np.uint8)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        picture = np.empty((height, width, channels))
        picture[:] = rng.uniform(0, 255, channels)
        # sizes by a power law, which makes the picture look alike at every scale
        sizes = np.sort(max(height, width) / 2 * rng.uniform(0.02, 1, 60) ** 1.5)[::-1]
        for size in sizes:
            y, x = rng.uniform(0, height), rng.uniform(0, width)
            turn, stretch = rng.uniform(0, np.pi), rng.uniform(1, 3)
            along = (rows - y) * np.sin(turn) + (columns - x) * np.cos(turn)
            aside = (rows - y) * np.cos(turn) - (columns - x) * np.sin(turn)
            inside = along**2 + (aside * stretch) ** 2 < size**2
            colour = rng.normal(rng.uniform(0, 255), 20, channels)
            slope = rng.normal(0, 40 / height, channels) * (rng.random() < 0.7)
            picture[inside] = colour + along[inside][:, None] * slope
        # a lens, and a sensor's grain in most
        seen = ndimage.gaussian_filter(picture.clip(0, 255), (0.5, 0.5, 0))
        grain = rng.normal(0, 3, picture.shape) * (rng.random() < 0.7)
        made[number] = np.clip(np.rint(seen + grain), 0, 255).transpose(2, 0, 1)
    return made
