"""The questions that reviewers ask about reproducibility, answered from what the run left behind."""

from typing import Any

YES, NO, PARTLY = "yes", "no", "partly"
Answer = dict[str, str]


def checklist(facts: dict[str, Any]) -> list[Answer]:
    """A row per question, with its answer and the evidence, from the facts of the page."""
    return [
        _claims(facts),
        _registered(facts),
        _reported(facts),
        _seeds(facts),
        _intervals(facts),
        _corrected(facts),
        _data(facts),
        _settings(facts),
        _code(facts),
        _environment(facts),
        _machine(facts),
        _cost(facts),
        _digests(facts),
    ]


def _answer(question: str, said: str, evidence: str) -> Answer:
    return {"question": question, "answer": said, "evidence": evidence}


def _claims(facts: dict[str, Any]) -> Answer:
    claims = facts["claims"]
    left = [claim for claim in claims if claim["verdict"] == "NOT RUN"]
    decided = f"{len(claims) - len(left)} of {len(claims)} claims were judged on this tier"
    return _answer("Is every claim judged, whatever the outcome?", PARTLY if left else YES, f"{decided}; {_why(left)}.")


def _why(left: list[dict[str, Any]]) -> str:
    return f"of the other {len(left)} the board says what was missing" if left else "none was left out"


def _registered(facts: dict[str, Any]) -> Answer:
    found = [claim["registered"] for claim in facts["claims"] if claim.get("registered")]
    early = [one for one in found if one["late"] is False]
    late = [one for one in found if one["late"]]
    evidence = f"{len(early)} of {len(facts['claims'])} last changed before their records, {len(late)} after them"
    state = NO if late else YES if len(early) == len(facts["claims"]) else PARTLY if early else NO
    rest = "" if len(early) + len(late) == len(facts["claims"]) else "; of the others the times are not known"
    return _answer("Were claims written down before their records?", state, f"{evidence}{rest}.")


def _reported(facts: dict[str, Any]) -> Answer:
    known = [claim["reported"]["known"] for claim in facts["claims"]]
    counts = ", ".join(f"{known.count(kind)} {kind}" for kind in dict.fromkeys(known))
    question = "Is it said where every reported value is from?"
    return _answer(question, YES if all(known) else PARTLY, f"How it is known: {counts}.")


def _seeds(facts: dict[str, Any]) -> Answer:
    seeds, least = facts["seeds"], facts["min_seeds"]
    evidence = f"{len(seeds)} seeds ({', '.join(map(str, seeds))}); every model is trained once per seed."
    return _answer("Are there enough seeds for an interval?", YES if len(seeds) >= least else NO, evidence)


def _intervals(facts: dict[str, Any]) -> Answer:
    found = [claim for claim in facts["claims"] if claim["effect"] is not None]
    have = [claim for claim in found if claim["interval"]]
    evidence = f"{len(have)} of {len(found)} effects have a 95 % interval over seeds."
    state = YES if found and len(have) == len(found) else PARTLY if have else NO
    return _answer("Does every effect have an interval?", state, evidence)


def _corrected(facts: dict[str, Any]) -> Answer:
    tested = [claim for claim in facts["claims"] if claim["p"] is not None]
    corrected = [claim for claim in tested if claim["p_holm"] is not None]
    families = {claim["family"] for claim in tested if claim["family"]}
    evidence = f"{len(corrected)} of {len(tested)} p values, by Holm, in {len(families)} families of claims."
    state = YES if len(corrected) == len(tested) else PARTLY
    return _answer("Are several tests corrected for?", state if tested else NO, evidence)


def _data(facts: dict[str, Any]) -> Answer:
    cards = [chapter["card"] for chapter in facts["chapters"]]
    said = [card for card in cards if card["licence"] and card["citation"] and card["pixels_sha256"]]
    evidence = f"{len(said)} of {len(cards)} datasets have origin, licence, citation and digests of their pixels."
    return _answer("Is the data named, licensed and fixed?", YES if len(said) == len(cards) else PARTLY, evidence)


def _settings(facts: dict[str, Any]) -> Answer:
    count = sum(len(section["rows"]) for section in facts["settings"])
    return _answer("Are all settings given?", YES if count else NO, f"{count} settings stand in this page.")


def _code(facts: dict[str, Any]) -> Answer:
    commit = facts["origin"]["commit"]
    clean = commit != "unknown" and not commit.endswith("-dirty")
    words = "" if clean else "; files differed from it" if commit != "unknown" else "; this was no repository"
    evidence = f"Commit {commit}{words}. Sources have the digest {facts['code_sha256'][:12]}."
    return _answer("Is the code that made it in one commit?", YES if clean else NO, evidence)


def _environment(facts: dict[str, Any]) -> Answer:
    missing = [name for name, found in facts["packages"].items() if found == "not installed"]
    evidence = f"{len(facts['packages']) - len(missing)} versions of packages, Python {facts['origin']['python']}."
    return _answer("Are versions given?", PARTLY if missing else YES, evidence)


def _machine(facts: dict[str, Any]) -> Answer:
    where = facts["origin"]
    return _answer(
        "Is the machine described?", YES, f"{where['processor']}, {where['cores']} cores, {where['system']}."
    )


def _cost(facts: dict[str, Any]) -> Answer:
    whole, count = facts["more"]["whole"], sum(row["jobs"] for row in facts["costs"])
    evidence = (
        f"{whole / 3600:.2f} hours of processor time in {count} jobs." if count else "No benchmark file was there."
    )
    return _answer("Is it said what it cost?", YES if count else NO, evidence)


def _digests(facts: dict[str, Any]) -> Answer:
    evidence = (
        f"Records {facts['scores_sha256'][:12]}, claims {facts['claims_sha256'][:12]}; checked as they were read."
    )
    return _answer("Are the results fixed by digests?", YES, evidence)
