"""The published corruptions written out naively, image by image, in numpy and scipy: what ours are tested against.

Written from the description in Hendrycks and Dietterich (2019) and the constants of their released code. Where that
code calls OpenCV or scikit-image, what the call computes is written out here; ``bench/corruptions.py --compare`` sets
ours beside a package that makes the calls. An image is (H, W, 3) uint8, and so is what comes out. Random inputs are
arguments.
"""

import io
import math

import numpy as np
from PIL import Image
from scipy import ndimage

# ---- what the libraries compute


def truncated(levels):
    """Clip to 0..255 and drop the fraction."""
    return np.clip(levels, 0, 255).astype(np.uint8)


def gaussian(values, sigma, **options):
    """scikit-image's gaussian, each channel on its own: scipy's filter, edges repeated."""
    options = {"mode": "nearest", "truncate": 4.0} | options
    if values.ndim == 2:
        return ndimage.gaussian_filter(values, sigma, **options)
    return np.stack([ndimage.gaussian_filter(values[..., c], sigma, **options) for c in range(values.shape[2])], -1)


def correlate(values, kernel):
    """OpenCV's filter2D with its default border, mirrored about the outermost pixels."""
    return ndimage.correlate(values, kernel, mode="mirror")


def mirror(index, side):
    """Index mirrored about the outermost pixels."""
    period = 2 * (side - 1)
    index = np.abs(index) % period
    return np.where(index >= side, period - index, index)


def rgb_to_hsv(x):
    high, low = x.max(-1), x.min(-1)
    span = high - low
    with np.errstate(all="ignore"):
        s = np.where(span == 0, 0, span / high)
        r, g, b = x[..., 0], x[..., 1], x[..., 2]
        h = np.where(r == high, (g - b) / span, 0)
        h = np.where(g == high, 2 + (b - r) / span, h)
        h = np.where(b == high, 4 + (r - g) / span, h)
        h = np.where(span == 0, 0, (h / 6) % 1)
    return h, np.nan_to_num(s), high


def hsv_to_rgb(h, s, v):
    sector = np.floor(h * 6)
    f = h * 6 - sector
    p, q, t = v * (1 - s), v * (1 - f * s), v * (1 - (1 - f) * s)
    choices = [(v, t, p), (q, v, p), (p, v, t), (p, q, v), (t, p, v), (v, p, q)]
    out = np.zeros((*h.shape, 3))
    for number, colours in enumerate(choices):
        for channel in range(3):
            out[..., channel] = np.where(sector % 6 == number, colours[channel], out[..., channel])
    return out


def clipped_zoom(values, factor):
    """The middle of an array (H, W, C), magnified by scipy and trimmed to the size it had."""
    height, width = values.shape[:2]
    tall, wide = math.ceil(height / factor), math.ceil(width / factor)
    top, left = (height - tall) // 2, (width - wide) // 2
    out = ndimage.zoom(values[top : top + tall, left : left + wide], (factor, factor, 1), order=1)
    top, left = (out.shape[0] - height) // 2, (out.shape[1] - width) // 2
    return out[top : top + height, left : left + width]


def line_blur(levels, radius, sigma, angle):
    """ImageMagick's motion blur of whole levels (H, W, C): 16 bits inside, of which the lower 8 are dropped."""
    width = 2 * radius + 1
    kernel = np.exp(-(np.arange(width) ** 2) / (2 * sigma**2)) / (math.sqrt(2 * math.pi) * sigma)
    kernel = kernel / kernel.sum()
    total = np.zeros(levels.shape)
    rows, columns = np.arange(levels.shape[0])[:, None], np.arange(levels.shape[1])
    for step in range(width):
        down = math.ceil(step * math.sin(math.radians(angle)) - 0.5)
        across = math.ceil(step * math.cos(math.radians(angle)) - 0.5)
        y = np.clip(rows + down, 0, levels.shape[0] - 1)
        x = np.clip(columns + across, 0, levels.shape[1] - 1)
        total += kernel[step] * levels[y, x]
    return np.floor(np.rint(total * 257) / 257)


# ---- noise


def gaussian_noise(image, c, normal):
    return truncated(np.clip(image / 255.0 + c * normal, 0, 1) * 255)


def shot_noise(image, c, rng):
    return truncated(np.clip(rng.poisson(image / 255.0 * c) / c, 0, 1) * 255)


def impulse_noise(image, c, rng):
    struck, salted = rng.random(image.shape) < c, rng.random(image.shape) < 0.5
    return np.where(struck, np.where(salted, 255, 0), image).astype(np.uint8)


def speckle_noise(image, c, normal):
    x = image / 255.0
    return truncated(np.clip(x + x * c * normal, 0, 1) * 255)


# ---- blur


def gaussian_blur(image, c):
    return truncated(np.clip(gaussian(image / 255.0, c), 0, 1) * 255)


def defocus_blur(image, c):
    radius, smoothing = c
    reach, near = (8, 1) if radius <= 8 else (radius, 2)
    steps = np.arange(-reach, reach + 1)
    disk = (steps[:, None] ** 2 + steps**2 <= radius**2).astype(np.float32)
    disk /= disk.sum()
    line = np.exp(-(np.arange(-near, near + 1) ** 2) / (2 * smoothing**2))
    line = (line / line.sum()).astype(np.float32)
    disk = ndimage.correlate1d(ndimage.correlate1d(disk, line, 1, mode="mirror"), line, 0, mode="mirror")
    x = image / 255.0
    channels = [correlate(x[..., c], disk.astype(np.float64)) for c in range(3)]
    return truncated(np.clip(np.stack(channels, -1), 0, 1) * 255)


def glass_blur(image, c, down, across):
    """Offsets (rounds, rows, columns) by the place they are for, both counted from reach + 1."""
    sigma, reach, rounds = c
    x = np.uint8(gaussian(image / 255.0, sigma) * 255)
    for number in range(rounds):
        for h in range(x.shape[0] - reach, reach, -1):
            for w in range(x.shape[1] - reach, reach, -1):
                dy, dx = down[number, h - reach - 1, w - reach - 1], across[number, h - reach - 1, w - reach - 1]
                # written as a swap, as published; of a colour image it is none
                x[h, w], x[h + dy, w + dx] = x[h + dy, w + dx], x[h, w]
    return truncated(np.clip(gaussian(x / 255.0, sigma), 0, 1) * 255)


def motion_blur(image, c, angle):
    return truncated(line_blur(image, *c, angle))


def zoom_blur(image, c):
    factors = np.arange(1, *c)
    x = (image / 255.0).astype(np.float32)
    out = np.zeros_like(x)
    for factor in factors:
        out += clipped_zoom(x, factor)
    return truncated(np.clip((x + out) / (len(factors) + 1), 0, 1) * 255)


# ---- weather


def snow(image, c, normal, angle):
    mean, deviation, zoom, threshold, radius, sigma, kept = c
    x = image.astype(np.float32) / 255
    layer = clipped_zoom((mean + deviation * normal)[..., None], zoom)
    layer[layer < threshold] = 0
    layer = (np.clip(layer, 0, 1) * 255).astype(np.uint8)
    layer = line_blur(layer, radius, sigma, angle) / 255.0
    grey = (x @ np.float32([0.299, 0.587, 0.114]))[..., None]
    x = kept * x + (1 - kept) * np.maximum(x, grey * 1.5 + 0.5)
    return truncated(np.clip(x + layer + np.rot90(layer, k=2), 0, 1) * 255)


def frost(image, c, ice):
    return truncated(np.clip(c[0] * image + c[1] * ice, 0, 255))


def haze(side, decay, uniform):
    """The diamond-square fractal on a wrapping map, point by point; ``uniform`` in (-1, 1) by order of making."""
    maps, numbers = np.zeros((side, side)), iter(uniform[1:])
    wobble, step = 100.0, side
    while step >= 2:
        half = step // 2
        for y in range(half, side, step):
            for x in range(half, side, step):
                corners = [maps[(y + a) % side, (x + b) % side] for a in (-half, half) for b in (-half, half)]
                maps[y, x] = sum(corners) / 4 + wobble**2 * next(numbers)
        for top, left in ((0, half), (half, 0)):
            for y in range(top, side, step):
                for x in range(left, side, step):
                    around = ((-half, 0), (half, 0), (0, -half), (0, half))
                    corners = [maps[(y + a) % side, (x + b) % side] for a, b in around]
                    maps[y, x] = sum(corners) / 4 + wobble**2 * next(numbers)
        step, wobble = half, wobble / decay
    maps -= maps.min()
    return maps / maps.max()


def fog(image, c, uniform):
    x = image / 255.0
    highest = x.max()
    maps = haze(math.isqrt(len(uniform)), c[1], uniform)
    x = x + c[0] * maps[: image.shape[0], : image.shape[1], None]
    return truncated(np.clip(x * highest / (highest + c[0]), 0, 1) * 255)


def brightness(image, c):
    h, s, v = rgb_to_hsv(image / 255.0)
    return truncated(np.clip(hsv_to_rgb(h, s, np.clip(v + c, 0, 1)), 0, 1) * 255)


# ---- digital


def contrast(image, c):
    x = image / 255.0
    means = x.mean((0, 1), keepdims=True)
    return truncated(np.clip((x - means) * c + means, 0, 1) * 255)


def saturate(image, c):
    h, s, v = rgb_to_hsv(image / 255.0)
    return truncated(np.clip(hsv_to_rgb(h, np.clip(s * c[0] + c[1], 0, 1), v), 0, 1) * 255)


def pixelate(image, c):
    picture = Image.fromarray(image)
    small = picture.resize((int(image.shape[1] * c), int(image.shape[0] * c)), Image.Resampling.BOX)
    return np.asarray(small.resize(picture.size, Image.Resampling.BOX))


def jpeg_compression(image, c):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=c)
    return np.asarray(Image.open(buffer))


def warp_affine(x, start, end):
    """OpenCV's warpAffine until 4.11, mirrored border: bilinear at 32nds of a pixel. Points are x before y."""
    height, width = x.shape[:2]
    system = np.column_stack([end.astype(np.float32).astype(np.float64), np.ones(3)])
    to_x, to_y = np.linalg.solve(system, start).T
    columns, rows = np.arange(width), np.arange(height)[:, None]

    def place(a, b, c):
        return (np.rint((b * rows + c) * 1024).astype(int) + 16 + np.rint(a * columns * 1024).astype(int)) >> 5

    px, py = place(*to_x), place(*to_y)
    out = np.zeros_like(x)
    for dy in (0, 1):
        for dx in (0, 1):
            fx, fy = (px & 31) / 32, (py & 31) / 32
            weight = ((fy if dy else 1 - fy) * (fx if dx else 1 - fx)).astype(np.float32)
            out += x[mirror((py >> 5) + dy, height), mirror((px >> 5) + dx, width)] * weight[..., None]
    return out


def elastic_transform(image, c, moves, field):
    """Points move by ``moves`` (3, 2) pixels; ``field`` (2, H, W) in [-1, 1], columns before rows."""
    alpha, sigma, _ = c
    x = image.astype(np.float32) / 255
    height, width = x.shape[:2]
    centre, third = np.array([height, width]) // 2, min(height, width) // 3
    start = np.array([centre + third, [centre[0] + third, centre[1] - third], centre - third], np.float64)
    x = warp_affine(x, start, start + moves)
    dx, dy = ((gaussian(part, sigma, mode="reflect", truncate=3) * alpha).astype(np.float32) for part in field)
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    places = [rows + dy, columns + dx]
    channels = [ndimage.map_coordinates(x[..., c], places, order=1, mode="reflect") for c in range(3)]
    return truncated(np.clip(np.stack(channels, -1), 0, 1) * 255)


# ---- spatter


def canny(levels, low=50, high=150):
    """OpenCV's Canny of uint8 (H, W), sums of absolute slopes, pixel by pixel: bool."""
    height, width = levels.shape
    wide = np.pad(levels.astype(int), 1, mode="edge")
    smooth, slope = np.array([1, 2, 1]), np.array([-1, 0, 1])
    gx = ndimage.correlate(wide, np.outer(smooth, slope))[1:-1, 1:-1]
    gy = ndimage.correlate(wide, np.outer(slope, smooth))[1:-1, 1:-1]
    strength = np.pad(np.abs(gx) + np.abs(gy), 1)
    ridge = np.zeros((height, width), bool)
    for y in range(height):
        for x in range(width):
            m, ax, ay = strength[y + 1, x + 1], abs(gx[y, x]), abs(gy[y, x])
            if m <= low:
                continue
            if ay * 32768 < ax * 13573:
                ridge[y, x] = m > strength[y + 1, x] and m >= strength[y + 1, x + 2]
            elif ay * 32768 > ax * (13573 + 65536):
                ridge[y, x] = m > strength[y, x + 1] and m >= strength[y + 2, x + 1]
            else:
                side = -1 if (gx[y, x] < 0) != (gy[y, x] < 0) else 1
                ridge[y, x] = m > strength[y, x + 1 - side] and m > strength[y + 2, x + 1 + side]
    labels, _ = ndimage.label(ridge, np.ones((3, 3)))
    kept = np.unique(labels[ridge & (strength[1:-1, 1:-1] > high)])
    return ridge & np.isin(labels, kept[kept > 0])


def chamfer(zeros):
    """OpenCV's distanceTransform, L2 with a mask of 5: two sweeps of steps 1, 1.4 and 2.1969 in float32."""
    height, width = zeros.shape
    one, diagonal, knight = np.float32([1, 1.4, 2.1969])
    steps = [(0, -1, one), (-1, 0, one), (-1, -1, diagonal), (-1, 1, diagonal)]
    steps += [(-1, -2, knight), (-1, 2, knight), (-2, -1, knight), (-2, 1, knight)]
    found = np.full((height + 4, width + 4), 1e9, np.float32)
    found[2:-2, 2:-2][zeros] = 0
    for sign in (1, -1):
        for y in range(height)[::sign]:
            for x in range(width)[::sign]:
                near = [found[y + 2 + sign * dy, x + 2 + sign * dx] + cost for dy, dx, cost in steps]
                found[y + 2, x + 2] = min(found[y + 2, x + 2], *near)
    return found[2:-2, 2:-2]


def equalised(levels):
    """OpenCV's equalizeHist."""
    histogram = np.bincount(levels.ravel(), minlength=256)
    first = np.flatnonzero(histogram)[0]
    if histogram[first] == levels.size:
        return levels
    scale = np.float32(255) / np.float32(levels.size - histogram[first])
    table = np.rint((np.cumsum(histogram) - histogram[first]).astype(np.float32) * scale)
    return np.clip(table, 0, 255).astype(np.uint8)[levels]


def box(values):
    return correlate(values.astype(np.float64), np.ones((3, 3))) * (1 / 9)


def spatter(image, c, normal):
    mean, deviation, smoothing, threshold, strength, mud = c
    x = image.astype(np.float32) / 255
    liquid = gaussian(mean + deviation * normal, smoothing)
    liquid[liquid < threshold] = 0
    if mud:
        m = gaussian((liquid > threshold).astype(np.float32), strength)
        m[m < 0.8] = 0
        x = x * (1 - m[..., None]) + m[..., None] * np.array([63, 42, 20]) / 255
        return truncated(np.clip(x, 0, 1) * 255)
    liquid = (liquid * 255).astype(int).astype(np.uint8)
    rims = canny(liquid)
    near = np.minimum(chamfer(rims), 20)
    spread = equalised(box(near).astype(np.float32).astype(np.uint8))
    lit = np.clip(correlate(spread.astype(int), np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])), 0, 255)
    m = liquid * np.floor(box(lit) + 0.5).astype(np.float32)
    m = m / m.max() * np.float32(strength)
    water = (np.array([175, 238, 238]) / 255).astype(np.float32)
    return truncated(np.clip(x + m[..., None] * water, 0, 1) * np.float32(255))
