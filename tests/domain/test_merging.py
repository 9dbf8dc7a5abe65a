"""Merging: what two people wrote upon the same revision, and not a word lost."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.drafts.document import DraftDocument
from domain.drafts.merge import Conflict, merge
from tests.domain.build import document, factor, item


def changed(**changes: Any) -> DraftDocument:
    return document(**changes)


def test_changes_of_different_parts_are_both_made() -> None:
    mine, theirs = changed(summary="Mine."), changed(answers=document().answers | {"safeguards": "Theirs."})
    merged = merge(document(), mine, theirs)
    assert merged.conflicts == ()
    assert merged.document.summary == "Mine."
    assert merged.document.answers["safeguards"] == "Theirs."


def test_changes_of_different_lines_of_a_text_are_both_made() -> None:
    before = changed(summary="one\ntwo\nthree\nfour")
    mine, theirs = changed(summary="ONE\ntwo\nthree\nfour"), changed(summary="one\ntwo\nthree\nFOUR\nfive")
    merged = merge(before, mine, theirs)
    assert merged.conflicts == ()
    assert merged.document.summary == "ONE\ntwo\nthree\nFOUR\nfive"


def test_where_both_changed_the_same_line_both_stay_and_it_is_named() -> None:
    before = changed(summary="one\ntwo")
    merged = merge(before, changed(summary="mine\ntwo"), changed(summary="theirs\ntwo"))
    assert merged.document.summary == "theirs\nmine\ntwo"
    assert merged.conflicts == (Conflict(place="summary", before="one", mine="mine", theirs="theirs"),)


def test_factors_and_items_merge_one_by_one() -> None:
    before = changed(factors=[factor("F1"), factor("F2")], items=[item("I1")])
    mine = changed(factors=[factor("F1", explanation="Mine."), factor("F2")], items=[item("I1"), item("I2")])
    theirs = changed(factors=[factor("F1"), factor("F2", evidence="Theirs.")], items=[item("I1"), item("I3")])
    merged = merge(before, mine, theirs)
    assert merged.conflicts == ()
    assert [f.explanation for f in merged.document.factors] == ["Mine.", factor()["explanation"]]
    assert merged.document.factors[1].evidence == "Theirs."
    assert {i.id for i in merged.document.items} == {"I1", "I2", "I3"}


def test_two_values_of_a_vocabulary_are_never_put_together() -> None:
    mine, theirs = changed(factors=[factor(cause="leakage")]), changed(factors=[factor(cause="poisoning")])
    merged = merge(document(), mine, theirs)
    conflict = Conflict(place="factors.F1.cause", before="drift", mine="leakage", theirs="poisoning")
    assert merged.conflicts == (conflict,)
    assert merged.document.factors[0].cause == "poisoning"


def test_what_one_took_out_and_the_other_changed_stays_and_is_named() -> None:
    before = changed(answers={"what_failed": "It."})
    gone, kept = changed(answers={}), changed(answers={"what_failed": "It did."})
    merged = merge(before, gone, kept)
    assert merged.document.answers == {"what_failed": "It did."}
    assert merged.conflicts == (Conflict(place="answers.what_failed", before="It.", mine="", theirs="It did."),)
    assert merge(before, kept, gone).document.answers == {"what_failed": "It did."}


def test_entries_of_a_list_stay_in_order() -> None:
    def at(hour: int) -> dict[str, Any]:
        return {"at": f"2026-03-01T{hour:02}:00:00Z", "what": f"{hour}"}

    before = changed(timeline=[at(1), at(5)])
    merged = merge(before, changed(timeline=[at(0), at(1), at(5)]), changed(timeline=[at(1), at(5), at(9)]))
    assert [moment.what for moment in merged.document.timeline] == ["0", "1", "5", "9"]
    merged = merge(before, changed(timeline=[at(1), at(2), at(5)]), changed(timeline=[at(1), at(3), at(5)]))
    assert [moment.what for moment in merged.document.timeline] == ["1", "3", "2", "5"]
    assert len(merged.conflicts) == 1


def test_a_part_that_both_began_is_put_together() -> None:
    mine = changed(impact={"business": "Mine."}, timeline=[{"at": "2026-03-01T09:00:00Z", "what": "Mine."}])
    theirs = changed(impact={"people": "Theirs."}, timeline=[{"at": "2026-03-01T08:00:00Z", "what": "Theirs."}])
    merged = merge(document(), mine, theirs)
    assert (merged.document.impact.business, merged.document.impact.people) == ("Mine.", "Theirs.")
    assert {moment.what for moment in merged.document.timeline} == {"Mine.", "Theirs."}


def test_what_would_not_hold_together_is_left_to_a_person() -> None:
    before = changed(factors=[factor("F1"), factor("F2")])
    mine = changed(factors=[factor("F1")])
    theirs = changed(factors=[factor("F1"), factor("F2")], items=[item("I1", prevents=("F2",))])
    merged = merge(before, mine, theirs)
    assert merged.document == theirs
    (conflict,) = merged.conflicts
    assert '"F1"' in conflict.mine


lines = st.lists(st.sampled_from("abcdef"), max_size=6).map(lambda found: "\n".join(found))


@given(before=lines, mine=lines, theirs=lines)
def test_no_line_that_somebody_wrote_is_lost(before: str, mine: str, theirs: str) -> None:
    merged = merge(changed(summary=before), changed(summary=mine), changed(summary=theirs))
    kept = merged.document.summary.split("\n") + [line for c in merged.conflicts for line in c.mine.split("\n")]
    for text in (mine, theirs):
        for line in set(text.split("\n")) - set(before.split("\n")):
            assert line in kept


@given(before=lines, mine=lines)
def test_with_what_did_not_change_the_change_is_made(before: str, mine: str) -> None:
    one, other = changed(summary=before), changed(summary=mine)
    assert merge(one, other, one).document == merge(one, one, other).document == merge(one, other, other).document
    assert merge(one, other, one).document == other


def test_two_versions_of_one_model_are_two_entries() -> None:
    one, two, other = ({"model": m, "version": v} for m, v in (("ranker", "1"), ("ranker", "2"), ("scorer", "9")))
    merged = merge(changed(versions=[one]), changed(versions=[one, two]), changed(versions=[one, other]))
    assert {(v.model, v.version) for v in merged.document.versions} == {
        ("ranker", "1"),
        ("ranker", "2"),
        ("scorer", "9"),
    }


def test_two_first_answers_to_one_question_both_stay_in_the_proposal() -> None:
    before = changed(answers={})
    merged = merge(before, changed(answers={"prevention": "Mine."}), changed(answers={"prevention": "Theirs."}))
    assert merged.document.answers == {"prevention": "Theirs.\nMine."}
    assert [conflict.place for conflict in merged.conflicts] == ["answers.prevention"]
