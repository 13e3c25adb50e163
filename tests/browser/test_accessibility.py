"""axe-core finds nothing serious or critical, in light and dark, on a phone and a desk, with everything open."""

import json
from pathlib import Path

import pytest
from toy_page import made_page
from whole_page import whole_claims

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "build/axe/axe_playwright_python/axe.min.js"
RUN = """axe.run(document, {resultTypes: ['violations']}).then(found => found.violations
  .filter(rule => ['serious', 'critical'].includes(rule.impact))
  .map(rule => [rule.id, rule.nodes.length, rule.nodes[0].html.slice(0, 200), rule.nodes[0].failureSummary]))"""


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A page with every kind of thing in few rows, or axe takes minutes."""
    folder = tmp_path_factory.mktemp("small")
    path = folder / "page.html"
    path.write_text(made_page(folder, claims=whole_claims()[:5]))
    return path


@pytest.mark.skipif(not AXE.exists(), reason="make axe brings axe-core")
@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_nothing_serious(browser, small, width, dark):
    browser.window(width, dark=dark)
    browser.open(small.as_uri())
    browser.run("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    browser.run(AXE.read_text() + "; 0")
    assert browser.run(RUN) == [], json.dumps(browser.run(RUN), indent=1)
