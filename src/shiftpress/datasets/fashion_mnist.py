"""Fashion-MNIST: 70,000 pictures of clothes in MNIST's format."""

from shiftpress.datasets._idx import IdxImages, idx_files
from shiftpress.datasets.base import Card, Part


class FashionMnist(IdxImages):
    """Articles of a shop, one centred on each picture.

    Debian packs the same content without the names and times in the gzip headers, so each file has two digests.
    """

    card = Card(
        title="Fashion-MNIST",
        origin="https://github.com/zalandoresearch/fashion-mnist",
        licence="MIT",
        citation="Xiao, Rasul, Vollgraf 2017, Fashion-MNIST, arXiv:1708.07747",
        parts={
            "train": Part(60_000, "ffe7bdaac6d3f61c1baac8da63a6a21b64ac12c604b84d96c18eb5222460d674"),
            "test": Part(10_000, "4f13b4a456fc14282583cf481d8aed413b198eb5ea9ef4fb0e3c6bcf5f080b68"),
        },
    )
    classes = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
    published = idx_files(
        hosts=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        shipped="/usr/share/datasets/fashion-mnist",
        accepted=(
            {
                "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d": 26_421_880,
                "sha256:b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7": 26_421_856,
            },
            {
                "md5:25c81989df183df01b3e8a0aad5dffbe": 29_515,
                "sha256:0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056": 29_491,
            },
            {
                "md5:bef4ecab320f06d8554ea6380940ec79": 4_422_102,
                "sha256:cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa": 4_422_079,
            },
            {
                "md5:bb300cfdad3c16e7a12a480ee83cd310": 5_148,
                "sha256:8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05": 5_125,
            },
        ),
    )
