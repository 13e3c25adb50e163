"""AugMix (Hendrycks et al. 2020), batched."""

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.augmentations._operations import OPERATIONS, apply
from shiftpress.augmentations.base import Augmentation


class AugMix(Augmentation):
    """Blend an image with a random mixture of chains of image operations.

    Chain weights are Dirichlet(1, ..., 1), the share of the mixture is Beta(1, 1), both uniform. Nine operations, none
    of them a test corruption. With ``jsd`` above 0 there are three views, the image itself and two mixtures, all of
    which the network is to see alike; the paper of the cards does not say whether it used this term.
    """

    title = "AugMix"

    width: int = Field(3, ge=1, le=10, description="chains that are mixed")
    depth: int = Field(3, ge=1, le=10, description="most operations in a chain; each chain has 1 to this many")
    severity: float = Field(3.0, gt=0.1, le=10, description="largest level of an operation, of 10")
    jsd: float = Field(0.0, ge=0, le=100, description="weight of the Jensen-Shannon term; 12 in AugMix, 0: none")

    @property
    def consistency(self) -> float:
        return self.jsd

    def views(self, images: Tensor, random: torch.Generator) -> list[Tensor]:
        if not self.jsd:
            return [self._mixed(images, random)]
        return [images, *self._mixed(images.repeat(2, 1, 1, 1), random).chunk(2)]

    def _mixed(self, images: Tensor, random: torch.Generator) -> Tensor:
        count, copies = len(images), self.width * len(images)
        depths = torch.randint(1, self.depth + 1, (copies,), generator=random)
        # drawn on the CPU for every slot, used or not, so that devices agree and nothing depends on the images
        which = torch.randint(0, len(OPERATIONS), (self.depth, copies), generator=random)
        levels = 0.1 + torch.rand(self.depth, copies, generator=random) * (self.severity - 0.1)
        signs = 1 - 2 * torch.randint(0, 2, (self.depth, copies), generator=random)
        chains = images.repeat(self.width, 1, 1, 1)
        for slot in range(self.depth):
            going = (depths > slot).nonzero().flatten()
            parts = (which[slot][going], levels[slot][going], signs[slot][going])
            place = going.to(images.device)
            chains[place] = apply(chains[place], *(part.to(images.device) for part in parts))
        shares = torch.rand(self.width, count, generator=random).clamp_min(1e-12).log().neg()
        shares = (shares / shares.sum(0)).to(images.device)
        mixture = (chains.view(self.width, count, *images.shape[1:]) * shares[..., None, None, None]).sum(0)
        part = torch.rand(count, generator=random).to(images.device)[:, None, None, None]
        return ((1 - part) * images + part * mixture).clamp(0, 1)
