"""Messages link to the very place where something is done, and what became of each can be read."""

from datetime import UTC, datetime

from domain.people.notifications import Notice, person
from domain.people.tasks import asks
from tests.web.site import ENGINEER, Site


async def places(web: Site, review: str) -> set[str]:
    """Where the page of a review is linked to by what it asks; each has to be there."""
    found = web.records.reviews.find(review)
    assert found is not None
    linked = {wanted.place for wanted in asks(found, web.engine.now)}
    page = await web.page(f"/reviews/{review}")
    assert [place for place in linked if f'id="{place.removeprefix("#")}"' not in page] == []
    return linked


async def test_every_place_that_is_linked_to_is_on_the_page(web: Site) -> None:
    seen = await places(web, await web.in_draft())
    review, _ = await web.in_sign_off("Q2")
    seen |= await places(web, review)
    review = await web.in_remediation("Q3")
    await web.accepted(review, ENGINEER, "ask_waiver", rule="done", subject="I1", reason="Later.")
    seen |= await places(web, review)
    assert seen >= {"#draft", "#blockers", "#sign-off", "#item-I1", "#request-R1"}


async def test_what_became_of_messages_is_told_with_names_and_without_texts(web: Site) -> None:
    now, ann = datetime(2026, 3, 2, tzinfo=UTC), person(web.records.people.id_of(ENGINEER))
    notices = [Notice(key=f"day/{to}", to=to, title="Title", text="Text.") for to in (ann, "admin")]
    web.records.notices.keep_due(notices, now)
    web.records.notices.claim(notices[0].key, now)
    told = {notice["to"]: notice for notice in await web.get("/api/notices")}
    assert (told[ENGINEER]["outcome"], told["admin"]["outcome"]) == ("unknown", "due")
    assert "Text." not in str(told)
    assert [n["to"] for n in await web.get("/api/notices?outcome=unknown&outcome=sent")] == [ENGINEER]
