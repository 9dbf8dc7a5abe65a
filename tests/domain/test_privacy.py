"""Private reviews: who sees them, where their items go, and what is told of them."""

from datetime import timedelta

import pytest

from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.decide import Rejected, decide
from domain.lifecycle.effects import PRIVATE, tracking_text
from domain.lifecycle.events import ItemMoved, ItemStatusesRead, ReviewMadePrivate, ReviewShared
from domain.lifecycle.inputs import (
    AcceptItem,
    AssignOwner,
    Given,
    Input,
    ItemsRead,
    MakePrivate,
    MoveItem,
    OpenReview,
    ProposeItem,
    Share,
)
from domain.lifecycle.permissions import visible, visible_to
from domain.lifecycle.view import View, view
from domain.model.principal import NOBODY, Standing
from domain.model.review import Review
from domain.model.taxonomy import Door, IssueStatus, ItemClass, Outcome, Role, Stage
from domain.model.tracker_routing import Place, Routing
from domain.trackers.comment_commands import why
from domain.trackers.issue_text import tracking_issue
from tests.domain.build import NOW, POLICY, Driver, closed, finish, in_draft, in_remediation, incident, spec

PUBLIC, PRIVATE_PLACE = Place(tracker="github", project="acme/ranker"), Place(tracker="jira", project="SEC")
BUILTIN = Place(tracker="builtin")
ROUTING = Routing.model_validate(
    {
        "default": "github:acme/ranker",
        "routes": [
            {"to": "jira:SEC", "outcomes": ["monitoring_or_alerts"], "private": True},
            {"to": "github:acme/alerts", "outcomes": ["monitoring_or_alerts"]},
        ],
    }
)


def make_private(*teams: str) -> MakePrivate:
    return MakePrivate(teams=teams, reason="text:why")


def share(*teams: str) -> Share:
    return Share(teams=teams, reason="text:why")


def sees(driver: Driver) -> tuple[str, ...]:
    return driver.review.private_to


def member(*teams: str, role: Role = Role.CONTRIBUTOR) -> Standing:
    return Standing(roles=(role,), teams=teams)


def test_what_nobody_hides_everybody_sees() -> None:
    for standing in (None, NOBODY, member("ml")):
        assert visible(standing, Review(id="x"))


def test_only_the_named_teams_and_auditors_see_what_is_private() -> None:
    review = Review(id="x", private_to=("legal", "security"))
    assert visible(member("ml", "legal"), review)
    assert visible(member(role=Role.AUDITOR), review)
    assert visible(None, review), "where nobody signs in, whoever sits at the machine"
    assert not visible(member("ml", role=Role.ADMIN), review)
    assert not visible(NOBODY, review)
    assert not visible_to(member(), ("legal",))


def test_to_who_does_not_see_a_review_it_is_not_there() -> None:
    driver = in_draft()
    driver.say(make_private("legal"))
    said = Input(id="i", by="ann", door=Door.SIGNED_IN, standing=member("ml"), body=AssignOwner(owner="somebody"))
    with pytest.raises(Rejected) as refused:
        decide(driver.review, said, NOW, Given(policy=POLICY))
    assert refused.value.reasons == (f"There is no review {driver.review.id} that they see.",)
    theirs = said.model_copy(update={"standing": member("legal")})
    assert decide(driver.review, theirs, NOW, Given(policy=POLICY))


def test_anybody_narrows_who_sees_a_review_and_nobody_widens_that_alone() -> None:
    driver = in_draft()
    driver.say(make_private("security", "legal", "legal"))
    assert sees(driver) == ("legal", "security")
    assert driver.reasons(make_private("legal", "security")) == ("Only legal, security sees it already.",)
    assert driver.reasons(make_private("legal", "ml")) == (
        "ml does not see it yet: ask to share it, and another person approves that.",
    )
    driver.say(make_private("legal"))
    assert sees(driver) == ("legal",)


def test_more_see_it_once_another_person_approves() -> None:
    driver = in_draft()
    assert driver.reasons(share()) == ("Everybody sees this review already.",)
    driver.say(make_private("legal"))
    assert driver.reasons(share("legal")) == ("legal sees it already.",)
    driver.say(share("ml"))
    driver.say(share())
    assert driver.reasons(share("ml")) == ("R1 asks for that already, and waits for an approval.",)
    assert sees(driver) == ("legal",)
    assert driver.approve("R1")[-1] == ReviewShared(teams=("legal", "ml"))
    assert sees(driver) == ("legal", "ml")
    driver.say(share("product"))
    assert driver.approve("R2")[-1] == ReviewShared(teams=())
    assert sees(driver) == ()
    assert driver.reasons(share("product"), "x") == ("Everybody sees this review already.",)
    with pytest.raises(Rejected, match="Everybody sees this review already"):
        driver.approve("R3")


def test_nobody_shuts_themselves_out() -> None:
    driver = in_draft()
    said = Input(id="i", by="ann", door=Door.SIGNED_IN, standing=member("ml"), body=make_private("legal"))
    with pytest.raises(Rejected, match=r"Name a team of theirs, or they could not see it themselves; they are in ml\."):
        decide(driver.review, said, NOW, Given(policy=POLICY))
    opening = said.model_copy(update={"body": OpenReview(incident=incident(), private_to=("legal",))})
    with pytest.raises(Rejected, match="Name a team of theirs"):
        decide(Review(id="new"), opening, NOW, Given(policy=POLICY))
    theirs = opening.model_copy(update={"standing": member("legal")})
    assert decide(Review(id="new"), theirs, NOW, Given(policy=POLICY))


def test_a_review_may_be_private_from_its_opening() -> None:
    driver = Driver(routing=ROUTING)
    driver.say(OpenReview(incident=incident(), private_to=("security", "legal")))
    assert (driver.review.private_to, driver.review.home) == (("legal", "security"), BUILTIN)


def test_private_items_go_only_where_that_is_private() -> None:
    driver = in_draft()
    driver.routing = ROUTING
    driver.say(make_private("legal"))
    for id, outcome, place in (
        ("A1", Outcome.MONITORING_OR_ALERTS, PRIVATE_PLACE),
        ("A2", Outcome.RESILIENCE_TEST, BUILTIN),
    ):
        driver.say(ProposeItem(spec=spec(id, outcome=outcome)))
        assert driver.reasons(AcceptItem(item=id, place=PUBLIC)) == (
            "The review is private, and github:acme/ranker is not: only places that the settings mark private take it.",
        )
        driver.say(AcceptItem(item=id))
        assert driver.review.items[id].place == place
    assert driver.reasons(MoveItem(item="A2", place=PUBLIC))
    driver.say(MoveItem(item="A2", place=PRIVATE_PLACE))
    assert driver.review.items["A2"].place == PRIVATE_PLACE


def test_a_private_place_takes_nothing_else() -> None:
    assert ROUTING.place_for("ranker", outcome=Outcome.MONITORING_OR_ALERTS).project == "acme/alerts"
    assert ROUTING.refused(PUBLIC) is None
    assert ROUTING.refused(BUILTIN, private=True) is None
    assert ROUTING.kept_private(PRIVATE_PLACE, "ranker") == PRIVATE_PLACE
    assert ROUTING.kept_private(None, "ranker") == BUILTIN


def test_what_is_open_elsewhere_goes_on_where_it_is_private() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("P1", item_class=ItemClass.PROCESS)))
    driver.say(ProposeItem(spec=spec("P2", item_class=ItemClass.PROCESS)))
    driver.say(AcceptItem(item="P2", place=BUILTIN))
    driver.obey()
    before = driver.review.items["I1"].ref
    recorded = driver.say(make_private("legal"), "ann")
    assert recorded == [
        ReviewMadePrivate(teams=("legal",), by="ann", reason="text:why", home=BUILTIN),
        ItemMoved(item="I1", by="ann", place=BUILTIN, adopts=None),
    ]
    driver.obey()
    item = driver.review.items["I1"]
    assert (item.ref != before, item.left) == (True, None)
    after = closed()
    assert [type(event) for event in after.say(make_private("legal"))][:1] == [ReviewMadePrivate]
    assert not any(isinstance(event, ItemMoved) for event in after.events)


def test_what_was_done_elsewhere_goes_on_where_it_is_private_once_it_is_open_again() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("P1", item_class=ItemClass.PREVENT)), "ann")
    driver.say(AcceptItem(item="P1"))
    driver.obey()
    finish(driver, ["I1"])
    driver.say(make_private("legal"), "ann")
    assert driver.review.items["I1"].place != BUILTIN
    driver.now += timedelta(minutes=1)
    opened = driver.found("I1").model_copy(update={"status": IssueStatus.OPEN})
    recorded = driver.say(ItemsRead(readings=(opened,)))
    assert [type(event) for event in recorded][:2] == [ItemStatusesRead, ItemMoved]
    driver.obey()
    item = driver.review.items["I1"]
    assert (item.place, item.left) == (BUILTIN, None)


def test_the_id_alone_is_told_of_a_private_review() -> None:
    driver = in_remediation()
    told = tracking_text(driver.review, driver.now)
    assert told[1]
    driver.say(make_private("legal"))
    driver.obey()
    review, now = driver.review, driver.now
    in_the_way = blockers(review, now)
    assert view(review, in_the_way) == View(details=f"Review {review.id} is private.")
    assert tracking_text(review, now) == (True, (PRIVATE,))
    assert why(review, in_the_way, "http://there") == f"{PRIVATE} http://there"
    spec, is_open, _ = tracking_issue(review, now, {}, "default", "http://there")
    assert is_open
    assert spec.title == f"Review: {review.id}"
    assert "SEV" not in spec.body
    assert "Incidents" not in spec.body
    assert tracking_text(review.model_copy(update={"stage": Stage.CLOSED, "items": {}}), now)[0] is False
