"""Where data and results travel to and from."""

import configparser
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from shiftpress.core.catalog import component, kinds
from shiftpress.core.fetching import answering
from shiftpress.doctor.finding import Finding


def storage(root: Path = Path(".")) -> Iterator[Finding]:
    """All of it."""
    yield dvc_remote(root)
    yield network(hosts())


def dvc_remote(root: Path) -> Finding:
    """The default remote of DVC; folders are looked into, other kinds are only named."""
    config = configparser.ConfigParser(interpolation=None)
    config.read([root / ".dvc/config", root / ".dvc/config.local"])
    name = config.get("core", "remote", fallback=None)
    section = f"'remote \"{name}\"'"
    if name is None or not config.has_option(section, "url"):
        return Finding("dvc", "warn", "no default remote", "dvc remote add -d local /shared/folder/shiftpress")
    url = config.get(section, "url")
    if urlsplit(url).scheme not in ("", "file"):
        return Finding("dvc", "ok", f"remote {name}: {url} (not asked; dvc status --cloud asks it)")
    folder = (root / ".dvc" / url.removeprefix("file://")).resolve()
    if not folder.exists():
        return Finding("dvc", "ok", f"remote {name}: {folder}, which the first dvc push makes")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        mend = "ask for the right to, or name another: dvc remote modify --local"
        return Finding(
            "dvc", "warn", f"remote {name}: {folder} cannot be read and written", f"{mend} {name} url FOLDER"
        )
    return Finding("dvc", "ok", f"remote {name}: {folder}")


def hosts() -> list[str]:
    """Hosts that datasets are staged from."""
    urls = [url for kind in kinds("datasets") for one in component("datasets", kind).sources() for url in one.urls]
    return sorted({urlsplit(url).netloc for url in urls})


def network(names: list[str]) -> Finding:
    """Hosts that answer. Only staging asks them: compute nodes need none."""
    found = answering(names)
    seen = f"{len(found)} of {len(names)} hosts of datasets answer"
    if found or not names:
        return Finding("network", "ok", seen)
    mend = "stage data where there is a network, or from a folder: shiftpress data stage --mirror FOLDER"
    return Finding("network", "warn", seen, mend)
