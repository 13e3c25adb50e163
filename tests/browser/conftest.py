"""The report in a headless Chromium. Pages are made once, whatever the number of workers."""

from pathlib import Path

import pytest
from chromium import PROGRAM, Browser
from filelock import FileLock
from whole_page import whole_page


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not PROGRAM:
        pytest.skip("there is no Chromium here; Debian's package chromium is one")
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="session")
def whole(tmp_path_factory) -> Path:
    """A report of all four papers."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if folder.name.startswith("popen-") else folder
    path = folder / "whole.html"
    with FileLock(folder / "whole.lock"):
        if not path.exists():
            (folder / "whole").mkdir()
            path.write_text(whole_page(folder / "whole"))
    return path
