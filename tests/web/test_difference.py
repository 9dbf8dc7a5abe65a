"""What changed since a team spoke: for those that it concerns, word by word."""

from hypothesis import example, given, strategies
from sqlalchemy import text

from domain.model.review import Review
from tests.domain.build import policy_with_section_teams
from tests.web.site import DRAFT, ENGINEER, SIGNERS, Site
from web.pages.text_diff import MOST, Since, Words, compared, differences

FACTORS = [DRAFT["factors"][0] | {"evidence": "Share of the category by minute."}, DRAFT["factors"][1]]


async def resubmitted(web: Site, team: str, **changes: object) -> str:
    """A review of which `team` asked for another text, after the others had signed."""
    review, digest = await web.in_sign_off()
    for other in SIGNERS:
        if other != team:
            await web.accepted(review, SIGNERS[other], "sign", team=other, digest=digest)
    await web.accepted(review, SIGNERS[team], "request_changes", team=team, reason="By the minute, please.")
    draft = await web.saved(review, **changes)
    await web.accepted(review, ENGINEER, "submit_draft", revision=draft["revision"], digest=draft["digest"])
    return review


def found(web: Site, id: str, **changes: object) -> dict[str, Since]:
    review = web.records.reviews.find(id)
    assert review is not None
    told: Review = review.model_copy(update=changes)
    events = [link.envelope.event for link in web.records.reviews.history(id)]
    return differences(told, events, web.records.drafts)


def test_words_that_stay_are_kept() -> None:
    assert compared("One two three.", "One or three.") == [
        Words("kept", "One "),
        Words("gone", "two "),
        Words("new", "or "),
        Words("kept", "three."),
    ]
    assert compared("", "New.") == [Words("new", "New.")]
    assert compared("Gone.", "") == [Words("gone", "Gone.")]


async def test_who_signed_and_who_asked_are_told_what_changed(web: Site) -> None:
    review = await resubmitted(web, "ml", factors=FACTORS)
    told = found(web, review)
    assert {team: (since.revision, since.signed) for team, since in told.items()} == {
        "ml": (1, False),
        "infrastructure": (1, True),
        "product": (1, True),
    }
    (changed,) = told["product"].changed
    assert (changed.id, changed.title) == ("causes", "Why")
    said = [Words(words.how, words.text.strip()) for words in changed.words if words.how != "kept"]
    assert said == [Words("gone", "hour, from the feature store."), Words("new", "minute.")]
    page = await web.page(f"/reviews/{review}")
    assert "<ins>minute." in page
    assert "its sections have changed since revision 1" in page
    assert "asked for changes in revision 1" in page


async def test_it_is_told_to_no_team_that_it_does_not_concern(web: Site) -> None:
    review = await resubmitted(web, "ml", factors=FACTORS)
    assert set(found(web, review, policy=policy_with_section_teams())) == {"ml"}


async def test_who_never_spoke_reads_the_whole(web: Site) -> None:
    review, _ = await web.in_sign_off()
    assert found(web, review) == {}
    assert found(web, await web.in_draft("Q2")) == {}


async def test_a_new_answer_and_what_an_item_prevents_are_told(web: Site) -> None:
    answers = DRAFT["answers"] | {"early_signals": "Support saw it."}
    items = [DRAFT["items"][0] | {"prevents": ["F1", "F2"]}, *DRAFT["items"][1:]]
    review = await resubmitted(web, "ml", answers=answers, items=items)
    changed = {section.title: section.words for section in found(web, review)["product"].changed}
    assert list(changed) == ["What will be done", "Why were early signals missed?"]
    assert Words("new", "F1,") in [Words(w.how, w.text.strip()) for w in changed["What will be done"]]


async def test_a_text_that_was_erased_is_compared_with_nothing(web: Site) -> None:
    review = await resubmitted(web, "ml", factors=FACTORS)
    with web.records.database.write() as connection:
        connection.execute(text("UPDATE draft_revisions SET body = NULL"))
    assert found(web, review) == {}


@example("a b", "a")
@example("a", "a b")
@given(strategies.text("ab \n,é", max_size=60), strategies.text("ab \n,é", max_size=60))
def test_both_texts_can_be_read_in_a_difference(then: str, now: str) -> None:
    words = compared(then, now)
    assert "".join(some.text for some in words if some.how != "new").split() == then.split()
    assert "".join(some.text for some in words if some.how != "gone").split() == now.split()


def test_a_long_part_that_changed_is_shown_as_gone_and_new() -> None:
    then = " ".join(f"word{number}" for number in range(5 * MOST))
    now = then.replace("word7", "other")
    assert [(some.how, some.text) for some in compared(then, now)] == [("gone", then), ("new", now)]
    lines = "".join(f"line {number}\n" for number in range(5 * MOST))
    assert compared(lines, lines) == [Words("kept", lines)]
    longer = compared(lines, f"{lines}one more\n")
    assert [(some.how, some.text) for some in longer] == [("kept", lines), ("new", "one more\n")]
