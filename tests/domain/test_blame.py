"""The blameless lint: each rule both ways, what it never reads, and how well it does over the labelled sentences."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.drafts.blame import Field, Level, lint
from domain.drafts.blame.remarks import LEVELS, Tier
from domain.drafts.blame.rules import NAME_IN_NARRATIVE, ONLY_RETRAINING, RULES

ordinary = settings(max_examples=200, deadline=None, derandomize=True)

SENTENCES = yaml.safe_load((Path(__file__).parent / "blame_sentences.yaml").read_text(encoding="utf-8"))
PAGE = (Path(__file__).parents[2] / "docs" / "blameless.md").read_text(encoding="utf-8")

FLOOR = {"tuning": (0.98, 0.98), "held out": (0.85, 0.85)}
"""The least precision and recall of each half."""

BOTH_WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "human-error-as-cause": (
        (
            "Human error.",
            "- Operator error during the backfill.",
            "The index was lost due to a simple operator error.",
            "The root cause was human error.",
            "Cause: developer error",
            "A mistake made by one of the analysts led to the loss.",
            "An engineer’s mistake caused it.",
            "It came down to fat-fingering the limit.",
        ),
        (
            "The user error rate doubled.",
            "The driver stopped because of operator error code 17.",
            "It was not caused by human error.",
            "The outage was caused by user error because the form takes any number.",
            "Human error was possible, as the form takes any number.",
            "Human error budgets are no budgets.",
            "A mistake by the reviewer bot went through.",
        ),
    ),
    "at-fault": (
        (
            "The careless rollback made it worse.",
            "The operators were at fault.",
            "The reviewer who was at fault has left.",
            "It is the platform team's fault.",
            "The blame lies with the annotators.",
            "Everybody blamed the analyst.",
            "We hold the new engineer accountable.",
            "The team is responsible for the outage.",
            "It was a stupid mistake.",
            "It was the fault of Alice.",
            "It was Bob's fault.",
            "The blame lies with Ola.",
        ),
        (
            "The cache was at fault.",
            "The team was not at fault.",
            "Nobody was careless.",
            "We tune fault tolerance.",
            "Their fault domains overlap.",
            "Read it with git blame.",
            "The model mixes up negligence claims.",
            "The sloppy quorum lost a write.",
            "The sloppy join ignored nulls.",
            "It was the fault of Kafka.",
            "It was the fault of Postgres.",
            "On-call blamed Cloudflare for the latency.",
            "It was the fault of Redis replication.",
            "The fault of Tuesday was another one.",
        ),
    ),
    "insult": (
        (
            "A stupid, stupid engineer.",
            "Stupid Bob Miller forgot it.",
            "stupid Bob Miller forgot it",
            "The lazy platform team let it run.",
            "Stupid users clicked it twice.",
            "Dumb @night-shift merged it.",
            "That idiot merged it.",
            "He's an idiot.",
            "You are all morons!",
            "The on-call engineer was plain stupid.",
            "Ann-Marie O’Neil is lazy.",
            "They were dumb enough to trust it.",
            "It was foolish of the team to wait.",
            "A fool of an engineer.",
            "The operators acted stupidly.",
            "The cause is sheer stupidity.",
        ),
        (
            "A stupid default.",
            "Stupid Kafka forgot its offsets.",
            "Lazy loading hid it.",
            "We are lazy loading the weights.",
            "The lazy operator was evaluated twice.",
            "The lazy reviewer bot ignored it.",
            "The dumb user interface shows no colours.",
            "A foolish consistency of labels.",
            "The cache is dumb.",
            "The cache stupidly retries.",
            "The team was not stupid.",
            "Nobody is an idiot here.",
            "An idiot-proof form, and an idiot light.",
            "The filter let the word idiot pass.",
            "A user said “you idiots”.",
            "The engineer's stupid-looking idea was right.",
            "Adversaries fool the model.",
        ),
    ),
    "be-more-careful": (
        (
            "Be more careful.",
            "Please pay closer attention to the canary.",
            "Engineers must be extra careful at night.",
            "- Take more care with keys.",
            "More vigilance is needed.",
        ),
        (
            "The careful rollout took four days.",
            "The rollout should be more careful about order.",
            "Pay attention scores out as floats.",
            "The model pays more attention to recent clicks.",
            "Nobody should have to be careful here.",
        ),
    ),
    "counterfactual": (
        (
            "The on-call engineer should have rolled back.",
            "We should’ve known.",
            "The reviewers could have noticed it.",
            "No one should have merged this.",
            "It should have been caught by the reviewer.",
            "If the team had tested it, we would know.",
            "Had the operator waited, the queue would have drained.",
            "One of us should not have left.",
            "Someone should have documented the step.",
        ),
        (
            "The health check should have returned 503.",
            "Engineers should have limited access.",
            "Every team should have an owner.",
            "The engineers could not have known.",
            "We could have lost the index.",
            "The page to the on-call engineer should have gone out.",
            "It should have been caught by the reviewer bot.",
            "The pods started. They should have answered.",
            "The memory manager should have freed it.",
        ),
    ),
    "omission": (
        (
            "The operator forgot to switch back.",
            "Two of the reviewers overlooked the join.",
            "The engineer on call failed to notice the queue.",
            "The release manager ignored it.",
            "They neglected the backlog.",
            "The team decided late. They also forgot the index.",
            "@night-shift didn't even check.",
            "Nobody checked the calibration.",
            "The warning was missed by the on-call engineer.",
            "The operator's failure to wait made it worse.",
            "We missed the first alert.",
            "The tech leads never tested it.",
            "Bob Miller forgot the check.",
            "Tired and alone, Ann-Marie O'Neil failed to notice it.",
            "Stupid José García ignored it.",
            "Bob forgot to scale.",
            "Ana and Wei forgot the limit.",
            "Bob didn't bother to read it.",
        ),
        (
            "The service failed to start.",
            "The Kubernetes operator failed to reconcile.",
            "The reviewer bot forgot its token.",
            "The model forgot the rare classes.",
            "Kafka forgot the offset.",
            "Flink never read the offset file.",
            "Prometheus missed the spike.",
            "Bob's script forgot the header.",
            "Drift was ignored by the monitor.",
            "The engineer's script failed to quote the name.",
            "We missed our latency objective.",
            "We failed to serve 3 % of the requests.",
            "Customers failed to log in.",
            "Nobody was paged.",
            "The memory manager ignored the limit.",
            "In the end, it failed to start.",
            "The tests with the engineers failed to start.",
            "It told us nothing and failed to stop.",
            "Bob Miller's script failed to quote the name.",
            "The page to Bob Miller failed to go out.",
            "Cloud Run failed to start.",
            "Yesterday Kafka ignored the commit.",
            "The Feature Store forgot the alias.",
        ),
    ),
    "ignored-signal": (
        ("The alert was ignored.", "The warnings were simply overlooked.", "The empty slice was forgotten."),
        (
            "The warning was ignored by the compiler.",
            "Null keys were ignored.",
            "The alert was acknowledged.",
            "The edge case was overlooked by the parser.",
        ),
    ),
}


def rules_of(text: str, field: Field = Field.CAUSE) -> set[str]:
    return {remark.rule for remark in lint(text, field)}


def told(text: str, field: Field) -> str:
    """The gravest level that is told of a text."""
    levels = {remark.level for remark in lint(text, field)}
    return next((level for level in Level if level in levels), "none")


def cases(way: int) -> list[Any]:
    return [pytest.param(rule, text, id=f"{rule}: {text}") for rule in BOTH_WAYS for text in BOTH_WAYS[rule][way]]


def test_every_rule_has_examples_both_ways_and_leads_on_with_a_question() -> None:
    assert list(BOTH_WAYS) == [rule.rule for rule in RULES]
    for advice in (*RULES, ONLY_RETRAINING, NAME_IN_NARRATIVE):
        assert re.fullmatch(r"[a-z-]+", advice.rule)
        assert advice.sentence.endswith(".")
        assert advice.question.endswith("?")


@pytest.mark.parametrize(("rule", "text"), cases(0))
def test_what_finds_fault_with_people_is_told(rule: str, text: str) -> None:
    assert rule in rules_of(text)


@pytest.mark.parametrize(("rule", "text"), cases(1))
def test_what_is_said_of_machines_or_asks_further_is_not(rule: str, text: str) -> None:
    assert rule not in rules_of(text)


@pytest.mark.parametrize(
    ("field", "fault", "omission"),
    [
        (Field.CAUSE, "error", "hint"),
        (Field.ACTION, "error", "hint"),
        (Field.NARRATIVE, "hint", "hint"),
        (Field.TIMELINE, "hint", "none"),
    ],
)
def test_a_field_says_how_loudly(field: Field, fault: str, omission: str) -> None:
    assert told("The engineer was careless.", field) == fault
    assert told("The engineer forgot the index.", field) == omission


def test_only_fault_in_so_many_words_is_an_error() -> None:
    assert {tier for tier in Tier if Level.ERROR in LEVELS[tier].values()} == {Tier.FAULT}


@pytest.mark.parametrize(
    "quiet",
    [
        'The log said "the operator forgot to switch".',
        'The log said "the operator\nforgot to switch".',
        "A user said ‘we should have known, the team’s right’ at noon.",
        "A user said 'we should have known, the team's right' at noon.",
        "A user said “the operator forgot”.",
        "> The operator forgot to switch.",
        "It exports `the operator forgot to switch` then.",
        "```\nthe operator forgot to switch\n```",
        "~~~\nthe operator forgot to switch\n~~~",
        "It prints ```the operator forgot``` then.",
        "ERROR the operator forgot to switch",
        "[2026-03-01 13:05:00] WARN the operator forgot to switch",
        "2026-03-01T13:05:00.123Z INFO the operator forgot to switch",
        "Mar  1 13:05:00 host agent: the operator forgot to switch",
        "level=info reason=x said=the operator forgot to switch",
    ],
)
def test_quotes_code_and_logs_are_not_read_and_move_nothing(quiet: str) -> None:
    after = "\nThe operator forgot the second index."
    (remark,) = lint(quiet + after, Field.CAUSE)
    assert remark.start == len(quiet) + 5
    assert (quiet + after)[remark.start : remark.end] == remark.words == "operator forgot"


def test_a_fence_that_is_never_closed_goes_on_to_the_end() -> None:
    assert rules_of("We forgot it.\n```\nwe forgot it\n\nWe ignored it.") == {"omission"}
    assert rules_of("```\nWe forgot it.") == set()


@pytest.mark.parametrize("text", ["The users' data, the teams' data: we forgot it.", 'A 5" disk that we forgot.'])
def test_an_apostrophe_or_an_inch_opens_no_quote(text: str) -> None:
    assert rules_of(text) == {"omission"}


def test_what_is_quoted_is_not_taken_for_a_subject() -> None:
    assert rules_of('The engineer\'s "nightly" forgot its lease.') == set()
    assert rules_of('The engineer (see "x") failed to act.') == set()


def test_each_place_is_told_once_and_in_order() -> None:
    text = "We forgot A. It was human error, and the careless engineer ignored B and ignored C."
    found = lint(text, Field.CAUSE)
    assert [remark.words for remark in found] == [
        "We forgot",
        "It was human error",
        "careless",
        "engineer ignored",
    ]
    assert [remark.start for remark in found] == sorted(remark.start for remark in found)


def test_a_key_stays_when_the_text_around_it_changes() -> None:
    (one,) = lint("The operator didn't check the region.", Field.CAUSE)
    (other,) = lint("It is new.\n- the operator  didn’t check\nthe region\n- Next.", Field.NARRATIVE)
    assert one.key == other.key
    assert one.start != other.start


def test_a_key_belongs_to_a_rule_a_sentence_and_a_salt() -> None:
    said = ("The operator forgot the careless index.", "The operator forgot the index.")
    keys = [remark.key for text in said for salt in ("a", "b") for remark in lint(text, Field.CAUSE, salt)]
    assert len(keys) == len(set(keys)) == 6


@ordinary
@given(text=st.text(), field=st.sampled_from(Field))
def test_any_text_can_be_read(text: str, field: Field) -> None:
    lint(text, field)


PIECES = (
    *("we", "the engineer", "forgot", "should have", "known", "human error", "due to", "at fault", "12:05 ", "a=b "),
    *('"', "'", "’", "`", "\n", "\n\n", ". ", ", ", "> ", "```", "ERROR ", "İ", "ß", "\u2028", "👩‍💻", "¤"),
)


@ordinary
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=30), field=st.sampled_from(Field))
def test_a_remark_always_points_at_its_words(pieces: list[str], field: Field) -> None:
    text = " ".join(pieces)
    for remark in lint(text, field):
        assert 0 <= remark.start < remark.end <= len(text)
        assert text[remark.start : remark.end] == remark.words


@pytest.mark.timeout(60)  # a quadratic pattern needs minutes for these, a linear one a second
@pytest.mark.parametrize(
    "piece",
    [
        *("a", " ", "\n", "\n ", '"', " '", "'a", "`", "“", "‘", "-", ". ", "a=b ", "a=b", "x ```", "```\n", "> "),
        *("due to ", "engineer ", "to the ", "forgot ", "if had ", "the engineer's ", "ignored by ", "they "),
        *("stupid data ", "is so too ", "Bob ", "Ann-Marie", "was a bunch of "),
    ],
    ids=repr,
)
def test_a_long_text_is_read_in_time_that_grows_with_its_length(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    assert not lint(text, Field.CAUSE)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("end", [". ", " and "])
def test_a_long_text_says_what_its_sentences_say(end: str) -> None:
    once = "the engineer forgot the index and it went down due to human error"
    assert len(lint(once, Field.CAUSE)) == 2
    assert len(lint(end.join([once] * 1_400), Field.CAUSE)) == 2_800


def test_the_labelled_set_is_large_and_half_of_it_blameless() -> None:
    for half in SENTENCES.values():
        count = {
            level: sum(len(levels.get(level, ())) for levels in half.values()) for level in ("error", "hint", "none")
        }
        assert sum(count.values()) >= 80
        assert count["none"] * 2 >= sum(count.values())
    every = [
        text for half in SENTENCES.values() for levels in half.values() for texts in levels.values() for text in texts
    ]
    assert len(every) == len(set(every))


def figures(half: str) -> tuple[float, float, list[str], int]:
    """Precision, recall, what was told at another level than it should, and how many sentences there are."""
    said = [
        (told(text, Field(field)), level, text)
        for field, levels in SENTENCES[half].items()
        for level, texts in levels.items()
        for text in texts
    ]
    right = sum(got != "none" and level != "none" for got, level, _ in said)
    precision = right / sum(got != "none" for got, _, _ in said)
    recall = right / sum(level != "none" for _, level, _ in said)
    wrong = [f"{level} was told as {got}: {text}" for got, level, text in said if got != level]
    return precision, recall, wrong, len(said)


@pytest.mark.parametrize("half", FLOOR)
def test_precision_and_recall_over_the_labelled_set(half: str, capsys: pytest.CaptureFixture[str]) -> None:
    precision, recall, wrong, count = figures(half)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nblameless lint, {half}: precision {precision:.2f}, recall {recall:.2f},"
            f" the very level for {count - len(wrong)} of {count}"
        )
    least_precision, least_recall = FLOOR[half]
    assert precision >= least_precision, wrong
    assert recall >= least_recall, wrong


@pytest.mark.parametrize("half", FLOOR)
def test_the_page_on_the_lint_gives_these_figures(half: str) -> None:
    precision, recall, _, count = figures(half)
    assert f"| {half} | {count} | {precision:.2f} | {recall:.2f} |" in PAGE


def test_the_page_on_the_lint_has_every_rule_at_its_levels() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| (\w+) \|$", PAGE, re.MULTILINE)
    assert rows == [(each.rule, each.tier.name.lower()) for each in (*RULES, ONLY_RETRAINING, NAME_IN_NARRATIVE)]
    for tier, levels in LEVELS.items():
        assert f"| {tier.name.lower()} | {' | '.join(levels.get(field, '–') for field in Field)} |" in PAGE
