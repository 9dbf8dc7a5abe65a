"""A copy of what a link leads to is kept, and what comes of it is told as a fact."""

from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities.evidence import EvidenceActivities
from activities.trackers import EffectRequest
from domain.lifecycle.inputs import EvidenceKept, VerifyItem
from domain.model.attachment import Attachment
from domain.model.endorsement import Evidence
from domain.model.review import Review
from domain.model.taxonomy import FailureKind
from domain.trackers.ports import NotFoundError, TrackerError
from records.database import Database
from records.store import Records
from tests.domain.build import finish, in_remediation, policy_with_rules


class Source:
    """Has one page, or is in trouble."""

    def __init__(self, error: TrackerError | None = None, only_for: str = "") -> None:
        self.error, self.only_for = error, only_for
        self.asked: list[str] = []

    def fetch(self, address: str) -> Attachment:
        self.asked.append(address)
        if self.error and self.only_for in address:
            raise self.error
        return Attachment(name="run.html", media_type="text/html", data=b"<p>green")


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(Database(f"sqlite:///{tmp_path / 'records.db'}"))


def verified(records: Records, *evidence: Evidence) -> Review:
    driver = in_remediation(policy_with_rules(verified="block"))
    finish(driver, ["I1"])
    driver.say(VerifyItem(item="I1", evidence=evidence))
    return driver.review


class Reviews:
    def __init__(self, review: Review | None) -> None:
        self.review = review

    def find(self, review_id: str) -> Review | None:
        return self.review


REQUEST = EffectRequest(review_id="pagerduty:PD-1", item="I1")


def test_the_copy_is_kept_and_told(records: Records) -> None:
    link = records.people.keep("https://ci.example/1", "pagerduty:PD-1")
    review, source = verified(records, Evidence(link=link)), Source()
    acting = EvidenceActivities(Reviews(review), records.people, records.attachments, source)
    told = acting.keep_evidence(REQUEST)
    assert source.asked == ["https://ci.example/1"]
    assert told == EvidenceKept(item="I1", link=link, digest=told.digest)
    assert records.attachments.find("pagerduty:PD-1", told.digest) is not None
    assert acting.keep_evidence(REQUEST) == told


def test_what_cannot_be_fetched_is_a_failure_of_its_kind(records: Records) -> None:
    link = records.people.keep("https://ci.example/1", "pagerduty:PD-1")
    source = Source(NotFoundError("404"))
    acting = EvidenceActivities(
        Reviews(verified(records, Evidence(link=link))), records.people, records.attachments, source
    )
    with pytest.raises(ApplicationError) as raised:
        acting.keep_evidence(REQUEST)
    assert raised.value.type == FailureKind.NOT_FOUND


@pytest.mark.parametrize("is_there", [True, False])
def test_where_nothing_is_to_be_kept_any_more_nothing_is_fetched(records: Records, is_there: bool) -> None:
    review = verified(records, Evidence(digest="sha256:kept")) if is_there else None
    source = Source()
    acting = EvidenceActivities(Reviews(review), records.people, records.attachments, source)
    with pytest.raises(ApplicationError):
        acting.keep_evidence(REQUEST)
    assert source.asked == []


def test_a_link_that_cannot_be_had_holds_up_no_other(records: Records) -> None:
    links = [records.people.keep(f"https://ci.example/{n}", "pagerduty:PD-1") for n in (1, 2)]
    review, source = verified(records, *(Evidence(link=link) for link in links)), Source(NotFoundError("404"), "/1")
    acting = EvidenceActivities(Reviews(review), records.people, records.attachments, source)
    assert acting.keep_evidence(REQUEST).link == links[1]
