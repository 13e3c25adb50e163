"""CIFAR-100: 60,000 colour photographs of 32 x 32 pixels in a hundred classes."""

from shiftpress.core.sources import Source
from shiftpress.datasets._cifar import Batches
from shiftpress.datasets.base import Card, Part

CLASSES = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
    motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
    poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
    wardrobe whale willow_tree wolf woman worm
"""


class Cifar100(Batches):
    """The fine classes; no image is one of CIFAR-10's."""

    card = Card(
        title="CIFAR-100",
        origin="https://www.cs.toronto.edu/~kriz/cifar.html",
        licence="custom terms, https://www.cs.toronto.edu/~kriz/cifar.html",
        citation="Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
        parts={"train": Part(50_000), "test": Part(10_000)},
    )
    classes = tuple(CLASSES.split())
    published = (
        Source(
            "cifar-100-python.tar.gz",
            {"md5:eb9058c3a382ffc7106e4002c42a8d85": 169_001_437},
            ("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",),
        ),
    )
    batches = {"train": "train", "test": "test"}
    label_key = "fine_labels"
