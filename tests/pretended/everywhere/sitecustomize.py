"""On the path of Python before it starts, it has every job of the pipeline work as ``SHIFTPRESS_PRETEND`` says.

``cpu``: on the CPU, the ways of other devices taken where it has quicker ones that round otherwise. ``pretend``: on the
pretended device.
"""

import importlib.util
import os
import sys
from importlib.abc import MetaPathFinder


class Instead(MetaPathFinder):
    """Imports ``shiftpress.core.determinism`` with another ``on_device``; a job imports it before it begins to work."""

    def find_spec(self, name, path, target=None):
        if name != "shiftpress.core.determinism":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module) -> None:
            run(module)
            from pretended_device import chosen

            module.on_device = chosen(module.on_device, os.environ["SHIFTPRESS_PRETEND"])

        spec.loader.exec_module = exec_module
        return spec


if os.environ.get("SHIFTPRESS_PRETEND"):
    sys.meta_path.insert(0, Instead())
