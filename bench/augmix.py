"""AugMix and the class of torchvision, which changes image by image, in one run.

``python bench/augmix.py [--json FILE]`` mixes batches of made colour pictures in turns: three chains of up to three
operations. The recipes are not the same to the letter: torchvision draws its operations for a whole batch at once, so
that it has to be handed images one by one, as a DataLoader does.
"""

import torch
from machine import bandwidth
from pictures import leaves
from table import finish, in_turns, options, row
from torchvision.transforms import AugMix as Peer

from shiftpress.augmentations.augmix import AugMix
from shiftpress.core.determinism import prepare

COUNT, PEERS = 256, 64
"""Images, and those that the peer is timed on."""


def main() -> None:
    given = options(__doc__).parse_args()
    prepare(1)
    whole = torch.from_numpy(leaves(COUNT))
    floats, few = whole.float() / 255, whole[:PEERS]
    own, peer, random = AugMix(), Peer(severity=3, mixture_width=3), torch.Generator().manual_seed(0)
    ways = {"ours": lambda: own.views(floats, random), "peer": lambda: [peer(image) for image in few]}
    found = in_turns(ways)
    theirs = [seconds * COUNT / PEERS for seconds in found["peer"]]
    limit = bandwidth() / (2 * floats[0].nbytes)
    bound = "images read and written once"
    line = ("AugMix, 32x32 colour", "torchvision, image by image", "images/s", found["ours"], theirs, COUNT)
    finish([row(*line, least=1.0, limit=limit, bound=bound)], given)


if __name__ == "__main__":
    main()
