"""What is told of trackers: each project, each item's link, and the banner where a credential is refused."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from domain.lifecycle.inputs import Input, IssueOpened, ItemsRead, ItemsUnreadable
from domain.model.review import IssueRef, Reading
from domain.model.taxonomy import Door, FailureKind, IssueStatus, ItemStatus
from domain.trackers.ports import IssueSeen, ProjectSeen, Trouble
from tests.web.site import ENGINEER, HEAD, Site
from web.pages.review_page import review_page

ITEM = {
    "id": "I7",
    "title": "Check units on read",
    "item_class": "prevent",
    "strength": "stronger",
    "outcome": "inference_or_admission_policy",
    "team": "ml",
}
REF = IssueRef(tracker="github", id="I_7", key="acme/x#7", url="https://github.example.org/acme/x/7", project="acme/x")
REFUSED = "Bad credentials"


def words(page: str) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"(?s)<head>.*?</head>|<[^>]+>", " ", page)
    return " ".join(html.unescape(body).split())


async def read(web: Site, path: str) -> str:
    """What the page at a path says."""
    return words(await web.page(path))


async def opened(web: Site, ref: IssueRef = REF, **accept: Any) -> str:
    """A review with an item whose issue is in GitHub."""
    web.engine.obedient = False
    review = await web.in_draft()
    await web.accepted(review, ENGINEER, "propose_item", spec=ITEM)
    await web.accepted(review, ENGINEER, "accept_item", item="I7", place="github:acme/x", **accept)
    tell(web, review, IssueOpened(item="I7", ref=ref))
    return review


def tell(web: Site, review: str, body: Any) -> None:
    """Tell a review what was found in its tracker."""
    web.engine.hear(review, Input(id=f"told-{uuid4()}", door=Door.TRACKER, body=body))


def see(web: Site, **about: Any) -> None:
    """Keep what was seen of the issue just now, and that its project was looked at."""
    now = web.engine.now
    values = {"tracker": "github", "id": "I_7", "status": IssueStatus.OPEN, "title": ITEM["title"], "seen_at": now}
    web.records.seen.see([IssueSeen.model_validate(values | about)])
    web.records.seen.keep(ProjectSeen(tracker="github", project="acme/x", cursor="c", looked_at=now, swept_at=now))


def trouble(web: Site, kind: FailureKind = FailureKind.UNAUTHORISED, project: str = "acme/x") -> Trouble:
    """Keep that the project cannot be looked at."""
    now = web.engine.now
    found = Trouble(kind=kind, says=REFUSED, since=now - timedelta(hours=2), retry_at=now + timedelta(hours=1))
    seen = {"looked_at": now - timedelta(hours=2), "trouble": found}
    web.records.seen.keep(ProjectSeen(tracker="github", project=project, **seen))
    return found


async def link(web: Site, review: str) -> dict[str, Any]:
    """The item's link, as the API tells it."""
    told: dict[str, Any] = (await web.get(f"/api/reviews/{review}"))["links"]["I7"]
    return told


# --- an item's link ---------------------------------------------------------------------------------------------------


async def test_an_issue_that_nobody_read_is_said_to_be_unknown(web: Site) -> None:
    review = await opened(web)
    told = await link(web, review)
    assert (told["state"], told["known"], told["title"]) == ("unknown", None, None)
    assert (told["place"], told["key"]) == ("github:acme/x", "acme/x#7")
    said = await read(web, f"/reviews/{review}")
    assert "? Not known: it was not read yet." in said
    assert "acme/x#7 · in github:acme/x" in said


async def test_an_issue_that_was_seen_is_in_sync_and_tells_who_has_it(web: Site) -> None:
    review = await opened(web)
    see(web, assignee="octocat", note="The conversation is locked.")
    told = await link(web, review)
    assert (told["state"], told["assignee"], told["title"]) == ("in_sync", "octocat", "Check units on read")
    assert told["known"]
    said = await read(web, f"/reviews/{review}")
    assert "⇄ In sync, seen " in said
    assert "in github:acme/x, assigned to octocat" in said
    assert "▲ The conversation is locked." in said


async def test_another_title_there_is_a_conflict_that_a_person_sees(web: Site) -> None:
    review = await opened(web)
    see(web, title="<b>Check nothing</b>")
    assert (await link(web, review))["state"] == "conflict"
    page = await web.page(f"/reviews/{review}")
    assert "≠ The tracker calls it “&lt;b&gt;Check nothing&lt;/b&gt;”." in page


async def test_an_adopted_issue_keeps_its_own_title(web: Site) -> None:
    review = await opened(web, adopts="acme/x#7")
    see(web, title="Units")
    assert (await link(web, review))["state"] == "in_sync"
    assert "called “Units” there" in await read(web, f"/reviews/{review}")


async def test_a_title_that_was_erased_is_compared_with_nothing(web: Site) -> None:
    review = await opened(web)
    found = web.records.reviews.find(review)
    assert found is not None
    web.records.people.erase_text(found.items["I7"].spec.title)
    see(web)
    assert (await link(web, review))["state"] == "in_sync"


async def test_a_later_date_there_asks_for_an_extension_and_is_a_conflict_until_it_is_decided(web: Site) -> None:
    review = await opened(web)
    item = (await web.get(f"/api/reviews/{review}"))["items"]["I7"]
    later: date = (datetime.fromisoformat(item["due"]) + timedelta(days=10)).date()
    now = web.engine.now
    reading = Reading(item="I7", status=IssueStatus.OPEN, as_of=now, ref=REF, due=later)
    tell(web, review, ItemsRead(readings=(reading,)))
    see(web, due=later.isoformat())
    told = await link(web, review)
    assert (told["state"], told["due"]) == ("conflict", later.isoformat())
    assert told["says"].endswith("; R1 asks for it, and waits.")
    said = await read(web, f"/reviews/{review}")
    assert "R1, to put off I7 until" in said
    assert "its date was put off in the tracker" in said
    assert "R1 asks to put off I7 until" in said
    await web.accepted(review, HEAD, "approve", request="R1")
    assert (await link(web, review))["state"] == "in_sync"
    said = await read(web, f"/reviews/{review}")
    assert ", put off once" in said
    assert "I7 may take longer, and is due" in said


async def test_a_date_that_was_refused_stays_a_conflict(web: Site) -> None:
    review = await opened(web)
    item = (await web.get(f"/api/reviews/{review}"))["items"]["I7"]
    until = datetime.fromisoformat(item["due"]) + timedelta(days=40)
    await web.accepted(review, ENGINEER, "extend_due", item="I7", until=until.isoformat(), reason="The vendor is late.")
    await web.accepted(review, HEAD, "refuse", request="R1", reason="No.")
    see(web, due=until.date().isoformat())
    assert (await link(web, review))["says"].endswith("; R1 asked for it, and was refused.")


async def test_an_issue_that_was_moved_tells_its_former_keys(web: Site) -> None:
    review = await opened(web)
    now = REF.model_copy(update={"key": "acme/y#1"})
    reading = Reading(item="I7", status=IssueStatus.OPEN, as_of=web.engine.now, ref=now)
    tell(web, review, ItemsRead(readings=(reading,)))
    see(web)
    told = await link(web, review)
    assert (told["state"], told["formerly"]) == ("moved", ["acme/x#7"])
    assert "formerly acme/x#7" in await read(web, f"/reviews/{review}")


async def test_a_project_in_trouble_makes_the_link_stale_and_blocks_in_words(web: Site) -> None:
    review = await opened(web)
    see(web)
    trouble(web)
    tell(web, review, ItemsUnreadable(items=("I7",), kind=FailureKind.UNAUTHORISED))
    told = await link(web, review)
    assert (told["state"], REFUSED in told["says"]) == ("stale", True)
    said = await read(web, f"/reviews/{review}")
    assert "I7 (acme/x#7) cannot be read: the tracker refused the credential." in said
    assert "◔ Nothing is known since" in said
    assert "I7 cannot be read: the tracker refused the credential." in said
    tell(web, review, ItemsUnreadable(items=("I7",), kind=None))
    assert "I7 can be read again." in await read(web, f"/reviews/{review}")


async def test_a_missing_and_a_forbidden_issue_say_so(web: Site) -> None:
    review = await opened(web)
    for status, glyph in ((IssueStatus.MISSING, "✕ It is gone"), (IssueStatus.FORBIDDEN, "✕ It may not be read")):
        see(web, status=status)
        assert (await link(web, review))["state"] == status.value
        assert glyph in await read(web, f"/reviews/{review}")


async def test_an_item_without_an_issue_says_why(web: Site) -> None:
    review = await web.in_draft()
    await web.accepted(review, ENGINEER, "propose_item", spec=ITEM)
    told = await link(web, review)
    assert (told["state"], told["place"], told["key"], told["url"]) == ("none", None, None, None)
    assert "No issue" not in await read(web, f"/reviews/{review}")  # proposed says it already


# --- the projects -----------------------------------------------------------------------------------------------------


async def test_without_any_project_the_page_says_when_that_begins(web: Site) -> None:
    assert await web.get("/api/trackers") == []
    assert "No project is watched yet" in await read(web, "/trackers")


async def test_a_project_that_is_watched_and_was_not_looked_at_is_unknown(web: Site) -> None:
    await opened(web)
    (told,) = await web.get("/api/trackers")
    assert (told["place"], told["state"], told["watched"], told["looked_at"]) == ("github:acme/x", "unknown", 1, None)
    assert "acme/x github ? not known not looked at yet 1 issue never" in await read(web, "/trackers")


async def test_a_project_tells_when_it_was_looked_at_and_swept(web: Site) -> None:
    await opened(web)
    see(web)
    (told,) = await web.get("/api/trackers")
    assert (told["state"], told["trouble"], told["swept_at"]) == ("ok", None, told["looked_at"])
    web.engine.clock += timedelta(minutes=20)
    (told,) = await web.get("/api/trackers")
    assert (told["state"], told["says"]) == ("stale", "nobody looked since 20 min ago")
    assert "◔ stale" in await read(web, "/trackers")


async def test_trouble_comes_first_and_tells_since_when_and_when_the_next_try_is(web: Site) -> None:
    await opened(web)
    see(web)
    trouble(web, FailureKind.NOT_FOUND, project="acme/z")
    told = await web.get("/api/trackers")
    assert [p["project"] for p in told] == ["acme/z", "acme/x"]
    assert (told[0]["state"], told[0]["trouble"]["says"]) == ("trouble", REFUSED)
    said = await read(web, "/trackers")
    assert "✕ in trouble the tracker project cannot be found" in said
    assert re.search(r"Bad credentials since \d+ \w+ \d\d:\d\d , next try", said)
    assert "cannot be read since" not in await read(web, "/")  # only a refused credential is for everybody


async def test_a_refused_credential_is_said_once_for_each_tracker_on_the_board(web: Site) -> None:
    assert "cannot be read since" not in await read(web, "/")
    found = trouble(web)
    trouble(web, project="acme/z")
    said = await read(web, "/")
    assert said.count("GitHub cannot be read since") == 1
    at = found.since.astimezone(UTC)
    assert f"{at.day} {at:%b %H:%M}: Bad credentials. Next try" in said
    assert "GitHub cannot be read since" in await read(web, "/trackers")
    assert "✕ refused" in await read(web, "/trackers")
    web.records.seen.keep(ProjectSeen(tracker="github", project="acme/x", looked_at=web.engine.now))
    web.records.seen.keep(ProjectSeen(tracker="github", project="acme/z", looked_at=web.engine.now))
    assert "cannot be read since" not in await read(web, "/")


# --- regressions ------------------------------------------------------------------------------------------------------


async def test_a_closed_review_says_what_came_up_since_where_that_is_only_told(web: Site) -> None:
    review = web.records.reviews.find(await web.closed())
    assert review is not None
    again = review.items["I1"].model_copy(update={"status": ItemStatus.OPEN, "issue_status": IssueStatus.OPEN})
    regressed = review.model_copy(update={"items": review.items | {"I1": again}, "regressions": ("done/I1",)})
    audit = web.records.audit.verify(review.id)
    verdict = review_page(regressed, None, [], audit, web.engine.now).verdict
    assert re.fullmatch(r"Closed on \d+ \w+; since then: 1 thing", verdict.words)
    assert verdict.detail == "The policy wants that told, and leaves the review closed."
    assert (await web.get(f"/api/reviews/{review.id}"))["regressions"] == []
