"""FAB of the package, targeted, in L-infinity: the same numbers in less time."""

import torch
from pyautoattack.fab_pt import FABAttack_PT
from torch import Tensor

from shiftpress.attacks._planes import onto_planes

FAR, LEAST = 1e10, 1e-8
"""A distance beyond all, and the least length that shares are taken of."""


class Boundary(FABAttack_PT):
    """Steps onto the linearised boundary and back towards the image (Croce and Hein 2020, algorithm 1).

    Everything else, and L2, is the package's.
    """

    def attack_single_run(self, x: Tensor, y: Tensor, use_rand_start: bool = False, is_targeted: bool = False):
        if self.norm != "Linf" or use_rand_start or not is_targeted:
            return super().attack_single_run(x, y, use_rand_start, is_targeted)
        with torch.no_grad():
            said = self.predict(x)
            rows = (said.max(dim=1)[1] == y).nonzero().flatten()
            if not len(rows):
                return x
            aims = said.sort(dim=-1)[1][rows, -self.target_class]
            found = x.clone()
            found[rows] = self._nearest(x[rows], y[rows], aims)
            return found

    def _nearest(self, images: Tensor, truth: Tensor, aims: Tensor) -> Tensor:
        """The nearest misclassified points that were met; images for which none was met stay as they are."""
        here, best = images.clone(), images.clone()
        reach = torch.full((len(images),), FAR, device=images.device)
        for _ in range(self.n_iter):
            gaps, slopes = self.get_diff_logits_grads_batch_targeted(here, truth, aims)
            here = self._stepped(here, images, gaps[:, 0], slopes[:, 0])
            lost = (self._get_predicted_label(here) != truth).nonzero().flatten()
            if len(lost):
                points, origin = here[lost], images[lost]
                away = points - origin
                far = away.flatten(1).abs().amax(1)
                nearer = far < reach[lost]
                best[lost[nearer]], reach[lost[nearer]] = points[nearer], far[nearer]
                here[lost] = origin + away * self.beta
        return best

    def _stepped(self, here: Tensor, images: Tensor, gaps: Tensor, slopes: Tensor) -> Tensor:
        """Beyond the plane that the boundary looks like from here, drawn towards where it is nearest to the image."""
        flat = torch.cat((here.flatten(1), images.flatten(1)))
        offsets = (slopes * here).flatten(1).sum(1) - gaps
        changes = onto_planes(flat, slopes.flatten(1).repeat(2, 1), offsets.repeat(2))
        lengths = changes.abs().amax(1).clamp_min_(LEAST).view(2, -1, *[1] * (here.ndim - 1))
        share = (lengths[0] / (lengths[0] + lengths[1])).clamp_(0, self.alpha_max)
        there, back = flat.add_(changes.mul_(self.eta)).view(2, *here.shape)
        return there.mul_(1 - share).add_(back.mul_(share)).clamp_(0, 1)
