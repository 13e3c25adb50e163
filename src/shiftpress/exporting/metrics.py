"""What every metric of the records is, and its unit."""

import re

DESCRIBED: dict[str, tuple[str, str]] = {
    "accuracy": ("share", "images classified correctly"),
    "brier": ("squared error", "of the predicted probabilities, summed over classes, 0 to 2"),
    "ece": ("share", "expected calibration error over 15 bins"),
    "robust_accuracy": ("share", "images still classified correctly under an attack; the severity is its radius"),
    "robust_through/*": ("share", "images still classified correctly under one route of an attack on a deck alone"),
    "robust_beside/*": ("share", "images on which no network of a route errs either"),
    "moved": ("norm of the attack", "mean distance between an image and its attacked self"),
    "zero_gradients": ("share", "correctly classified images at which the attack finds no gradient"),
    "unreliable": ("0 or 1", "1 if an attack failed a sanity gate there"),
    "unreliable/*": ("0 or 1", "1 if an attack failed this sanity gate there"),
    "unreliable_behind/*": ("0 or 1", "1 if one of the networks that this metric compares failed this gate there"),
    "diverged_behind/*": ("step", "at which one of the networks that this metric compares diverged; it has no value"),
    "diverged": ("step", "at which the training of a network met no finite number; it has no other record"),
    "distortion_se": ("squared error per image", "between an image and its reconstruction"),
    "psnr_db": ("dB", "peak signal-to-noise ratio of the reconstructions"),
    "rate_bits": ("bits per image", "by the likelihood, or by the number of codewords"),
    "disk_bits": ("bits per image", "on disk, all images in one stream"),
    "file_bits": ("bits per image", "on disk, each image in a file of its own"),
    "training_*": ("see name", "what training of a codec ended with: steps, gamma, radius"),
    "disk_bytes": ("bytes", "of the model as a file, with header and all"),
    "bytes_*": ("bytes", "of the model by a convention of counting (docs/cards.md)"),
    "*_per_dense": ("ratio", "bytes of a deck by that convention over those of one dense network"),
    "size_*": ("ratio", "size of a compressed network over that of the dense one, by a convention (docs/atmc.md)"),
    "nonzero": ("ratio", "weights that are not zero over all of them"),
    "codebook_values": ("values", "different values that weights take"),
    "entries_beside": ("share", "entries of ATMC's networks that stand beside the pruned matrix"),
    "*_at_size_*": ("difference of shares", "of two methods, interpolated to equal size (docs/atmc.md)"),
    "kendall_tau": ("-1 to 1", "agreement of the order of networks with and without the shift or attack"),
    "bits": ("bits", "of the numbers of an edge network with scales and grids"),
    "numbers": ("numbers", "that the logits of an edge network depend on"),
    "integer_accuracy": ("share", "images classified correctly by the network in whole numbers"),
    "integer_agreement": ("share", "images on which whole numbers and rounded floats agree"),
    "lost_accuracy": ("difference of shares", "the dense parent's accuracy less the network's own"),
    "excess_loss": ("difference of shares", "lost accuracy under the shift less that without it"),
    "effective_robustness": ("logit", "accuracy above the line through all dense and untaught networks"),
    "cards_used": ("forward passes", "that an image takes through a deck"),
    "weight_*": ("share", "weight that a gate gives to the cards of this augmentation"),
    "card/*": ("1", "this card is part of the deck that was found for the budget"),
    "kept/*": ("share", "weights that this layer keeps; layers are numbered as they follow in the network"),
    "error/*": ("share", "images classified wrongly under noise of this frequency, in cycles per image"),
    "error_*": ("share", "images classified wrongly under noise of this ring of frequencies"),
    "jacobian_norm": ("Frobenius norm", "of the Jacobian of the probabilities, mean over images"),
    "gradient_norm": ("Euclidean norm", "of the gradient of the loss, mean over images"),
    "margin_drop": ("difference of shares", "accuracy lost against the dense network of the same seed"),
    "margin_bound": ("share", "images whose margin is too small for the lemma: it may lose no more"),
    "margin_broken": ("share", "images that break the margin lemma; none can"),
    "margin_broken_q99": ("share", "images that break it with the 99 % quantile in place of the largest difference"),
    "displacement_se": ("squared error per image", "between an image and its shifted self"),
    "energy_se": ("squared error per image", "of the shifted images against black"),
    "log_spectrum_db": ("dB", "difference of the logarithmic spectra of an image and its shifted self"),
    "ssim": ("-1 to 1", "structural similarity of an image and its shifted self, or, of a codec, its reconstruction"),
}
"""Names as they are, or with * for any ending or beginning; the first that fits counts."""


def describe(metric: str) -> tuple[str, str]:
    """Unit and meaning of a metric. Raises KeyError if nobody wrote it down."""
    for pattern, described in DESCRIBED.items():
        if re.fullmatch(re.escape(pattern).replace(r"\*", ".+"), metric):
            return described
    raise KeyError(metric)
