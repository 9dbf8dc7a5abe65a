"""The forms for what no source reports."""

import re
from pathlib import Path

import httpx

from domain.model.draft_parts import Measured
from domain.model.taxonomy import Role
from tests.web.people import People, peopled
from tests.web.site import ENGINEER, Site
from web.actions.open_review import NewNearMiss
from web.pages.report_incident import FIELDS

MISS = {"title": "A canary stopped it", "service": "fraud-scoring", "severity": "SEV3", "stopped_by": "safeguard"}


async def send(people: People, headers: dict[str, str], path: str, **fields: object) -> httpx.Response:
    page = await people.ask(headers, "GET", path)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf is not None
    return await people.ask(headers, "POST", path, data={"csrf": csrf[1], **fields})


async def test_a_near_miss_is_reported_and_leads_to_its_review(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        writer = people.session(ENGINEER, Role.CONTRIBUTOR, teams=("ml",))
        more = {"began": "2026-11-02 10:00", "kinds": ["bad_model_change", "other"], "private_to": "ml\r\nproduct\r\n"}
        answer = await send(people, writer, "/near-misses/new", **MISS, **more)
        assert answer.status_code == 303, answer.text
        review = people.web.records.reviews.find(answer.headers["location"].removeprefix("/reviews/"))
        assert review is not None
        assert (review.realisation, review.kinds) == ("near_miss", ("bad_model_change", "other"))
        assert review.private_to == ("ml", "product")
        assert review.first_incident is not None
        assert review.first_incident.began is not None
        assert review.first_incident.began.hour == 10


async def test_a_review_is_opened_by_hand(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        told = {name: value for name, value in MISS.items() if name != "stopped_by"}
        answer = await send(people, writer, "/reviews/new", **told)
        assert answer.headers["location"].startswith("/reviews/hand:")
        dates = {"began": "2026-11-02 10:00", "resolved": "2026-11-02 09:00"}
        unknown = await send(people, writer, "/reviews/new", **told | dates | {"service": "coffee-machine"})
        assert unknown.status_code == 409
        assert 'id="e-service"' in unknown.text
        assert 'id="e-resolved"' in unknown.text
        assert 'value="coffee-machine"' in unknown.text


async def test_a_time_that_is_written_otherwise_is_answered_in_the_way_of_the_form(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        wrong = await send(people, writer, "/near-misses/new", **MISS, resolved="22.11.2026 10:05")
        assert wrong.status_code == 422
        assert "this has to be a time in UTC, such as 2026-11-22 10:05" in wrong.text
        assert "with its zone" not in wrong.text


async def test_the_form_takes_what_the_api_takes(tmp_path: Path) -> None:
    apart = {"by", *Measured.model_fields}
    assert {field.path for field in FIELDS} == NewNearMiss.model_fields.keys() - apart
    async with peopled(tmp_path) as people:
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        told = {name: value for name, value in MISS.items() if name != "stopped_by"}
        more = {"id": "INC-7", "models": "fraud-scorer\r\n", "url": "https://status.example.org/7"}
        answer = await send(people, writer, "/reviews/new", **told, **more)
        assert answer.headers["location"] == "/reviews/hand:INC-7"
        review = people.web.records.reviews.find("hand:INC-7")
        assert review is not None
        assert review.first_incident is not None
        assert (review.models, review.first_incident.url) == (("fraud-scorer",), more["url"])
        wrong = {"id": "INC 8", "models": "fraud-scoer", "url": "javascript:alert(1)"}
        marked = await send(people, writer, "/reviews/new", **told, **wrong)
        assert 'id="e-id"' in marked.text
        assert 'id="e-url"' in marked.text
        unknown = await send(people, writer, "/reviews/new", **told, models="fraud-scoer")
        assert 'id="e-models"' in unknown.text
        assert "it could have been" not in unknown.text
        assert "it could have been" in (await people.ask(writer, "GET", "/near-misses/new")).text


async def test_a_mistake_is_said_at_its_field_and_what_was_typed_is_kept(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        answer = await send(people, writer, "/near-misses/new", **MISS | {"stopped_by": "", "began": "yesterday"})
        assert answer.status_code == 422
        for field in ("stopped_by", "began"):
            assert re.search(rf'id="f-{field}"[^>]*aria-describedby="[^"]*e-{field}"', answer.text)
        assert 'value="yesterday"' in answer.text
        assert 'value="A canary stopped it"' in answer.text


async def test_who_may_not_report_sees_why(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        reader = people.session("reader@example.org", Role.READER)
        page = (await people.ask(reader, "GET", "/near-misses/new")).text
        assert "This takes the role contributor" in page
        answer = await send(people, reader, "/near-misses/new", **MISS)
        assert answer.status_code == 409
        assert "This takes the role contributor" in answer.text
        assert 'value="A canary stopped it"' in answer.text


async def test_the_engine_is_away_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        people.web.engine.away = True
        answer = await send(people, writer, "/near-misses/new", **MISS)
        assert answer.status_code == 503
        assert 'value="A canary stopped it"' in answer.text


async def test_the_board_leads_to_both_forms(web: Site) -> None:
    board = await web.page("/")
    assert 'href="/near-misses/new"' in board
    assert 'href="/reviews/new"' in board
    assert "Say who you are first" in await web.page("/reviews/new")
