"""Opening a review and carrying it through to its closing, one command after the other."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from domain.lifecycle.inputs import IncidentTold
from domain.model.review import Incident
from domain.model.taxonomy import IncidentStatus, Severity
from tests.console.conftest import ROOT, Holdfast

DRAFT = ROOT / "docs/examples/draft.yaml"
TOLD = ("--title", "Scores were stale", "--service", "ranking-api", "--severity", "sev3")


def test_a_review_is_opened_with_everything_that_is_known(holdfast: Holdfast) -> None:
    said = holdfast.done(
        *("review", "open", *TOLD, "--id", "2026-17", "--kind", "latency_slo", "--kind", "other", "--model", "ranker"),
        *("--began", "2026-11-01T08:00Z", "--detected", "2026-11-01T09:30+01:00", "--resolved", "2026-11-01T12:00Z"),
        *("--responder", "on-call@example.org", "--link", "https://incidents.example.org/17"),
    )
    assert said == "Opened hand:2026-17\nWhat it needs: holdfast review why hand:2026-17\n"
    told = holdfast.json("review", "show", "hand:2026-17")
    assert (told["owner"], told["severity"], told["models"]) == ("on-call@example.org", "SEV3", ["ranker"])
    incident = told["incidents"]["hand:2026-17"]
    assert incident["detected"] == "2026-11-01T08:30:00Z"
    assert incident["url"] == "https://incidents.example.org/17"


def test_opening_the_same_incident_in_other_words_is_refused(holdfast: Holdfast) -> None:
    holdfast.done("review", "open", *TOLD, "--id", "17")
    assert "cannot be opened again while it is in stabilization" in holdfast.refused(
        "review", "open", *TOLD, "--id", "17", "--model", "ranker"
    )


def test_a_near_miss_says_what_stopped_it(holdfast: Holdfast) -> None:
    review = holdfast.json("near-miss", *TOLD, "--stopped-by", "luck")["review"]
    assert review.startswith("near-miss:")
    assert holdfast.json("review", "show", review)["incidents"][review]["stopped_by"] == "luck"
    assert holdfast.run("near-miss", *TOLD).exit_code == 2


def test_a_date_without_a_zone_is_not_guessed(holdfast: Holdfast) -> None:
    said = holdfast.refused("review", "open", *TOLD, "--began", "2026-11-01T08:00", code=2)
    assert "names no time zone" in said
    assert "is not a date" in holdfast.refused("review", "open", *TOLD, "--began", "yesterday", code=2)


def test_what_is_missing_or_unknown_is_named_when_a_review_is_opened(holdfast: Holdfast) -> None:
    said = holdfast.refused("review", "open", "--title", "Scores were stale", code=2)
    assert said == "Missing: --service, --severity. See holdfast review open --help.\n"
    told = ("--title", "Scores were stale", "--severity", "SEV2")
    said = holdfast.refused("review", "open", *told, "--service", "rankin-api")
    assert said == "service: rankin-api is not in the catalogue; it lists feature-store, fraud-scoring, ranking-api.\n"
    wrong = holdfast.run("review", "open", *told[:2], "--service", "ranking-api", "--severity", "sev9")
    assert wrong.exit_code == 2
    assert "SEV1, SEV2, SEV3, SEV4" in wrong.stderr


def test_an_incident_that_the_policy_excluded_is_reviewed_after_all(holdfast: Holdfast) -> None:
    incident = Incident(
        source="alerts",
        id="43",
        status=IncidentStatus.RESOLVED,
        as_of=holdfast.door.now,
        title=holdfast.records.people.keep("Scores were stale", "alerts:43"),
        service="ranking-api",
        severity=Severity.SEV4,
        responder=holdfast.records.people.id_of("on-call@example.org"),
    )
    holdfast.door.tell("alerts:43", IncidentTold(incident=incident))
    mixed = holdfast.refused("review", "open", "--excluded", "alerts:43", "--title", "Another", code=2)
    assert mixed.startswith("What --excluded names was told already")
    assert holdfast.done("review", "open", "--excluded", "alerts:43").startswith("Opened alerts:43\n")
    shown = holdfast.json("review", "show", "alerts:43")
    assert (shown["stage"], shown["title"], shown["owner"]) == (
        "stabilization",
        "Scores were stale",
        "on-call@example.org",
    )
    assert "cannot be opened again while it is in stabilization" in holdfast.refused(
        "review", "open", "--excluded", "alerts:43"
    )
    holdfast.door.tell("alerts:44", IncidentTold(incident=incident.model_copy(update={"id": "44"})))
    assert holdfast.json("review", "open", "--excluded", "alerts:44")["review"] == "alerts:44"


def test_a_review_that_is_named_by_half_is_asked_about(holdfast: Holdfast) -> None:
    holdfast.done("review", "open", *TOLD, "--id", "INC-7")
    assert holdfast.refused("review", "submit", "INC-7", str(DRAFT)) == (
        "There is no review INC-7. Did you mean hand:INC-7?\n"
    )
    holdfast.done("near-miss", *TOLD, "--stopped-by", "luck", "--id", "INC-7")
    assert holdfast.refused("review", "show", "INC-7") == "There is no review INC-7.\n"


def test_an_incident_joins_a_review_and_takes_its_service(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    told = ("--source", "hand", "--incident", "18", "--title", "Again", "--severity", "SEV1")
    said = holdfast.done("review", "join", review, *told, "--still-open", "--at", "2026-11-02")
    assert said.startswith(f"hand:18 is part of {review}.")
    shown = holdfast.json("review", "show", review)
    assert shown["incidents"]["hand:18"]["service"] == "ranking-api"
    assert shown["incidents"]["hand:18"]["status"] == "open"
    assert shown["severity"] == "SEV1"
    holdfast.done("review", "join", review, *told)
    assert holdfast.json("review", "show", review)["incidents"]["hand:18"]["status"] == "resolved"
    refusal = holdfast.refused("review", "join", review, *told, "--service", "feature-store")
    assert refusal == "hand:18 is part of this review already.\n"


def test_an_owner_is_assigned_once(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    said = holdfast.done("review", "assign", review, "writer@example.org")
    assert said == f"writer@example.org owns {review}.\nThe review is in stage draft.\n"
    assert holdfast.refused("review", "assign", review, "writer@example.org") == "They own this review already.\n"


def test_a_draft_is_saved_submitted_and_signed(holdfast: Holdfast, tmp_path: Path) -> None:
    review = holdfast.opened()
    unheard = holdfast.refused("review", "sign", review, "--team", "ml")
    assert unheard == "A text cannot be signed while the review is in draft.\n"
    said = holdfast.done("review", "submit", review, str(DRAFT), by="writer@example.org")
    assert said == "Revision 1 is submitted.\nThe review is in stage sign_off.\n"
    said = holdfast.done("review", "sign", review, "--team", "ml", by="ml-signer@example.org")
    assert said == "Signed revision 1 for team ml.\nThe review is in stage sign_off.\n"
    reasons = holdfast.refused("review", "sign", review, "--team", "catering", by="writer@example.org")
    assert reasons.splitlines() == [
        "Team catering does not sign this review; ml, infrastructure, product do.",
        "Who submitted the draft does not sign it.",
    ]
    as_json = tmp_path / "draft.json"
    as_json.write_text(json.dumps(yaml.safe_load(DRAFT.read_text()) | {"summary": "Shorter."}))
    assert holdfast.json("review", "submit", review, str(as_json), by="writer@example.org")["stage"] == "sign_off"
    refusal = holdfast.refused("review", "submit", review, str(as_json), by="writer@example.org")
    assert refusal.splitlines() == [
        "This text is submitted already, as revision 2.",
        "The draft was saved as revision 2, and nothing was submitted.",
    ]


def test_a_draft_that_does_not_meet_the_policy_is_refused_with_every_reason(holdfast: Holdfast, tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text("summary: It was bad.\n")
    reasons = holdfast.refused("review", "submit", holdfast.opened(), "short.yaml").splitlines()
    assert "Not answered: What failed, and how was it detected?" in reasons
    assert "No contributing factor is given." in reasons
    assert len(reasons) == 12
    assert reasons[-1] == "The draft was saved as revision 1, and nothing was submitted."


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("gone.yaml", None, "gone.yaml is not there."),
        ("gone.json", None, "gone.json cannot be read: No such file or directory."),
        ("draft.yaml", "answers: [", "draft.yaml, line 1: expected the node content, but found '<stream end>'."),
        ("draft.json", '{\n"answers": ]', "draft.json, line 2: Expecting value."),
        ("draft.yaml", b"\xff\xfe\xfa", "draft.yaml is no text file."),
        ("draft.json", b"\xff\xfe\xfa", "draft.json is no text file."),
        ("draft.yaml", "", "draft.yaml is no draft: docs/examples/draft.yaml shows what one looks like."),
        ("draft.yaml", "answer: {}", "draft.yaml: answer: unknown field; did you mean answers?"),
        ("draft.yaml", "items: [{id: I1}, {id: I1}]", "draft.yaml: items.0.title: this is needed"),
        (
            "draft.yaml",
            "considered: {model: fine}\nfactors:\n- {id: F1, dimension: data, cause: x, confidence: known, "
            "explanation: y, led_to: F9}",
            "'x' is not a cause of dimension data; known are concept_drift, delayed_labels",
        ),
        (
            "draft.yaml",
            "factors:\n- {id: F1, dimension: data, cause: drift, confidence: known, explanation: y, led_to: F9}",
            "draft.yaml: factors.F1.led_to: there is no factor F9",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_place(
    holdfast: Holdfast, tmp_path: Path, name: str, text: str | bytes | None, said: str
) -> None:
    if text is not None:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert said in holdfast.refused("review", "submit", "hand:17", name, code=2)
    assert not holdfast.door.heard


def test_a_team_asks_for_changes_in_a_section(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    asked = ("review", "request-changes", review, "--team", "ml", "--reason", "Say why the canary was missing")
    assert holdfast.refused(*asked, "--section", "weather") == "There is no section weather.\n"
    said = holdfast.done(*asked, "--section", "causes", "--section", "summary")
    assert said == "Team ml asks for changes.\nThe review is in stage draft.\n"


def test_a_review_closes_once_its_items_are_done(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    assert holdfast.refused("review", "close", review).splitlines() == ["I1 (HF-1) is open.", "I2 (HF-2) is open."]
    _done(holdfast)
    assert "The trackers are being read" in _closing_takes_long(holdfast, review)
    assert holdfast.json("review", "show", review)["stage"] == "closed"
    assert holdfast.refused("review", "close", review) == "The review cannot be closed while it is closed.\n"


def _done(holdfast: Holdfast) -> None:
    for issue in ("HF-1", "HF-2"):
        holdfast.done("issue", "done", issue, by="engineer@example.org")


def _closing_takes_long(holdfast: Holdfast, review: str) -> str:
    holdfast.door.reads_at_once = False
    said = holdfast.done("review", "close", review)
    assert holdfast.json("review", "close", review)["note"] == "being read"
    holdfast.door.read_for_closing(review)
    return said


def test_closing_says_so_when_it_happened_at_once(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    _done(holdfast)
    holdfast.door.now += timedelta(minutes=1)
    assert holdfast.done("review", "close", review) == f"{review} is closed.\nThe review is in stage closed.\n"
