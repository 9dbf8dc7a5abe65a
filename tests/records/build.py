"""Reviews in real records, carried there through `Advance`, as everything else is."""

import uuid
from datetime import UTC, datetime, timedelta

from domain.lifecycle.inputs import (
    AcceptItem,
    Body,
    IncidentTold,
    Input,
    IssueOpened,
    ItemsRead,
    ProposeItem,
    SignForTeam,
    SubmitDraft,
    Tick,
)
from domain.lifecycle.view import Outcome
from domain.model.review import Incident, Reading, Review
from domain.model.taxonomy import IncidentStatus, IssueStatus, Severity
from domain.model.tracker_routing import Place, Routing
from records.store import Records
from tests.domain.build import CATALOGUE, POLICY, document, ref, spec

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PERSON = "p-owner"
BUILTIN = Routing()
IN_MEMORY = Routing(default=Place(tracker="memory"))


def told(
    id: str = "Q1",
    key: str | None = None,
    status: str = "resolved",
    at: datetime = NOW,
    severity: Severity = Severity.SEV2,
) -> IncidentTold:
    """What a source says of an incident of a listed service."""
    incident = Incident(
        source="pagerduty",
        id=id,
        status=IncidentStatus(status),
        as_of=at,
        title="text:title",
        service="ranker",
        severity=severity,
        team="recs",
        key=key,
        responder=PERSON,
    )
    return IncidentTold(incident=incident)


class Teller:
    """Says things to reviews in real records, with a clock of its own."""

    def __init__(self, records: Records, engine: str = "engine-1", routing: Routing = BUILTIN) -> None:
        self.records = records
        self.epoch = records.engines.claim(engine)
        self.now = NOW
        self._advance = records.advance(POLICY, CATALOGUE, routing)

    def say(self, review: str, body: Body, by: str = "p-other", id: str | None = None) -> Outcome:
        """Say something to a review, now."""
        input = Input(id=id or str(uuid.uuid4()), by=by, body=body)
        return self._advance(review, input, self.now, self.epoch)

    def open(self, id: str = "Q1") -> str:
        """Open a review; its id."""
        self.say(f"pagerduty:{id}", told(id))
        return f"pagerduty:{id}"

    def to_draft(self, id: str = "Q1") -> str:
        """A review whose quiet window has passed."""
        review = self.open(id)
        self.now += timedelta(hours=25)
        self.say(review, Tick())
        return review

    def submit(self, review: str, by: str = "p-submitter") -> str:
        """Save and submit a draft that meets the template; its digest."""
        saved = self.records.drafts.save(review, document(), by)
        outcome = self.say(review, SubmitDraft(revision=saved.revision, digest=saved.digest), by)
        assert outcome.answer.accepted, outcome.answer
        return saved.digest

    def to_remediation(self, id: str = "Q1") -> str:
        """A review that all teams signed."""
        review = self.to_draft(id)
        digest = self.submit(review)
        for team in ("ml", "infrastructure", "product"):
            self.say(review, SignForTeam(team=team, digest=digest), f"p-{team}")
        return review

    def to_closed(self, id: str = "Q1") -> str:
        """A review that was closed by a read of its items."""
        review = self.to_remediation(id)
        self.say(review, IssueOpened(item="I1", ref=ref("I1", "builtin")))
        self.now += timedelta(minutes=1)
        reading = Reading(item="I1", status=IssueStatus.DONE, as_of=self.now)
        self.say(review, ItemsRead(readings=(reading,)))
        self.now += timedelta(minutes=1)
        self.say(review, ItemsRead(readings=(reading.model_copy(update={"as_of": self.now}),), for_closing=True))
        return review

    def add_item(self, review: str, id: str) -> None:
        """Propose and accept an item."""
        self.say(review, ProposeItem(spec=spec(id)))
        self.say(review, AcceptItem(item=id))

    def find(self, review: str) -> Review:
        """The review as the read model has it."""
        found = self.records.reviews.find(review)
        assert found is not None
        return found
