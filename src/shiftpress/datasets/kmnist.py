"""Kuzushiji-MNIST: 70,000 cursive Japanese characters in MNIST's format."""

from shiftpress.datasets._idx import IdxImages, idx_files
from shiftpress.datasets.base import Card, Part


class Kmnist(IdxImages):
    """One character for each row of hiragana, from books of the eighteenth and nineteenth century."""

    card = Card(
        title="Kuzushiji-MNIST",
        origin="http://codh.rois.ac.jp/kmnist/",
        licence="CC-BY-SA-4.0",
        citation="Clanuwat et al. 2018, Deep Learning for Classical Japanese Literature, arXiv:1812.01718",
        parts={"train": Part(60_000), "test": Part(10_000)},
    )
    classes = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    published = idx_files(
        hosts=("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
        accepted=(
            {"md5:bdb82020997e1d708af4cf47b453dcf7": 18_165_135},
            {"md5:e144d726b3acfaa3e44228e80efcd344": None},
            {"md5:5c965bf0a639b31b8f53240b1b52f4d7": None},
            {"md5:7320c461ea6c1c855c0b718fb2a4b134": None},
        ),
    )
