"""Recorded events are read for ever; what this release cannot read blocks, and refuses every command."""

from typing import Any, ClassVar

import pytest

from domain.lifecycle import events
from domain.lifecycle.decide import UnreadableReviewError
from domain.lifecycle.evolve import evolve
from domain.lifecycle.inputs import Close, ItemsRead, ProposeItem, Tick
from domain.model.draft_parts import Measured
from domain.model.taxonomy import IssueStatus, Stage
from tests.domain.build import Driver, closed, finish, in_remediation, reading, spec


class Renamed(events.Event):
    """An event that had a `name`, then a `title`, and now a `heading`."""

    version: ClassVar[int] = 3
    heading: str


UPCASTS: dict[tuple[str, int], events.Upcast] = {
    ("Renamed", 1): lambda data: {"title": data["name"]},
    ("Renamed", 2): lambda data: {"heading": data["title"]},
}


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(events.EVENTS, "Renamed", Renamed)


@pytest.mark.usefixtures("renamed")
@pytest.mark.parametrize(("version", "data"), [(1, {"name": "a"}), (2, {"title": "a"}), (3, {"heading": "a"})])
def test_an_older_version_is_read_as_the_present_one(version: int, data: dict[str, Any]) -> None:
    assert events.decode("Renamed", version, data, UPCASTS) == Renamed(heading="a")


@pytest.mark.usefixtures("renamed")
@pytest.mark.parametrize(
    ("name", "version", "data"),
    [
        ("Never", 1, {}),
        ("Renamed", 4, {"heading": "a"}),
        ("Renamed", 0, {"name": "a"}),
        ("Renamed", 3, {"headline": "a"}),
    ],
)
def test_what_cannot_be_read_is_kept_by_name_and_version(name: str, version: int, data: dict[str, Any]) -> None:
    assert events.decode(name, version, data, UPCASTS) == events.UnknownEvent(
        recorded_name=name, recorded_version=version
    )


def test_an_unknown_event_is_not_among_those_that_can_be_recorded() -> None:
    assert "UnknownEvent" not in events.EVENTS


def with_unknown(driver: Driver) -> Driver:
    event = events.UnknownEvent(recorded_name="FairnessChecked", recorded_version=2)
    driver.review = evolve(driver.review, event)
    driver.events.append(event)
    return driver


def test_an_unknown_event_blocks_and_cannot_be_waived() -> None:
    driver = with_unknown(in_remediation())
    assert driver.blocker_ids == ["unknown/FairnessChecked@2", "done/I1"]


def test_an_unknown_event_refuses_every_command() -> None:
    driver = with_unknown(in_remediation())
    for command in (Close(), ProposeItem(spec=spec("I2"))):
        assert driver.reasons(command) == (
            "This release cannot read FairnessChecked@2 of this review: install the one that wrote it.",
        )


def test_facts_are_still_recorded_but_nothing_follows_from_them() -> None:
    driver = with_unknown(in_remediation())
    finish(driver, ["I1"])
    read = driver.closing_read()
    driver.say(read)
    assert driver.review.items["I1"].issue_status is IssueStatus.DONE
    assert driver.is_in(Stage.REMEDIATION)
    driver.wait(days=90)
    assert driver.review.late == frozenset()


def test_a_closed_review_is_left_to_the_release_that_can_read_it() -> None:
    driver = with_unknown(closed())
    driver.say(ItemsRead(readings=(reading("I1", IssueStatus.OPEN, driver.now),)))
    assert driver.is_in(Stage.CLOSED)
    assert driver.blocker_ids[0] == "unknown/FairnessChecked@2"


def test_a_review_whose_beginning_cannot_be_read_loses_nothing() -> None:
    driver = with_unknown(Driver())
    with pytest.raises(UnreadableReviewError, match="cannot read FairnessChecked@2"):
        driver.say(Tick())


def test_what_was_recorded_before_there_were_places_went_to_the_built_in_tracker() -> None:
    accepted = events.decode("ItemAccepted", 1, {"item": "I1", "due": "2026-03-02T09:00:00Z"})
    assert isinstance(accepted, events.ItemAccepted)
    assert (str(accepted.place), accepted.adopts) == ("builtin:default", None)
    driver = in_remediation()
    opened = driver.events[0].model_dump(mode="json")
    del opened["home"]
    read = events.decode("ReviewOpened", 1, opened)
    assert isinstance(read, events.ReviewOpened)
    assert str(read.home) == "builtin:default"


def test_what_was_recorded_before_sources_told_figures_is_read_and_written_as_it_was() -> None:
    driver = in_remediation()
    opened, submitted = (
        next(event for event in driver.events if isinstance(event, kind)).model_dump(mode="json")
        for kind in (events.ReviewOpened, events.DraftSubmitted)
    )
    assert not set(Measured.model_fields) & set(opened["incident"]), "what was not told is not in the text"
    read = events.decode("ReviewOpened", 1, opened)
    assert isinstance(read, events.ReviewOpened)
    assert read.incident.service_levels is None
    del submitted["failure_modes"]
    told = events.decode("DraftSubmitted", 1, submitted)
    assert isinstance(told, events.DraftSubmitted)
    assert told.failure_modes == ()
