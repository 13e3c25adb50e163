"""The scale-hyperprior codec of Balle, Minnen, Singh, Hwang, Johnston 2018."""

from pydantic import Field

from shiftpress.codecs._variable import VariableRate
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.splits import Shape


class Hyperprior(VariableRate):
    """A second code z tells the decoder the standard deviation of every number of the first.

        y = g_a(x), z = h_a(|y|); z_hat = round(z), sigma = h_s(z_hat), y_hat ~ N(0, sigma^2), x_hat = g_s(y_hat)

    Entropy models are CompressAI's ``EntropyBottleneck`` and ``GaussianConditional``, frozen to integer tables. A
    decoder must find the very sigma of the encoder, on any machine: in use h_s computes in fixed point, where sums are
    exact in any order (Balle, Johnston, Minnen 2019, "Integer Networks for Data Compression").
    """

    title = "scale hyperprior"

    hyper_channels: int = Field(16, ge=1, le=512, description="channels of z")

    def multiple(self) -> int:
        return 2 ** (self.halvings + 1)

    def build(self, shape: Shape) -> CodecNet:
        # CompressAI takes seconds to import, and only who builds needs it
        from shiftpress.codecs._hyperprior_net import HyperpriorNet

        return HyperpriorNet(self, shape)
