"""What the lint says of all actions together, and the roles that it offers for names."""

import pytest

from domain.drafts.blame import Field, Level, handles_in, lint, only_reminders, roles_for

REMINDERS = (
    "Remind the on-call engineers to check the region",
    "Retrain the annotators on sarcasm.",
    "Training for the data scientists",
    "Tell everyone about the two regions and the naming",
    "Document the rollback steps",
    "Update the deploy runbook; send an e-mail to all",
    "Please be more careful with thresholds",
    "We will raise awareness of stale features",
    "Run a training on feature stores",
    "Remember to look at the canary",
)
MORE = (
    "Retrain the ranking model on the last 30 days",
    "Retraining of the model after each drift alert",
    "Migrate the document store to the new index",
    "Document store upgrade",
    "Train the team classifier again",
    "Remind the engineers in the tool, and block the deploy until they confirm",
    "Document the limit. Then enforce it in the gateway.",
    "Block deploys without a region",
    "",
)


@pytest.mark.parametrize("text", REMINDERS)
def test_actions_that_only_remind_are_told_together(text: str) -> None:
    found = only_reminders([("I1", text), ("I2", "Retrain the operators")])
    assert set(found) == {"I1", "I2"}
    remark = found["I1"]
    assert (remark.rule, remark.level) == ("only-retraining", Level.HINT)
    assert text[remark.start : remark.end] == remark.words
    assert found["I2"].words == "Retrain the operators"


@pytest.mark.parametrize("text", MORE)
def test_one_action_that_changes_the_system_makes_reminders_welcome(text: str) -> None:
    assert only_reminders([("I1", REMINDERS[0]), ("I2", text)]) == {}


def test_where_nothing_is_to_be_done_nothing_is_told() -> None:
    assert only_reminders([]) == {}


def test_a_reminder_alone_is_no_remark_of_the_text() -> None:
    assert lint("Remind the operators of the region.", Field.ACTION) == ()


PEOPLE = {
    "Ann": "the on-call engineer",
    "Ann Two": "the data scientist",
    "will": "the reviewer",
    "ml-ops7": "the operator",
    " ": "nobody",
}


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (
            "Ann rolled back. Then Ann Two looked.",
            "The on-call engineer rolled back. Then the data scientist looked.",
        ),
        ("We asked @will, who will look.", "We asked the reviewer, who will look."),
        ("It was ml-ops7’s turn, then @ml-ops7's.", "It was the operator’s turn, then the operator's."),
        ("- Ann stopped it\n- Ann\n  waited", "- the on-call engineer stopped it\n- the on-call engineer\n  waited"),
        ("Annex, Ann-Mae, ann, Ann.b and x@Ann stay.", "Annex, Ann-Mae, ann, Ann.b and x@Ann stay."),
        ("The log has `Ann` and “Ann”.", "The log has `Ann` and “Ann”."),
    ],
)
def test_roles_are_offered_in_the_place_of_names(text: str, offered: str) -> None:
    roles = roles_for(text, PEOPLE)
    assert roles.text == offered
    assert bool(roles.remarks) == (text != offered)
    for remark in roles.remarks:
        assert (remark.rule, remark.level) == ("name-in-narrative", Level.HINT)
        assert text[remark.start : remark.end] == remark.words
        assert remark.words.lstrip("@") in PEOPLE
        assert remark.offer == PEOPLE[remark.words.lstrip("@")]


@pytest.mark.parametrize("people", [{}, {"": "nobody"}])
def test_without_names_there_is_nothing_to_offer(people: dict[str, str]) -> None:
    roles = roles_for("Ann rolled back.", people)
    assert (roles.text, roles.remarks) == ("Ann rolled back.", ())


def test_what_may_be_a_handle_is_an_address_or_stands_behind_an_at() -> None:
    text = "Ask ann.two@example.org, @ml-ops7. and (@bo), not x@y or `@code` or “@quoted”; @bo again."
    assert handles_in(text) == ("ann.two@example.org", "ml-ops7", "bo")
    assert handles_in("Nobody is named @ all.") == ()
