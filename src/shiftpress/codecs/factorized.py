"""The factorized-prior codec of Balle, Laparra, Simoncelli 2017, as extended by Balle et al. 2018."""

from shiftpress.codecs._variable import VariableRate
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.splits import Shape


class Factorized(VariableRate):
    """y = g_a(x), rounded, each channel coded with its own learned distribution; x_hat = g_s(y_hat).

    The distributions are CompressAI's ``EntropyBottleneck``, frozen to integer tables after training. Transforms
    are convolutions with leaky ReLU; the papers have generalised divisive normalisation there.
    """

    title = "factorized prior"

    def build(self, shape: Shape) -> CodecNet:
        # CompressAI takes seconds to import, and only who builds needs it
        from shiftpress.codecs._factorized_net import FactorizedNet

        return FactorizedNet(self, shape)
