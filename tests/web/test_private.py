"""Private reviews, everywhere: to who may not see one it is not there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from domain.model.taxonomy import Role
from tests.web.people import People, peopled
from tests.web.site import DRAFT

ID = "pagerduty:SECRET"
TITLE = "Salaries were shown"


@pytest_asyncio.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with peopled(tmp_path) as found:
        yield found


async def hidden(people: People) -> str:
    """A private review with an open issue; the issue's key."""
    review = await people.web.in_draft(id="SECRET", title=TITLE)
    await people.web.in_draft(id="OPEN")
    insider = people.session("insider@example.org", Role.CONTRIBUTOR, teams=("security",))

    async def say(**command: object) -> None:
        path = f"/api/reviews/{review}/commands"
        answer = await people.ask(insider, "POST", path, json={"command": command})
        assert answer.status_code == 200, answer.text

    await say(type="make_private", teams=["security"], reason="It names people.")
    await say(type="propose_item", spec=DRAFT["items"][2])
    await say(type="accept_item", item="I3")
    path = f"/api/reviews/{review}/draft"
    assert (await people.ask(insider, "PUT", path, json={"document": DRAFT})).status_code == 200
    key: str = (await people.ask(insider, "GET", f"/api/reviews/{review}")).json()["items"]["I3"]["ref"]["key"]
    return key


async def test_to_who_may_not_see_a_review_it_is_nowhere(people: People) -> None:
    key = await hidden(people)
    rest = tuple(role for role in Role if role is not Role.AUDITOR)
    outsider = people.session("outsider@example.org", *rest, teams=("ml",))
    for path in (f"/reviews/{ID}", f"/api/reviews/{ID}", f"/issues/{key}", f"/api/issues/{key}"):
        answer = await people.ask(outsider, "GET", path)
        assert (answer.status_code, TITLE in answer.text) == (404, False), path
    for more in ("why", "history", "draft"):
        assert (await people.ask(outsider, "GET", f"/api/reviews/{ID}/{more}")).status_code == 404
    for path in (
        "/",
        "/issues",
        "/api/reviews",
        "/api/issues",
        "/trackers",
        "/api/trackers",
        "/search?q=shown",
        "/api/search?q=salaries",
        "/api/search?q=pagerduty",
        "/api/reviews?stage=draft",
    ):
        text = (await people.ask(outsider, "GET", path)).text
        assert "SECRET" not in text, path
        assert TITLE not in text, path
        assert key not in text, path
    said = {"command": {"type": "close"}}
    for method, path, body in (
        ("POST", f"/api/reviews/{ID}/commands", said),
        ("PUT", f"/api/reviews/{ID}/draft", {"document": DRAFT}),
        ("POST", f"/api/issues/{key}/done", {}),
    ):
        answer = await people.ask(outsider, method, path, json=body)
        assert answer.status_code == 404, path
    assert "Did you mean" not in (await people.ask(outsider, "GET", "/api/reviews/SECRET")).text
    assert "Did you mean" in (await people.ask(outsider, "GET", "/api/reviews/OPEN")).text


async def test_its_teams_and_auditors_see_it(people: People) -> None:
    key = await hidden(people)
    for headers in (
        people.session("insider@example.org", Role.READER, teams=("security",)),
        people.token("auditor@example.org", Role.AUDITOR),
    ):
        for path in (f"/reviews/{ID}", f"/api/reviews/{ID}", f"/issues/{key}", f"/api/reviews/{ID}/draft"):
            assert (await people.ask(headers, "GET", path)).status_code == 200, path
        assert TITLE in (await people.ask(headers, "GET", "/")).text
        (found,) = [r for r in (await people.ask(headers, "GET", "/api/reviews")).json() if r["id"] == ID]
        assert found["private_to"] == ["security"]
        assert key in (await people.ask(headers, "GET", "/issues")).text
        assert "private to security" in (await people.ask(headers, "GET", f"/reviews/{ID}")).text


async def test_a_review_is_opened_as_a_private_one(people: People) -> None:
    contributor = people.session("ann@example.org", Role.CONTRIBUTOR, teams=("security",))
    outsider = people.session("ben@example.org", Role.CONTRIBUTOR)
    body = {"title": TITLE, "service": "fraud-scoring", "severity": "SEV2", "id": "1", "private_to": ["security"]}
    assert (await people.ask(contributor, "POST", "/api/reviews", json=body)).status_code == 201
    assert (await people.ask(outsider, "GET", "/api/reviews/hand:1")).status_code == 404
    again = await people.ask(outsider, "POST", "/api/reviews", json=body | {"private_to": []})
    assert (again.status_code, again.json()["reasons"]) == (409, ["There is no review hand:1 that they see."])
    other = await people.ask(outsider, "POST", "/api/reviews", json=body | {"id": "2"})
    assert other.json()["reasons"] == ["Name a team of theirs, or they could not see it themselves; they are in none."]


async def test_sharing_takes_another_person_who_sees_it(people: People) -> None:
    await hidden(people)
    insider = people.session("insider@example.org", Role.CONTRIBUTOR, Role.APPROVER, teams=("security",))
    other = people.session("other@example.org", Role.APPROVER, teams=("security",))
    outsider = people.session("outsider@example.org", Role.APPROVER, teams=("ml",))
    path = f"/api/reviews/{ID}/commands"
    ask = {"command": {"type": "share", "teams": ["ml"], "reason": "They build it."}}
    approve = {"command": {"type": "approve", "request": "R1"}}
    assert (await people.ask(insider, "POST", path, json=ask)).status_code == 200
    assert (await people.ask(outsider, "POST", path, json=approve)).status_code == 404
    assert (await people.ask(insider, "POST", path, json=approve)).status_code == 409
    assert (await people.ask(other, "POST", path, json=approve)).status_code == 200
    page = await people.ask(outsider, "GET", f"/reviews/{ID}")
    assert page.status_code == 200
    assert "ml and security sees this review now." in page.text
    assert "Only security sees this review: It names people." in page.text


async def test_who_names_a_team_that_nobody_knows_is_told_so(people: People) -> None:
    auditor = people.session("eve@example.org", Role.CONTRIBUTOR, Role.AUDITOR)
    body = {"title": TITLE, "service": "fraud-scoring", "severity": "SEV2", "id": "3"}
    known = "the catalogue lists infrastructure, ml, product."
    alone = f"Nobody is known to be in securty; {known} As long as that is so, auditors alone see it."
    opened = await people.ask(auditor, "POST", "/api/reviews", json=body | {"private_to": ["securty"]})
    assert opened.json()["note"] == alone
    assert alone in (await people.ask(auditor, "GET", "/reviews/hand:3")).text
    await people.ask(auditor, "POST", "/api/reviews", json=body | {"id": "4"})

    async def narrowed(*teams: str) -> str | None:
        command = {"command": {"type": "make_private", "teams": teams, "reason": "It names people."}}
        answer = await people.ask(auditor, "POST", "/api/reviews/hand:4/commands", json=command)
        assert answer.status_code == 200, answer.text
        note: str | None = answer.json()["note"]
        return note

    assert await narrowed("ml", "product", "securty") == f"Nobody is known to be in securty; {known}"
    people.session("sam@example.org", Role.READER, teams=("securty",))
    assert await narrowed("ml", "securty") is None
    share = {"command": {"type": "share", "teams": ["lgal"], "reason": "They ask for it."}}
    answer = await people.ask(auditor, "POST", "/api/reviews/hand:4/commands", json=share)
    assert answer.json()["note"] == f"Nobody is known to be in lgal; {known}"
    assert "is known to be in" not in (await people.ask(auditor, "GET", "/reviews/hand:4")).text
