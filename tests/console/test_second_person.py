"""What one person asks for and another one decides."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.console.conftest import Holdfast

DIRECTOR = "director@example.org"


def test_a_waiver_is_asked_for_by_one_person_and_granted_by_another(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    said = holdfast.done("review", "waive", review, "done", "I1", "--reason", "ships in May", "--for", "14 days")
    assert said == (f"Asked as R1: another person has to approve it, with\n  holdfast review approve {review} R1\n")
    refusal = holdfast.refused("review", "approve", review, "R1")
    assert refusal == "Who asked for R1 does not approve it: another person has to.\n"
    assert holdfast.done("review", "approve", review, "R1", by=DIRECTOR).startswith("R1 is granted.\n")
    (waiver,) = holdfast.json("review", "show", review)["waivers"].values()
    fortnight = datetime.now(UTC) + timedelta(days=14)
    assert abs(datetime.fromisoformat(waiver["until"]) - fortnight) < timedelta(minutes=1)


def test_a_waiver_ends_with_the_day_that_is_named(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    last = (datetime.now(UTC) + timedelta(days=20)).date()
    asked = ("review", "waive", review, "done", "I1", "--reason", "ships in May", "--until")
    assert holdfast.json(*asked, last.isoformat())["events"] == ["ApprovalAsked"]
    until = holdfast.json("review", "show", review)["requests"]["R1"]["until"]
    assert until == f"{last}T23:59:59Z"
    assert holdfast.refused(*asked, f"{last}T12:00Z") == "R1 asks for that already, and waits for an approval.\n"


@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        (("--until", "tomorrow"), 2, "'tomorrow' is not a date; write one like 2026-12-01 or 2026-12-01T09:00Z."),
        (("--until", "9999-12-31"), 2, "'9999-12-31' is not a date"),
        (("--for", "a while"), 2, "--for: 'a while' is not a period; write one like '24 h', '3 days'"),
        (("--until", "2026-12-01", "--for", "3 days"), 2, "Give --until or --for, not both."),
        (("--for", "400 days"), 1, "It may last 90 days at most"),
        (("--until", "2020-01-01"), 1, "which is past"),
    ],
)
def test_an_end_that_cannot_be_is_refused(holdfast: Holdfast, ends: tuple[str, ...], code: int, said: str) -> None:
    review = holdfast.submitted()
    asked = ("review", "accept-risk", review, "F1", "--reason", "small")
    assert said in holdfast.refused(*asked, *ends, code=code)


def test_what_does_not_block_is_not_waived(holdfast: Holdfast) -> None:
    refusal = holdfast.refused("review", "waive", holdfast.signed(), "done", "I9", "--reason", "why not")
    assert refusal == "Nothing to waive: done/I9 does not block. In the way are done/I1, done/I2.\n"


def test_a_risk_is_accepted_for_a_time(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    holdfast.done("review", "accept-risk", review, "F1", "--reason", "small", "--for", "3 business days")
    holdfast.done("review", "approve", review, "R1", by=DIRECTOR)
    assert list(holdfast.json("review", "show", review)["risks"]) == ["F1"]
    assert "There is no factor F7." in holdfast.refused("review", "accept-risk", review, "F7", "--reason", "small")


def test_a_request_is_refused_with_a_reason(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.done("review", "lower-severity", review, "SEV4", "--reason", "few were concerned")
    assert holdfast.done("review", "refuse", review, "R1", "--reason", "many were", by=DIRECTOR).startswith(
        "R1 is refused.\n"
    )
    assert holdfast.refused("review", "refuse", review, "R1", "--reason", "again") == "R1 is refused already.\n"
    refusal = holdfast.refused("review", "approve", review, "R2")
    assert refusal == "There is no request R2; there are R1.\n"


def test_a_severity_is_lowered_and_not_raised(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.done("review", "lower-severity", review, "sev3", "--reason", "few were concerned")
    holdfast.done("review", "approve", review, "R1", by=DIRECTOR)
    assert holdfast.json("review", "show", review)["severity"] == "SEV3"
    refusal = holdfast.refused("review", "lower-severity", review, "SEV1", "--reason", "it grew")
    assert refusal == "SEV1 is not lower than SEV3.\n"


def test_whoever_approves_less_hears_whose_signatures_it_costs(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    holdfast.done("item", "withdraw", review, "I1", "--reason", "too dear")
    because = "because item I1 changed"
    costs = f"What ml, infrastructure, product signed stands no more, {because}: it is to be signed again."
    said = holdfast.done("review", "approve", review, "R1", by=DIRECTOR)
    assert said == f"R1 is granted.\n{costs}\nThe review is in stage sign_off.\n"
    why = holdfast.done("review", "why", review)
    assert f"Team ml has not signed revision 1 again, {because}." in " ".join(why.split())


def test_a_light_review_is_dismissed_with_a_reason_and_a_grave_one_with_a_second_person(holdfast: Holdfast) -> None:
    light, grave = holdfast.opened("SEV3"), holdfast.opened("SEV1")
    said = holdfast.done("review", "dismiss", light, "--reason", "false alarm")
    assert said == f"{light} is dismissed.\nThe review is in stage dismissed.\n"
    assert "Asked as R1" in holdfast.done("review", "dismiss", grave, "--reason", "false alarm")
    assert holdfast.json("review", "show", grave)["stage"] == "draft"
    holdfast.done("review", "approve", grave, "R1", by=DIRECTOR)
    assert holdfast.json("review", "show", grave)["stage"] == "dismissed"
    refusal = holdfast.refused("review", "dismiss", light, "--reason", "again")
    assert refusal == "The review cannot be dismissed while it is dismissed.\n"


def test_a_review_is_made_private_by_one_person_and_shared_by_two(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    why = ("--reason", "It names people.")
    said = holdfast.done("review", "make-private", review, "--team", "security", "--team", "legal", *why)
    assert said.startswith(f"Only security, legal sees {review}.\n")
    told = holdfast.done("review", "share", review, "--team", "ml", *why)
    assert told.endswith("Nobody signs in here, so everybody at this machine sees it all the same.\n")
    assert holdfast.json("review", "show", review)["private_to"] == ["legal", "security"]
    refusal = holdfast.refused("review", "make-private", review, "--team", "ml", *why)
    assert refusal == "ml does not see it yet: ask to share it, and another person approves that.\n"
    assert holdfast.done("review", "share", review, *why).startswith("Asked as R2: another person has to approve it")
    holdfast.done("review", "approve", review, "R2", by=DIRECTOR)
    assert holdfast.json("review", "show", review)["private_to"] == []


def test_a_review_is_opened_for_a_team_alone(holdfast: Holdfast) -> None:
    told = ("--title", "x", "--service", "ranking-api", "--severity", "SEV2", "--private-to", "security")
    review = holdfast.json("review", "open", *told)["review"]
    assert holdfast.json("review", "show", review)["private_to"] == ["security"]
    miss = ("near-miss", *told, "--stopped-by", "luck")
    review = holdfast.json(*miss)["review"]
    assert holdfast.json("review", "show", review)["private_to"] == ["security"]
