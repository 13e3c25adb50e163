"""The page is made from artefacts alone, shows what they hold, and lets no name become markup."""

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from toy_compressed import RADIUS, compressed_records
from toy_decks import deck_records
from toy_edge_records import edge_records, latencies
from toy_page import CARD, CLAIM, SHIFTS, made_page, records
from undrawn import undrawn


@pytest.fixture
def page(tmp_path):
    """Pages without pictures."""

    def _page(claim=CLAIM, **changes) -> str:
        with undrawn():
            return made_page(tmp_path, claims=[claim], **changes)

    return _page


@cache
def plain() -> str:
    """The page of what was made up for all tests, with its pictures."""
    with TemporaryDirectory() as folder:
        return made_page(Path(folder))


def test_numbers_stand_with_their_interval_and_count():
    text = plain()
    assert "1.25" in text and "95 % interval 1.00 to 1.50, n = 3 seeds" in text
    assert '89.00<span class="pm" data-n="3"> ± 2.48</span>' in text  # 0.9, 0.89, 0.88: sd 0.01, t 4.303, over sqrt 3
    sizes = '<td class="num">35.85</td><td class="num">36.35</td><td class="num">–</td><td class="num">2</td>'
    assert f'<tr><th scope="row">fixed/erm</th>{sizes}</tr>' in text


def test_the_board_shows_p_values_what_could_be_seen_and_how_the_paper_is_known(page):
    part = CLAIM | {"name": "", "dataset": "toy", "model": "m", "note": False, "missing": []}
    text = page(claim=CLAIM | {"parts": [part, part | {"name": "harder", "note": True, "p": None, "reported": None}]})
    row = text.split('<a href="#claim-X-1">')[1].split("</tr>")[0]
    for cell in ("SUPPORTED", "1.25", "1.00 to 1.50", ">0.0040<", ">0.0080<", ">0.5<", "points"):
        assert cell in row, cell
    assert 'class="num">1 <span class="pm">read</span>' in row
    assert "p = 0.0040, p (Holm, family “f”) = 0.0080; 3 seeds could see 0.5 points" in text
    assert "(read in the paper)" in text and "harder (note)" in text and "1 SUPPORTED" in text


def test_pictures_and_figures_are_inside_the_page():
    text = plain()
    # what codecs saw, what they gave back, and what the shift does
    assert text.count("data:image/png;base64,") == 3 and text.count("data-marks=") == 2
    assert "rotation −90" not in text and "rotation (degrees: −90)" in text


def test_decks_have_a_chapter_if_there_are_any(page):
    text = page(more=deck_records(dataset="toy"))
    assert text.count('href="#decks-toy"') == 1 and 'id="decks-toy"' in text and "Decks on" not in plain()
    own = text.split('id="decks-toy"')[1].split("</section>")[0]
    assert "pair33/spectral/100" in own and "Pareto front" in own and "convs/augmix/dense/0" in own
    assert own.count("<figure") == 8


def attacks() -> pd.DataFrame:
    """Robust accuracies of a model that can be trusted and of one that cannot."""
    rows = []
    for seed in range(3):
        for model, gates in (("c/dense", []), ("c/odd", ["masking", "large"])):
            for shift, eps, value in (("auto", 0.0, 0.9), ("auto", 0.1, 0.4), ("worst_linf", 0.1, 0.3)):
                where = {
                    "dataset": "toy",
                    "phase": "cards",
                    "model": model,
                    "shift": shift,
                    "severity": eps,
                    "seed": seed,
                }
                where |= {"n": 5, "source": "regenerated", "fingerprint": "f"}
                rows.append({**where, "metric": "robust_accuracy", "value": value})
                rows += [{**where, "metric": f"unreliable/{gate}", "value": 1.0} for gate in gates if eps]
    return pd.DataFrame(rows)


def test_attacks_have_a_chapter_if_there_are_any_and_mark_what_failed_a_gate(page):
    text = page(more=attacks())
    assert 'href="#attacks-toy"' in text and "Attacks on" not in plain()
    own = text.split('<section id="attacks-toy"')[1].split("</section>")[0]
    sound, odd = (own.split(f'<th scope="row">{name}</th>')[1].split("</tr>")[0] for name in ("c/dense", "c/odd"))
    assert "UNRELIABLE" not in sound and "90.0" in sound and "40.0" in sound and "30.0" in sound
    assert odd.count("UNRELIABLE") == 2 and "large, masking" in odd
    assert own.index("auto 0.1") < own.index("worst linf 0.1")


def test_compressed_networks_have_a_chapter_of_their_own_and_no_place_in_that_of_attacks(page):
    text = page(more=compressed_records(dataset="toy"))
    assert text.count('href="#atmc-toy"') == 1 and "Attacks on" not in text and "ATMC on" not in plain()
    own = text.split('<section id="atmc-toy"')[1].split("</section>")[0]
    assert "lenet/atmc8/5" in own and f"by up to {RADIUS:g} of its range" in own and own.count("<figure") == 9
    both = page(more=pd.concat([attacks(), compressed_records(dataset="toy")]))
    others = both.split('<section id="attacks-toy"')[1].split("</section>")[0]
    assert "c/odd" in others and "lenet" not in others and both.count('<th scope="row">lenet/da</th>') > 1


def test_networks_for_the_edge_and_all_papers_together_have_chapters(page):
    alone, both = edge_records(dataset="toy"), [edge_records(dataset="toy"), compressed_records(dataset="toy")]
    text = page(more=alone)
    assert text.count('href="#edge-toy"') == 1 and "Our protocol" in text and "#cross-toy" not in text
    assert "Attacks on" not in text and "Edge on" not in plain()
    assert f"{latencies()['edge_s/w8a8/25']['1']:.3f}" in text.split('id="edge-toy"')[1]
    text = page(more=pd.concat(both))
    assert text.count('href="#cross-toy"') == 1 and "All papers at equal bytes on toy" in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_coded_images_have_a_chapter_if_classifiers_saw_any(page):
    coded = [records().assign(shift="coded", severity=1.0, model="c/clean/dense").query("phase == 'cards'")]
    coded.append(coded[0].assign(shift="clean", severity=0.0, value=0.95))
    coded[0] = coded[0].query("severity == 1").drop_duplicates("seed")
    coded[1] = coded[1].drop_duplicates("seed")
    more = pd.concat([*coded, records().query("metric == 'disk_bits'").assign(model="fixed10/erm")])
    entry = {"coded": {"kind": "learned_codec", "codec": "fixed10", "objective": "erm"}}
    text = page(more=more, entries=entry)
    assert text.count('href="#coded-toy"') == 1 and "fixed10/erm, 36.4 bits" in text and "one learned codec" in text
    assert "#coded-toy" not in plain()


def test_an_unreliable_claim_says_why_beside_its_numbers(page):
    reason = "an attack failed a sanity gate: c/odd under auto (masking)"
    text = page(claim=CLAIM | {"verdict": "UNRELIABLE", "reason": reason, "p": None, "p_holm": None})
    assert "1 UNRELIABLE" in text and '<span class="verdict unreliable">UNRELIABLE</span> X-1' in text
    assert reason in text and "<strong>1.25</strong>" in text


def test_figures_of_single_shifts_are_folded_away():
    for phase in ("codecs", "cards"):
        chapter = plain().split(f'<section id="{phase}-toy"')[1].split("</section>")[0]
        fold, figure = chapter.index("Each shift in a figure of its own (1)"), chapter.index(f"figure-toy-{phase}-turn")
        assert fold < figure < chapter.rindex("</details>")


def test_a_shift_says_how_close_it_is_to_its_recipe():
    assert plain().count("<td>exact</td>") == 3


def test_the_cost_of_jobs_is_summed_per_rule(page, tmp_path):
    folder = tmp_path / "benchmarks" / "train_codec" / "toy"
    folder.mkdir(parents=True)
    for seed in (0, 1, "0-4"):
        (folder / f"seeds{seed}.tsv").write_text("s\tmax_rss\tcpu_time\n1.5\t100\t1.25\n")
    assert (
        '<th scope="row">train_codec</th><td class="num">2</td><td class="num">3.0</td><td class="num">2.5</td>'
        in page()
    )


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"])
def test_hostile_text_stays_text(tmp_path, hostile):
    claim = CLAIM | {
        "statement": hostile,
        "paper": hostile,
        "reported": {"text": hostile, "known": hostile, "value": None},
    }
    labels = SHIFTS | {"turn": dict.fromkeys(SHIFTS["turn"], hostile)}
    text = made_page(tmp_path, claims=[claim], card=CARD | {"title": hostile}, shifts=labels)
    assert (
        text.count("<script") == 1 and "<img src=x" not in text and "49" not in text.split("<main>")[1].split("<svg")[0]
    )


def test_a_network_that_diverged_is_named_and_has_no_number(page):
    assert "DIVERGED" not in plain()
    row = records().iloc[[0]].assign(model="fixed/wild", seed=7, shift="training", metric="diverged", value=41.0, n=1)
    text = page(more=row)
    assert '<th scope="row">fixed/wild</th><td>7</td><td>41</td><td>DIVERGED</td>' in text
    assert text.count("fixed/wild") == 1, "no table has numbers of it"


def test_a_claim_that_was_not_run_says_why(page):
    text = page(
        claim=CLAIM
        | {"verdict": "NOT RUN", "effect": None, "interval": None, "n": 0, "parts": [], "reason": "no records"}
    )
    assert "nothing: no records" in text
