"""The environment that peers run in: ``.venv-bench``, never a dependency of the project.

``python bench/environment.py`` makes it, with the packages below from the package registry. It is made anew when the
list changes. Peers that need no other versions than the project has, above all torch itself, are laid beside it
instead, each in a folder of its own, and imported from there by the process that measures.
"""

import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parents[1] / ".venv-bench"
PACKAGES = (
    "imagecorruptions==1.1.2",
    "numpy==2.4.6",
    "numba==0.68.1",
    "onnx==1.23.2",
    "onnxruntime==1.31.1",
    "opencv-python-headless==5.0.0.93",
    "pillow==13.0.0",
    "scikit-image==0.26.0",
    "scipy==1.17.1",
    # imagecorruptions imports pkg_resources, which later ones have no more
    "setuptools==80.10.2",
)


def beside(package: str) -> Path:
    """Let this process import a package, which is fetched without what it depends on if it is not there: its folder."""
    folder = HOME.with_name(".venv-bench-beside") / package
    if not folder.is_dir():
        made = folder.with_suffix(".part")
        install = [*_uv(), "pip", "install", "--quiet", "--no-deps", "--target", str(made), package]
        subprocess.run(install, check=True)
        made.rename(folder)
    sys.path.append(str(folder))
    return folder


def _uv() -> list[str]:
    own = Path(sys.executable).parent / "uv"
    return [str(own) if own.is_file() else "uv"]


def python() -> Path:
    """The interpreter of the environment, which is made if it is not there or is another one."""
    found, receipt = HOME / "bin" / "python", HOME / "packages.txt"
    if not receipt.is_file() or receipt.read_text().split() != list(PACKAGES):
        command = _uv()
        subprocess.run([*command, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)], check=True)
        # imagecorruptions asks for the OpenCV that needs a display; the headless one has the same functions
        install = [*command, "pip", "install", "--quiet", "--python", str(found), "--no-deps"]
        subprocess.run([*install, PACKAGES[0]], check=True)
        subprocess.run([*install[:-1], *PACKAGES[1:]], check=True)
        receipt.write_text("\n".join(PACKAGES))
    return found


if __name__ == "__main__":
    print(python())
