"""One contract for both databases: the same is found, by the same people, and nothing of what was erased."""

import time
from collections.abc import Iterable
from threading import Thread

import pytest
from sqlalchemy import Connection, event, select, text

from domain.drafts.document import DraftDocument
from domain.drafts.searchable import Part
from domain.lifecycle.inputs import Approve, AssignOwner, IncidentTold, MakePrivate, Share, Tick
from domain.lifecycle.permissions import Sight
from domain.model.review import Review
from domain.model.taxonomy import IncidentKind, Severity, Stage
from records import tables
from records.read_model import search, search_index
from records.read_model.search import Found, Narrowed
from records.read_model.tokenizer import query
from records.store import Records
from tests.domain.build import document
from tests.records.build import Teller, told

EVERYTHING = Sight(everything=True)
ANYWHERE = Narrowed()


def open_titled(teller: Teller, id: str, title: str, **changes: object) -> str:
    """A review with this title."""
    review = f"pagerduty:{id}"
    ref = teller.records.people.keep(title, review)
    incident = told(id).incident.model_copy(update={"title": ref, **changes})
    teller.say(review, IncidentTold(incident=incident))
    return review


def find(records: Records, asked: str, sight: Sight = EVERYTHING, narrowed: Narrowed = ANYWHERE) -> list[str]:
    return ids(records.search.find(sight, query(asked), narrowed, 20))


def ids(found: Found) -> list[str]:
    return [hit.review.id for hit in found.hits]


def raw(records: Records) -> bytes:
    """All that the tables of the search hold, shadow tables included."""
    names = ["searched"]
    if not records.database.is_postgres:
        names += sorted(tables.ONLY_IN["sqlite"] - {"searched_words"})
    with records.database.read() as connection:
        rows: list[Iterable[object]] = []
        for name in names:
            rows += connection.execute(text(f"SELECT * FROM {name}")).all()
    return b" ".join(cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)


@pytest.fixture
def teller(records: Records) -> Teller:
    return Teller(records)


@pytest.mark.parametrize(
    "asked",
    [
        "alerts",
        "alerting",
        "ALERT",
        "tokenizers shipped",
        "shipped alert",
        '"older tokenizer"',
        "tokeni",
        "resume",
        "Résumé",
        "pagerduty:Q1",
        "fraud-scorer",
        "fraud_scorer",
        "latency_slo",
        "latency slo",
        "v12",
        "tokenizer -canary",
        'tokenizer -"tokenizer older"',
        "ranker older",
    ],
)
def test_what_is_looked_for_is_found(records: Records, teller: Teller, asked: str) -> None:
    title = "Alert: the older tokenizer shipped, résumé scores of v12"
    review = open_titled(teller, "Q1", title, models=("fraud-scorer",), kinds=(IncidentKind.LATENCY_SLO,))
    open_titled(teller, "Q2", "Something else")
    assert find(records, asked) == [review]


@pytest.mark.parametrize(
    "asked",
    [
        "canary",
        "older canary",
        '"tokenizer older"',
        '"alerts"',
        "tokeni ",
        "-older tokenizer",
        "scorer-fraud ",
        "-nothing",
        "",
        "!",
        '"tokenizer shipped v12"',
        "break",
    ],
)
def test_what_does_not_match_is_not_found(records: Records, teller: Teller, asked: str) -> None:
    open_titled(teller, "Q1", "Alert: the older tokenizer shipped", models=("fraud-scorer",))
    assert find(records, asked) == []


@pytest.mark.parametrize(
    "asked",
    [
        "OR AND",
        "NOT",
        "NEAR(a b)",
        "title:x",
        "x*",
        "^x",
        "{x}",
        "a<->b",
        "a|b",
        "!z",
        "z:*",
        "'",
        '"',
        "\\",
        ";--",
        "½ ⑴",
        "🙂",
        "a\x00b",
        "and or not",
    ],
)
def test_nothing_that_somebody_types_is_a_mistake(records: Records, teller: Teller, asked: str) -> None:
    open_titled(teller, "Q1", "Alert")
    assert find(records, asked) == []


def test_words_of_facts_items_and_draft_find_a_review_together(records: Records, teller: Teller) -> None:
    review = teller.to_remediation()
    (item,) = teller.find(review).items.values()
    title = records.people.texts([item.spec.title])[item.spec.title]
    factor = document().factors[0]
    for asked in (title, factor.cause, factor.explanation, f"ranker {factor.cause}", *document().answers.values()):
        assert find(records, asked) == [review], asked


def test_the_newest_draft_alone_is_found(records: Records, teller: Teller) -> None:
    review = teller.to_draft()
    records.drafts.save(review, DraftDocument(summary="The walrus came"), "p-1")
    assert find(records, "walrus") == [review]
    records.drafts.save(review, DraftDocument(summary="The ibis came", answers={"q": "By night"}), "p-1")
    assert find(records, "walrus") == []
    assert find(records, "ibis night") == [review]


def test_names_of_people_are_not_found(records: Records, teller: Teller) -> None:
    review = teller.to_draft()
    handle = "zelda@example.org"
    owned = tuple(item.model_copy(update={"owner": handle}) for item in document().items)
    records.drafts.save(review, document().model_copy(update={"items": owned}), "p-1")
    teller.say(review, AssignOwner(owner=records.people.id_of(handle)))
    assert find(records, "zelda") == []
    assert b"zelda" not in raw(records)


def test_the_title_counts_most_and_the_newest_comes_first_where_nothing_else_tells(
    records: Records, teller: Teller
) -> None:
    in_draft = open_titled(teller, "Q1", "Something else")
    records.drafts.save(in_draft, DraftDocument(summary="The walrus came. " + "Then nothing. " * 20), "p-1")
    older, newer = open_titled(teller, "Q2", "A walrus there"), open_titled(teller, "Q3", "A walrus here")
    open_titled(teller, "Q4", "Nobody came")
    assert find(records, "walrus") == [newer, older, in_draft]
    records.reviews.rebuild()
    assert find(records, "walrus") == [newer, older, in_draft]


def test_who_is_called_what_is_looked_for_comes_first_however_much_is_written(records: Records, teller: Teller) -> None:
    titled = open_titled(teller, "Q1", "Ranking returned unrelated results")
    records.drafts.save(titled, DraftDocument(summary="It went on for hours. " * 200), "p-1")
    for number in range(2, 7):
        other = open_titled(teller, f"Q{number}", "Other", service="ranking-api")
        records.drafts.save(other, DraftDocument(summary="Seen before: pagerduty:Q1, ranking"), "p-1")
    assert find(records, "ranking")[0] == titled
    assert find(records, "pagerduty:Q1 ")[0] == titled


def test_stage_service_and_severity_narrow_what_is_found(records: Records, teller: Teller) -> None:
    first = teller.to_draft("Q1")
    second = open_titled(teller, "Q2", "Another", service="search", severity=Severity.SEV1)
    assert set(find(records, "pagerduty")) == {first, second}
    for narrowed, which in (
        (Narrowed(stage=Stage.DRAFT), [first]),
        (Narrowed(service="search"), [second]),
        (Narrowed(severity=Severity.SEV1), [second]),
        (Narrowed(stage=Stage.DRAFT, service="search"), []),
    ):
        assert find(records, "pagerduty", narrowed=narrowed) == which


def test_a_private_review_is_neither_found_nor_counted(records: Records, teller: Teller) -> None:
    secret, open = teller.to_draft("Q1"), teller.to_draft("Q2")
    assert teller.say(secret, MakePrivate(teams=("security",), reason="text:why")).answer.accepted
    for sight, seen in (
        (Sight(teams=("ml",)), [open]),
        (Sight(), [open]),
        (Sight(teams=("ml", "security")), [open, secret]),
        (EVERYTHING, [open, secret]),
    ):
        found = records.search.find(sight, query("pagerduty"), ANYWHERE, 20)
        assert (ids(found), found.count) == (seen, len(seen))
        assert find(records, "pagerduty:Q1 ", sight) == ([secret] if secret in seen else [])


def test_a_review_that_is_shared_again_is_found_by_everybody(records: Records, teller: Teller) -> None:
    review = teller.to_draft("Q1")
    assert teller.say(review, MakePrivate(teams=("security",), reason="text:why")).answer.accepted
    assert find(records, "pagerduty", Sight()) == []
    assert teller.say(review, Share(reason="text:why")).answer.accepted
    assert teller.say(review, Approve(request="R1"), by="p-2").answer.accepted
    assert find(records, "pagerduty", Sight()) == [review]


def test_phrases_are_looked_for_behind_reviews_that_only_have_their_words(records: Records, teller: Teller) -> None:
    phrase = open_titled(teller, "Q1", "A late night deployment")
    for number in range(2, 8):
        open_titled(teller, f"Q{number}", "The deployment of a night, late")
    assert find(records, '"late night"') == [phrase]
    assert find(records, "late-nigh") == [phrase]
    assert phrase not in find(records, 'late -"late night"')
    assert len(find(records, 'late -"late night"')) == 6


@pytest.mark.parametrize(
    ("title", "asked", "is_found"),
    [
        ("Alert drift", '"drift pagerduty"', False),
        ("Rolled back to 3e5f2ab", "3e5f2ab", True),
        ("Rolled back to 3e5f2ab", "3e5f", True),
        ("Rolled back to 3e5f2ab", "f2ab ", False),
        ("Rolled back to 3e5f2ab", '"3e5"', False),
        ("Rolled back to 3e5f2ab", "rolled -3e5", True),
        ("At 10.5 of 1e-3, -7 and 5th", "10.5 1e-3 7 5th ", True),
        ("漂移 alert", "漂移", True),
        ("İstanbul drift", "istanbul drift", True),
    ],
)
def test_words_are_ours_whatever_a_database_takes_for_one(
    records: Records, teller: Teller, title: str, asked: str, is_found: bool
) -> None:
    review = open_titled(teller, "Q1", title)
    assert find(records, asked) == ([review] if is_found else [])


def test_hits_come_in_pages_of_which_only_so_many_are_put_in_order(
    records: Records, teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews = [teller.open(f"Q{n}") for n in range(6)][::-1]
    asked = query("pagerduty")
    pages = [records.search.find(EVERYTHING, asked, ANYWHERE, 4, offset) for offset in (0, 4, 8)]
    assert [ids(page) for page in pages] == [reviews[:4], reviews[4:], []]
    assert {(page.count, page.is_cut) for page in pages} == {(6, False)}
    monkeypatch.setattr(search, "RANKED", 5)
    found = records.search.find(EVERYTHING, asked, ANYWHERE, 20)
    assert (ids(found), found.count, found.is_cut) == (reviews[:5], 5, True)


# --- erased -----------------------------------------------------------------------------------------------------------


def test_of_a_text_that_was_erased_nothing_is_left(records: Records, teller: Teller) -> None:
    review = open_titled(teller, "Q1", "Xylophonists were shown")
    others = [open_titled(teller, f"Q{n}", f"Review {n} of many") for n in range(2, 6)]
    title = teller.find(review).title
    assert title is not None
    assert find(records, "xylophonist") == [review]
    assert b"xyloph" in raw(records)
    records.people.erase_text(title)
    assert find(records, "xylophonist") == find(records, "xylo") == []
    assert b"xyloph" not in raw(records)
    assert find(records, "pagerduty:Q1 ") == [review]
    assert find(records, "many") == others[::-1]
    (hit,) = records.search.find(EVERYTHING, query("pagerduty:Q1 "), ANYWHERE, 20).hits
    assert [part.id for part in hit.parts] == ["about"]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_words_are_not_written_of_a_text_that_is_erased_once_they_were_read(
    records: Records, teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = teller.find(open_titled(teller, "Q1", "Xylophonists were shown"))
    assert review.title is not None
    eraser, read = Thread(target=records.people.erase_text, args=(review.title,)), search_index.facts_of

    def read_and_then_erase(connection: Connection, reviews: Iterable[Review]) -> dict[str, list[Part]]:
        found = read(connection, reviews)
        if eraser.ident is None:
            eraser.start()
            while eraser.is_alive() and not waits_for_a_writer(records):
                time.sleep(0.01)
        return found

    monkeypatch.setattr(search_index, "facts_of", read_and_then_erase)
    with records.database.write() as connection:
        search_index.write_facts(connection, review)
    eraser.join(30)
    assert not eraser.is_alive()
    assert b"xyloph" not in raw(records)


def waits_for_a_writer(records: Records) -> bool:
    """Whether somebody waits for the lock of those who write words."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with records.database.read() as connection:
        return bool(connection.execute(waiting).scalar_one())


def test_of_a_draft_that_was_erased_nothing_is_left(records: Records, teller: Teller) -> None:
    review, other = teller.to_draft("Q1"), teller.to_draft("Q2")
    records.drafts.save(review, DraftDocument(summary="A first walrus"), "p-1")
    saved = records.drafts.save(review, DraftDocument(summary="Xylophonists were shown"), "p-1")
    records.drafts.save(other, DraftDocument(summary="Many others"), "p-1")
    records.drafts.erase(review, saved.revision)
    assert records.drafts.revision(review, saved.revision) is None
    assert find(records, "xylophonist") == find(records, "walrus") == []
    assert b"xyloph" not in raw(records)
    assert find(records, "others") == [other]
    records.reviews.rebuild()
    assert find(records, "walrus") == []


def test_what_an_earlier_draft_said_is_not_left_when_it_is_erased(records: Records, teller: Teller) -> None:
    review = teller.to_draft()
    earlier = records.drafts.save(review, DraftDocument(summary="Xylophonists were shown"), "p-1")
    records.drafts.save(review, DraftDocument(summary="Many others"), "p-1")
    records.drafts.erase(review, earlier.revision)
    assert b"xyloph" not in raw(records)
    assert find(records, "others") == [review]


def test_of_a_person_who_was_erased_nothing_is_left(records: Records, teller: Teller) -> None:
    review, person = teller.to_draft(), records.people.id_of("xylophonist@example.org")
    teller.say(review, AssignOwner(owner=person))
    records.people.erase_person(person)
    assert find(records, "xylophonist") == []
    assert b"xyloph" not in raw(records)


# --- derived ----------------------------------------------------------------------------------------------------------


def test_rebuilding_makes_the_words_anew(records: Records, teller: Teller) -> None:
    review = teller.to_remediation()
    with records.database.read() as connection:
        kept = select(
            tables.searched.c.review_id, tables.searched.c.title, tables.searched.c.facts, tables.searched.c.draft
        )
        before = connection.execute(kept).all()
    with records.database.write() as connection:
        connection.execute(tables.searched.delete())
    assert find(records, "ranker") == []
    records.reviews.rebuild()
    with records.database.read() as connection:
        assert connection.execute(kept).all() == before
    assert find(records, "ranker") == [review]


def test_an_input_that_changes_no_words_writes_none(records: Records, teller: Teller) -> None:
    review = teller.to_draft()
    written: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if "searched" in statement:
            written.append(statement)

    event.listen(records.database.engine, "before_cursor_execute", note)
    assert teller.say(review, AssignOwner(owner="p-new")).answer.accepted
    teller.say(review, Tick())
    assert written == []
    open_titled(teller, "Q2", "A walrus")
    assert written


def test_the_longest_draft_is_saved_and_found(records: Records, teller: Teller) -> None:
    review = teller.to_draft()
    long = " ".join(f"walruses{n}" for n in range(9_000))[:100_000]
    wide = " ".join(chr(0x20000 + n) for n in range(40_000))
    records.drafts.save(review, DraftDocument(summary=long, background=wide), "p-1")
    assert find(records, "walruses0 ") == [review]
    records.drafts.save(review, DraftDocument(summary=wide, background="𠀀" * 90_000), "p-1")
    assert find(records, "\U00020001") == [review]
