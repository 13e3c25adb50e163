"""The settings of a site, from workflow/profiles/site.yaml."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shiftpress.core.problems import InputError, Problem
from shiftpress.core.yamlfile import read_yaml

FILE = Path(__file__).parents[1] / "profiles" / "site.yaml"


class Site(BaseModel):
    """What the file may say; the comments are in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    account: str | int | None = None
    partition: str | None = None
    gpu_partition: str | None = None
    gres: str = Field("gpu:1", pattern=r"^[A-Za-z0-9_]+(:[A-Za-z0-9_.]+)?(:[0-9]+)?$")
    qos: str | None = None
    extra: str | None = None
    setup: str | None = None
    scratch: str | None = None
    jobs: int = Field(100, ge=1)
    longest_minutes: int = Field(1440, ge=1)
    largest_mb: int = Field(128_000, ge=1000)
    poll_seconds: int = Field(20, ge=1)
    status: Literal["squeue", "sacct"] = "squeue"
    notify: str | None = None


def read_site(path: Path = FILE) -> Site:
    """Read the file. Raises InputError with file, line and place of every mistake."""
    document = read_yaml(path)
    try:
        return Site(**document.data)
    except ValidationError as error:
        raise InputError(
            [
                Problem(str(path), document.line(found["loc"][:1]), ".".join(map(str, found["loc"][:1])), found["msg"])
                for found in error.errors()
            ]
        ) from None


def notify(command: str | None, status: str, tier: str, failed: int = 0) -> None:
    """Run the site's command, if there is one; that it fails is said and changes nothing else."""
    if command is None:
        return
    told = {"SHIFTPRESS_STATUS": status, "SHIFTPRESS_TIER": tier, "SHIFTPRESS_FAILED": str(failed)}
    ended = subprocess.run(["sh", "-c", command], env=os.environ | told, stdin=subprocess.DEVNULL)
    if ended.returncode:
        print(f"The command `notify` of {FILE} ended with {ended.returncode}.", file=sys.stderr)
