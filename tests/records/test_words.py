import pytest
from hypothesis import given
from hypothesis import strategies as some

from records.read_model.tokenizer import BREAK, Finder, Phrase, indexed, query, stem, words


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Fraud-scorer fell", ["fraud", "scorer", "fell"]),
        ("pagerduty:Q1, slice_not_evaluated", ["pagerduty", "q1", "slice", "not", "evaluated"]),
        ("Résumé naïve STRASSE Straße", ["resume", "naive", "strasse", "strasse"]),
        ("re\u0301sume\u0301", ["resume"]),
        ("\u2474 (*) … –", ["1"]),
        ("", []),
    ],
)
def test_words_are_runs_of_letters_and_digits_without_accents_and_capitals(text: str, cut: list[str]) -> None:
    assert words(text) == cut


@given(some.text())
def test_a_word_never_holds_what_a_database_could_take_for_more(text: str) -> None:
    for word in words(text):
        assert word.isalnum()
        assert len(word) <= 100


def test_what_is_indexed_has_words_in_order_then_stems_and_no_phrase_over_a_break() -> None:
    assert indexed(["Alerts fired", "", "On drift"]) == f"alerts fired {BREAK} on drift {BREAK} alert fire {BREAK}"
    assert indexed([]) == ""


def test_a_query_has_words_phrases_and_what_is_left_out() -> None:
    asked = query('drift "no rollback" -canary -"two words" fraud-scorer fall')
    assert [(p.words, p.is_exact, p.is_open) for p in asked.wanted] == [
        (("drift",), False, False),
        (("no", "rollback"), True, False),
        (("fraud", "scorer"), False, False),
        (("fall",), False, True),
    ]
    assert [p.words for p in asked.unwanted] == [("canary",), ("two", "words")]


@pytest.mark.parametrize(("text", "is_open"), [("drif", True), ("drif ", False), ('"drif"', False), ('"drif', False)])
def test_the_last_word_may_be_a_beginning_while_it_is_being_written(text: str, is_open: bool) -> None:
    assert query(text).wanted[0].is_open is is_open


def test_a_word_that_is_asked_for_twice_counts_once() -> None:
    assert len(query("drift drift drift ").wanted) == 1


@given(some.text())
def test_any_text_is_a_query(text: str) -> None:
    asked = query(text)
    assert all(phrase.words for phrase in (*asked.wanted, *asked.unwanted))


def marked(text: str, asked: str, around: int | None = 110) -> list[str]:
    return [piece.text for piece in Finder(query(asked).wanted).pieces(text, around) if piece.is_match]


@pytest.mark.parametrize(
    ("text", "asked", "found"),
    [
        ("The alerts were alerting on Alert.", "alerted ", ["alerts", "alerting", "Alert"]),
        ("The alerts were alerting.", '"alerts"', ["alerts"]),
        ("Calibration of calibrated scores", "calibrat", ["Calibration", "calibrated"]),
        ("of fraud-scorer and fraud_scorers, a scorer of fraud", "fraud-scorer ", ["fraud-scorer"]),
        ("of fraud-scorer and fraud_scorers", "fraud-scorer", ["fraud-scorer", "fraud_scorers"]),
        ("Drift", "drift-less", []),
        ("a b a b a", '"a b a"', ["a b a"]),
        ("nothing here", "drift", []),
    ],
)
def test_what_was_looked_for_is_marked_in_the_words_of_the_text(text: str, asked: str, found: list[str]) -> None:
    assert marked(text, asked) == found


def test_the_pieces_of_a_whole_text_are_the_text() -> None:
    text = "Precision fell  to 0.61"
    pieces = Finder(query("fell").wanted).pieces(text, around=None)
    assert "".join(piece.text for piece in pieces) == "Precision fell to 0.61"
    assert Finder(query("fell").wanted).pieces("", around=None) == ()


def test_an_excerpt_is_the_part_with_the_most_of_the_query() -> None:
    far = "filler " * 100
    text = f"drift {far} the merchant drift came {far} merchant"
    finder = Finder(query("merchant drift ").wanted)
    shown = "".join(piece.text for piece in finder.pieces(text))
    assert "the merchant drift came" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 250
    assert finder.phrases(text) == set(query("merchant drift ").wanted)


@given(some.text(min_size=1), some.text())
def test_pieces_never_lose_or_add_a_word_between_them(text: str, asked: str) -> None:
    pieces = Finder(query(asked).wanted).pieces(text, around=None)
    assert words("".join(piece.text for piece in pieces)) == words(text)


@given(some.lists(some.sampled_from(["drift", "alerts", "shift", "x" * 150]), min_size=1, max_size=200))
def test_what_is_marked_in_an_excerpt_is_whole(said: list[str]) -> None:
    text = " ".join(said)
    for piece in Finder(query("alert drift xxx").wanted).pieces(text):
        assert not piece.is_match or piece.text in said


def test_a_phrase_at_the_end_of_a_text_does_not_go_on_behind_it() -> None:
    assert not Phrase(words=("a", "b")).begins(["a"])
    assert stem("policies") == stem("policy")
