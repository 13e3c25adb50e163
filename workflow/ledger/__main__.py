"""`python workflow/ledger plan|restore|compare TIER [OVERLAY...]`, from the repository's root."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ledger.restoring import restore  # noqa: E402
from ledger.study import facts, planned, study  # noqa: E402
from shiftpress.core.plans import write_plan  # noqa: E402


def main(verb: str, tier: str, *overlays: str) -> int:
    """Keep the jobs of the study as plain facts; or restore what was pulled, or only say what would be moved away."""
    with study([*overlays]) as workflow:
        if verb == "plan":
            write_plan(tier, overlays, map(facts, planned(workflow)))
            return 0
        return restore(workflow, dry_run=verb == "compare")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
