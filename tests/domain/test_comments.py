"""What people say in comments, and what they are answered."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.lifecycle.closure_rules import Blocker
from domain.lifecycle.decide import decide
from domain.lifecycle.events import CommentHeard
from domain.lifecycle.inputs import CommentAnswered, CommentSaid, ExtendDue, Given, Input
from domain.model.principal import Standing
from domain.model.taxonomy import Ask, Door, Role
from domain.model.values import end_of
from domain.trackers.comment_commands import HELP, NotUnderstood, Said, said, why
from domain.trackers.issue_text import TRACKING
from tests.domain.build import Driver, in_draft, in_remediation


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/holdfast why", Said(what="why")),
        ("Hello,\n  /holdfast why  \nthanks", Said(what="why")),
        ("/holdfast extend 2026-12-24 it is late", Said(what="extend", until=date(2026, 12, 24), reason="it is late")),
        ("/holdfast verify https://ci.example/1", Said(what="verify", address="https://ci.example/1")),
        (
            "/holdfast verify <https://ci.example/1> it held",
            Said(what="verify", address="https://ci.example/1", reason="it held"),
        ),
        ("Ask /holdfast why", None),
        ("/holdfasting", None),
        ("", None),
    ],
)
def test_a_line_that_begins_with_our_name_speaks_to_us(text: str, meant: Said | None) -> None:
    assert said(text) == meant


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("/holdfast", "That is not known here."),
        ("/holdfast close", "That is not known here."),
        ("/holdfast why not", "That is not known here."),
        ("/holdfast extend", "A date like 2026-12-24 has to come"),
        ("/holdfast verify", "The address of the evidence has to come after `verify`."),
        ("/holdfast verify ftp://ci.example/1", "The address of the evidence has to come after `verify`."),
        ("/holdfast verify file:///etc/passwd", "The address of the evidence has to come after `verify`."),
        ("/holdfast extend 24.12.2026 late", "A date like 2026-12-24 has to come"),
        ("/holdfast extend\u00a02026-12-24 late", "That is not known here."),
        ("/holdfast extend 2026-12-24\tlate", "A date like 2026-12-24 has to come"),
        ("/holdfast \u200bwhy \U0001f468\u200d\U0001f4bb", "That is not known here."),
        ("/holdfast extend 2026-12-24", "Say why, too."),
    ],
)
def test_what_is_not_understood_says_what_would_be(text: str, wrong: str) -> None:
    with pytest.raises(NotUnderstood) as raised:
        said(text)
    assert str(raised.value).startswith(wrong)
    assert str(raised.value).endswith(HELP)


def test_a_day_ends_with_its_last_second() -> None:
    assert end_of(date(2026, 12, 24)) == datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC)


def test_why_lists_what_is_in_the_way_and_who_can_clear_it() -> None:
    blocker = Blocker(rule="done", subject="I1", sentence="I1 is open.", cleared_by="team ml")
    review = in_draft().review
    assert "- I1 is open. Cleared by team ml." in why(review, [blocker], "http://there")
    assert why(review, [], "http://there") == "Nothing is in the way of closing the review. http://there"


def _ask(driver: Driver, body: CommentSaid, by: str = "ann") -> tuple[str, ...]:
    driver.say(body, by)
    return driver.review.questions[body.comment].answer


def _extend(driver: Driver, days: int, item: str = "I1") -> ExtendDue:
    known = driver.review.items.get("I1")
    due = known.due if known and known.due else driver.now
    return ExtendDue(item=item, until=due + timedelta(days=days), reason="text:late")


def test_a_comment_is_the_same_command_as_anywhere_else() -> None:
    driver = in_remediation()
    told = _ask(driver, CommentSaid(item="I1", comment="c1", wants=_extend(driver, 9)))
    assert told == ("Asked as R1: the date changes when another person approves it.",)
    (request,) = driver.review.requests.values()
    assert (request.ask, request.subject, request.by) == (Ask.EXTEND_DUE, "I1", "ann")


def test_what_one_person_may_do_is_done_by_a_comment() -> None:
    driver = in_remediation()
    assert _ask(driver, CommentSaid(item="I1", comment="c1", wants=_extend(driver, 3))) == (
        "I1 is due on 13 Mar 2026.",
    )
    assert driver.review.requests == {}


def test_a_refusal_is_an_answer_with_every_reason() -> None:
    driver = in_remediation()
    (told,) = _ask(driver, CommentSaid(item="I1", comment="c1", wants=_extend(driver, -1)))
    assert told.startswith("I1 is due later already")
    (told,) = _ask(in_draft(), CommentSaid(item=TRACKING, comment="c2", wants=_extend(driver, 9, TRACKING)))
    assert told.startswith(f"There is no item {TRACKING}")


def test_what_is_not_heard_in_a_stage_is_refused_in_words() -> None:
    driver = in_draft()
    driver.review = driver.review.model_copy(update={"stage": "dismissed"})
    (told,) = _ask(driver, CommentSaid(item="I1", comment="c1", wants=_extend(driver, 9)))
    assert told == "A due date cannot be put off while the review is dismissed."


def test_an_answer_is_owed_on_the_issue_until_it_is_given() -> None:
    driver = in_remediation()
    driver.obey()
    driver.say(CommentSaid(item="I1", comment="c1"))
    driver.say(CommentSaid(item=TRACKING, comment="c2", wrong="What?"))
    owed = {effect.key: effect for effect in driver.plan.effects}
    assert {"comment:c1", "comment:c2"} <= set(owed)
    assert owed["comment:c1"].item == "c1"
    assert owed["comment:c1"].tracker == "github"
    for comment in ("c1", "c2", "c2"):
        driver.say(CommentAnswered(comment=comment))
    assert not driver.review.questions
    assert not [effect for effect in driver.plan.effects if effect.kind == "answer_comment"]


def test_nothing_is_answered_where_there_is_no_issue() -> None:
    driver = in_draft()
    driver.say(CommentSaid(item="I9", comment="c1"))
    assert driver.plan.effects == ()


def test_who_may_not_say_a_command_may_not_in_a_comment_either() -> None:
    driver = in_remediation()
    body = CommentSaid(item="I1", comment="c1", wants=_extend(driver, 9))
    given = Given(policy=driver.policy, catalogue=driver.catalogue)

    def heard(standing: Standing | None) -> tuple[str, ...]:
        said = Input(id="c1", by="ann", door=Door.TRACKER, standing=standing, body=body)
        (event,) = [e for e in decide(driver.review, said, driver.now, given) if isinstance(e, CommentHeard)]
        return event.answer

    reader, contributor = Standing(roles=(Role.READER,)), Standing(roles=(Role.CONTRIBUTOR,))
    assert heard(reader) == ("This takes the role contributor; they have reader.",)
    assert heard(contributor) == heard(None)
    assert heard(None)[0].startswith("Asked as R1")
