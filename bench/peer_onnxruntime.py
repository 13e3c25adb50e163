"""The peer of ``bench/quantised.py``: ONNX Runtime's post-training quantisation, in an environment of its own.

Started with a folder that holds ``steps.json``, ``tensors.npz``, ``images.npy`` and ``calibration.npy``, it makes the
float32 graph of a folded classifier, as torch's exporter does, and quantises it in each of WAYS. Then a line of JSON
in, one out: asked ``{"way", "batch"}`` it answers CPU seconds of one run on one thread, asked
``{"way", "say": FILE.npy}`` it writes the logits of all images and answers the bytes of the graph's file.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static  # noqa: E402

U8, S8 = QuantType.QUInt8, QuantType.QInt8
WAYS = {
    # what quantize_static does when told nothing: int8 activations, one scale for a layer's weights, QDQ
    "default": {},
    "default, per channel": {"per_channel": True},
    "uint8": {"activation_type": U8, "weight_type": S8},
    "uint8, per channel": {"activation_type": U8, "weight_type": S8, "per_channel": True},
    "uint8, per channel, operators": {
        "activation_type": U8,
        "weight_type": S8,
        "per_channel": True,
        "quant_format": QuantFormat.QOperator,
    },
    "uint8, per channel, 7 bits": {
        "activation_type": U8,
        "weight_type": S8,
        "per_channel": True,
        "reduce_range": True,
    },
    "uint8, uint8 weights": {"activation_type": U8, "weight_type": U8},
}
OPSET = 17


class Images(CalibrationDataReader):
    """The calibration images, in batches."""

    def __init__(self, images: np.ndarray):
        self.batches = iter(np.array_split(images, 16))

    def get_next(self) -> dict | None:
        batch = next(self.batches, None)
        return None if batch is None else {"images": batch}


def graph(steps: list[dict], tensors: dict[str, np.ndarray], shape: list[int]) -> onnx.ModelProto:
    """The classifier in float32."""
    nodes, known = [], [numpy_helper.from_array(tensor, name) for name, tensor in tensors.items()]
    for step in steps:
        name, inputs, end = step["name"], step["inputs"], step["name"] + ("/wide" if step["relu"] else "")
        own = [f"{name}/{part}" for part in ("weight", "bias") if f"{name}/{part}" in tensors]
        match step["op"]:
            case "normalise":
                nodes.append(helper.make_node("Sub", [*inputs, own[0]], [f"{name}/less"]))
                nodes.append(helper.make_node("Div", [f"{name}/less", own[1]], [end]))
            case "affine":
                for part in own:
                    known.append(numpy_helper.from_array(tensors[part][:, None, None], f"{part}/wide"))
                nodes.append(helper.make_node("Mul", [*inputs, f"{own[0]}/wide"], [f"{name}/scaled"]))
                nodes.append(helper.make_node("Add", [f"{name}/scaled", f"{own[1]}/wide"], [end]))
            case "conv":
                how = step["options"]
                pads = {"pads": [*how["padding"], *how["padding"]], "strides": how["stride"]}
                nodes.append(helper.make_node("Conv", [*inputs, *own], [end], dilations=how["dilation"], **pads))
            case "linear":
                nodes.append(helper.make_node("Gemm", [*inputs, *own], [end], transB=1))
            case "max":
                sides, strides = step["options"]["kernel_size"], step["options"]["stride"]
                how = {"kernel_shape": [sides, sides], "strides": [strides, strides]}
                nodes.append(helper.make_node("MaxPool", inputs, [end], **how))
            case other:
                kind = {"add": "Add", "mean": "GlobalAveragePool", "flatten": "Flatten"}[other]
                nodes.append(helper.make_node(kind, inputs, [end]))
        if step["relu"]:
            nodes.append(helper.make_node("Relu", [end], [name]))
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", *shape])
    logits = helper.make_tensor_value_info(steps[-1]["name"], TensorProto.FLOAT, ["n", None])
    whole = helper.make_graph(nodes, "classifier", [images], [logits], known)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def session(path: Path) -> onnxruntime.InferenceSession:
    """On one thread that does not spin."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main() -> None:
    folder = Path(sys.argv[1])
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(3)
    images, calibration = np.load(folder / "images.npy"), np.load(folder / "calibration.npy")
    steps, tensors = json.loads((folder / "steps.json").read_text()), dict(np.load(folder / "tensors.npz"))
    paths = {"float32": folder / "float32.onnx"}
    onnx.save(graph(steps, tensors, list(images.shape[1:])), paths["float32"])
    for number, (way, options) in enumerate(WAYS.items()):
        paths[way] = folder / f"{number}.onnx"
        quantize_static(paths["float32"], paths[way], Images(calibration), **options)
    sessions = {way: session(path) for way, path in paths.items()}
    print(json.dumps(list(sessions)), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        run = sessions[asked["way"]].run
        if "say" in asked:
            np.save(asked["say"], np.concatenate([run(None, {"images": part})[0] for part in np.split(images, 10)]))
            print(json.dumps({"bytes": paths[asked["way"]].stat().st_size}), flush=True)
            continue
        some = images[: asked["batch"]]
        start = time.process_time()
        run(None, {"images": some})
        print(json.dumps({"cpu": time.process_time() - start}), flush=True)


if __name__ == "__main__":
    main()
