"""One thing that was looked at."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it will do, what was seen, and how to mend it if it will not."""

    what: str
    state: Literal["ok", "warn", "fail"]
    seen: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.state:4}  {self.what:12}  {self.seen}" + (
            f"\n      {'':12}  -> {self.mend}" if self.mend else ""
        )
