"""Who had a hand in an item, from a tracker's wire to the rule that asks for somebody else: with the real adapters."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from activities.trackers import EffectRequest, TrackerActivities
from building.parts import Parts
from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.inputs import VerifyItem
from domain.model.attachment import Attachment
from domain.model.catalogue import Person
from domain.model.endorsement import Evidence
from domain.model.taxonomy import Stage
from domain.model.tracker_routing import Place, Routing
from domain.trackers.ports import IssueTracker
from integrations.trackers.github.tracker import GithubTracker
from integrations.trackers.jira.site import JiraSite
from integrations.trackers.jira.tracker import JiraTracker
from records.store import Records
from standins.github import server as github
from standins.jira import server as jira
from tests.domain.build import CATALOGUE, policy_with_rules
from tests.records.build import Teller

POLICY = policy_with_rules(verified="block")
SEEN = Attachment(name="replay.txt", media_type="text/plain", data=b"The replay raises the alert.")


class Scene:
    """A tracker over a stand-in, in which `finish` is what a person does."""

    def __init__(self, place: Place, tracker: IssueTracker, account: str, finish: Callable[[str], object]) -> None:
        self.place = place
        self.tracker = tracker
        self.account = account
        self.finish = finish

    def acting(self, records: Records, named: bool) -> TrackerActivities:
        """The activities; `named`: the catalogue says whose the account is."""
        people = {"ann@example.org": Person.model_validate({self.place.tracker: self.account})} if named else {}
        parts = Parts(
            records,
            POLICY,
            CATALOGUE.model_copy(update={"people": people}),
            {self.place.tracker: self.tracker},
            Routing(default=self.place),
            lambda review: f"http://127.0.0.1/reviews/{review}",
        )
        return TrackerActivities(
            records.reviews,
            records.people,
            records.claims,
            parts.trackers,
            parts.address_of,
            parts.account_of,
            parts.person_of,
            parts.known_now,
        )


@pytest.fixture(params=["github", "jira"])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with ExitStack() as stack:
        if request.param == "github":
            hub = stack.enter_context(github.running())
            yield Scene(
                Place(tracker="github", project="acme/scoring"),
                GithubTracker(github.TOKEN, hub.url, timeout=5),
                "monalisa",
                lambda key: hub.close(hub.issue(key), by="monalisa"),
            )
        else:
            server = stack.enter_context(jira.running())
            person = server.add_user("monalisa", "Mona Lisa")
            site = JiraSite.model_validate({"url": server.url, "email": jira.EMAIL, "token": jira.TOKEN})
            yield Scene(
                Place(tracker="jira", project="SCORE"),
                JiraTracker(site, timeout=5),
                person.account_id,
                lambda key: server.finish(server.issue(key), person),
            )


def test_who_closed_an_item_and_is_in_no_catalogue_blocks_by_name_until_the_catalogue_names_the_account(
    scene: Scene, sqlite_records: Records
) -> None:
    records, request = sqlite_records, EffectRequest(review_id="pagerduty:Q1", item="I1")
    teller, acting = Teller(records), scene.acting(records, named=False)
    teller._advance = records.advance(POLICY, CATALOGUE, Routing(default=scene.place))
    review = teller.to_remediation()
    opened = acting.open_issue(request)
    teller.say(review, opened)
    teller.say(review, acting.tell_tracking(EffectRequest(review_id=review)))
    assert acting.read_items(EffectRequest(review_id=review)).readings[0].doers == ()

    def read(acting: TrackerActivities) -> list[str]:
        found = acting.read_items(EffectRequest(review_id=review))
        teller.now = datetime.now(UTC)
        teller.say(review, found)
        return [blocker.sentence for blocker in blockers(teller.find(review), teller.now)]

    scene.finish(opened.ref.key)
    assert read(acting) == ["Nobody has verified, with evidence, that I1 holds."]
    kept = records.attachments.keep(review, SEEN, "p-other")
    said = teller.say(review, VerifyItem(item="I1", evidence=(Evidence(digest=kept.digest),)))
    assert said.answer.accepted, said.answer
    blocking = read(acting)
    (stranger,) = teller.find(review).items["I1"].strangers
    assert f"Nobody knows who {stranger} is, who had a hand in I1." in blocking
    assert teller.find(review).stage is Stage.REMEDIATION
    assert records.people.handles([stranger]) == {stranger: f"{scene.place.tracker}:{scene.account}"}
    assert read(scene.acting(records, named=True)) == []
    assert teller.find(review).stage is Stage.CLOSED


def test_who_closed_an_item_does_not_verify_it(scene: Scene, sqlite_records: Records) -> None:
    records, acting = sqlite_records, scene.acting(sqlite_records, named=True)
    teller = Teller(records)
    teller._advance = records.advance(POLICY, CATALOGUE, Routing(default=scene.place))
    review = teller.to_remediation()
    opened = acting.open_issue(EffectRequest(review_id=review, item="I1"))
    teller.say(review, opened)
    scene.finish(opened.ref.key)
    teller.now = datetime.now(UTC)
    teller.say(review, acting.read_items(EffectRequest(review_id=review)))
    kept = records.attachments.keep(review, SEEN, "p-other")
    by = records.people.id_of("ann@example.org")
    said = teller.say(review, VerifyItem(item="I1", evidence=(Evidence(digest=kept.digest),)), by)
    assert said.answer.reasons == ("They had a hand in I1: somebody else has to verify it.",)
