"""What is asked of whom: my work, and the open items of a team."""

import re
from datetime import timedelta
from pathlib import Path

from domain.model.taxonomy import Role
from tests.web.people import People, peopled
from tests.web.site import DRAFT, ENGINEER, REQUESTER, SIGNERS, Site


def lines(page: str, heading: str) -> list[str]:
    """What stands under a heading, a text for each line."""
    part = re.search(rf'<h2[^>]*>[^<]*{heading}.*?<ul class="desk">(.*?)</ul>', page, re.DOTALL)
    return re.findall(r'<li>.*?<a href="([^"]+)">', part[1], re.DOTALL) if part else []


async def test_a_person_sees_their_items_with_those_that_are_late_first(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        web = people.web
        writer = people.token(ENGINEER, Role.CONTRIBUTOR)
        review = await web.in_draft()
        saved = await people.ask(writer, "PUT", f"/api/reviews/{review}/draft", json={"document": DRAFT})
        told = {"type": "submit_draft", "revision": 1, "digest": saved.json()["digest"]}
        await people.ask(writer, "POST", f"/api/reviews/{review}/commands", json={"command": told})
        for team, handle in SIGNERS.items():
            signer = people.token(handle, Role.SIGNER, teams=(team,))
            sign = {"type": "sign", "team": team, "digest": told["digest"]}
            await people.ask(signer, "POST", f"/api/reviews/{review}/commands", json={"command": sign})
        mine = people.session(ENGINEER, Role.CONTRIBUTOR)
        page = (await people.ask(mine, "GET", "/work")).text
        assert f"/reviews/{review}#item-I1" in lines(page, "Open")
        assert "Add release tests for rare merchant categories" in page
        assert "I2" not in page  # it is of a team that they are not in
        web.engine.clock += timedelta(days=200)
        mine = people.session(ENGINEER, Role.CONTRIBUTOR)
        page = (await people.ask(mine, "GET", "/work")).text
        assert f"/reviews/{review}#item-I1" in lines(page, "Late")
        assert re.search(r"\d+ days late", page)
        team = (await people.ask(mine, "GET", "/teams/infrastructure")).text
        assert lines(team, "Late") == [f"/reviews/{review}#item-I2"]


async def test_a_signer_is_led_to_the_signature_and_its_author_is_not(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await people.web.in_draft()
        writer = people.token(ENGINEER, Role.CONTRIBUTOR)
        saved = await people.ask(writer, "PUT", f"/api/reviews/{review}/draft", json={"document": DRAFT})
        told = {"type": "submit_draft", "revision": 1, "digest": saved.json()["digest"]}
        await people.ask(writer, "POST", f"/api/reviews/{review}/commands", json={"command": told})
        signer = people.session(SIGNERS["ml"], Role.SIGNER, teams=("ml",))
        assert f"/reviews/{review}#sign-off" in (await people.ask(signer, "GET", "/work")).text
        author = people.session(ENGINEER, Role.CONTRIBUTOR, Role.SIGNER, teams=("ml",))
        assert f"/reviews/{review}#sign-off" not in (await people.ask(author, "GET", "/work")).text


async def owned(people: People) -> str:
    """A review in draft that the lead of its team owns."""
    return await people.web.in_draft()


async def test_an_owner_is_led_to_the_draft_and_an_approver_decides(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await owned(people)
        lead = people.session(REQUESTER, Role.CONTRIBUTOR)
        page = (await people.ask(lead, "GET", "/work")).text
        assert f"/reviews/{review}/draft" in page
        asker = people.token("asker@example.org", Role.CONTRIBUTOR, Role.APPROVER)
        command = {"type": "dismiss", "reason": "A drill."}
        await people.ask(asker, "POST", f"/api/reviews/{review}/commands", json={"command": command})
        approver = people.session("head@example.org", Role.APPROVER)
        assert f"/reviews/{review}#request-R1" in (await people.ask(approver, "GET", "/work")).text
        own = people.session("asker@example.org", Role.CONTRIBUTOR, Role.APPROVER)
        assert f"/reviews/{review}#request-R1" not in (await people.ask(own, "GET", "/work")).text


async def test_a_private_review_asks_nothing_of_who_does_not_see_it(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await owned(people)
        maker = people.token("maker@example.org", Role.CONTRIBUTOR, teams=("ml",))
        command = {"type": "make_private", "teams": ["ml"], "reason": "Names of customers."}
        made = await people.ask(maker, "POST", f"/api/reviews/{review}/commands", json={"command": command})
        assert made.status_code == 200, made.text
        lead = people.session(REQUESTER, Role.CONTRIBUTOR)
        assert review not in (await people.ask(lead, "GET", "/work")).text
        inside = people.session(REQUESTER, Role.CONTRIBUTOR, teams=("ml",))
        assert review in (await people.ask(inside, "GET", "/work")).text


async def test_nobody_has_no_work_and_a_team_that_nobody_knows_no_page(web: Site) -> None:
    assert "once it is known who you are" in await web.page("/work")
    assert "Nothing is asked of this team" in await web.page("/teams/product")
    assert (await web.http.get("/teams/nobody")).status_code == 404
