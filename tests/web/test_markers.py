"""Texts and persons are found by their marks, in every shape in which the domain holds them."""

from pathlib import Path

from domain.lifecycle.events import EVENTS
from domain.lifecycle.inputs import COMMANDS, ProposeItem
from domain.model.endorsement import Waiver
from domain.model.review import ItemSpec
from domain.model.taxonomy import ItemClass, Outcome, Strength
from domain.model.values import PersonId, Record, TextRef
from records.database import Database
from records.store import Records
from tests.web.site import Site
from web.actions.admit import admit
from web.references import revealed, swapped
from web.views.history import _SENTENCES


class Inner(Record):
    """Something inside."""

    text: TextRef | None = None
    plain: str = ""


class Outer(Record):
    """Every shape at once."""

    one: TextRef
    who: PersonId
    maybe: PersonId | None = None
    many: tuple[PersonId, ...] = ()
    odd: tuple[TextRef, ...] | None = None
    inner: Inner = Inner()
    named: dict[str, Inner] = {}
    either: Inner | None = None
    choice: int | Inner | None = None
    number: int = 0


def test_texts_and_persons_are_swapped_wherever_they_are() -> None:
    value = Outer(
        one="t",
        who="p",
        maybe="p",
        many=("p", "q"),
        odd=("t",),
        inner=Inner(text="t", plain="t"),
        named={"a": Inner(text="t")},
        either=Inner(text="t"),
        choice=Inner(text="t"),
    )
    seen: list[str] = []

    def noted(path: str, text: str) -> str:
        seen.append(path)
        return text.upper()

    changed = swapped(value, noted, lambda path, id: f"<{id}>", "at")
    assert changed == Outer(
        one="T",
        who="<p>",
        maybe="<p>",
        many=("<p>", "<q>"),
        odd=("T",),
        inner=Inner(text="T", plain="t"),
        named={"a": Inner(text="T")},
        either=Inner(text="T"),
        choice=Inner(text="T"),
    )
    assert seen == ["at.one", "at.odd.0", "at.inner.text", "at.named.a.text", "at.either.text", "at.choice.text"]


def test_what_is_not_there_is_left_alone() -> None:
    value = Outer(one="t", who="p", choice=3)
    assert swapped(value, lambda _, t: t, lambda _, p: p) == value


async def test_what_was_admitted_is_revealed_as_it_was(web: Site) -> None:
    spec = ItemSpec(
        id="I1",
        title="Title",
        item_class=ItemClass.PREVENT,
        strength=Strength.STRONGER,
        outcome=Outcome.RESILIENCE_TEST,
        end_state="End",
        owner="who@example.org",
    )
    people = web.records.people
    admitted = admit(people, ProposeItem(spec=spec), "r1")
    assert admitted.spec.title.startswith("text:")
    assert (admitted.spec.owner or "").startswith("p-")
    assert revealed(people, [admitted]) == [ProposeItem(spec=spec)]
    assert admit(people, ProposeItem(spec=spec), "r1") == admitted
    assert admit(people, ProposeItem(spec=spec), "r2") != admitted


def test_what_was_erased_says_so(tmp_path: Path) -> None:
    records = Records(Database(f"sqlite:///{tmp_path / 'r.db'}"))
    who, ref = records.people.id_of("a@example.org"), records.people.keep("words")
    records.people.erase_person(who)
    records.people.erase_text(ref)
    assert revealed(records.people, [Outer(one=ref, who=who)]) == [Outer(one="(erased)", who=who)]
    waiver = {"rule": "done", "subject": "I1", "until": "2027-01-01T00:00:00Z", "asked_by": who, "granted_by": [who]}
    assert revealed(records.people, [Waiver.model_validate(waiver)])[0].granted_by == (who,)
    records.database.close()


def test_every_command_can_be_walked_and_every_event_has_a_sentence() -> None:
    for kind in COMMANDS:
        assert issubclass(kind, Record)
    assert {kind.name for kind in _SENTENCES} == {*EVENTS, "UnknownEvent"}
