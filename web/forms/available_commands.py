"""What this caller may say to a review now, as forms, and why not: found by asking the rules, without saying it.

One way for every command: its fields come from its record (`command_fields`), its words from `command_words`, and what
is known of it before anybody types from `command_subjects`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from domain.lifecycle.decide import Rejected, decide, settle_time
from domain.lifecycle.evolve import fold
from domain.lifecycle.inputs import ChangeItem, Classify, Given, Input, VerifyItem
from domain.lifecycle.stages import ENDED_STAGES, HEARD_IN
from domain.model.review import Review
from domain.model.values import Record
from web.auth.authentication import Caller
from web.deps import WebDeps
from web.forms.command_fields import EVERY, Leaf, flat, leaves, read, row_numbers, tidied
from web.forms.command_labels import LABELS, WORDS, Label, Words
from web.forms.command_subjects import MORE, Subject, choices, subjects
from web.forms.draft_fields import Choices, Kind
from web.forms.draft_form import Form

KEPT = "a copy that will be kept"
"""Stands for the digest of a file that nobody has brought yet."""

_STANDS_AT: Mapping[str, str] = {"place": "builtin:not-yet"}
_BROUGHT: Mapping[type[Record], Form] = {
    ChangeItem: {"spec.title": ["text:not-yet"]},
    Classify: {"detected": ["2000-01-01T00:00:00Z"]},
    VerifyItem: {"evidence.0.digest": [KEPT]},
}
"""What stands for what nobody has typed yet, where not any word does."""


@dataclass(frozen=True)
class Tried:
    """What somebody said, the reasons for which it was refused or what is wrong by field, and all that they typed.

    `adds` is the list that is to have one more row. `unanswered`: nobody knows whether it was heard.
    """

    form: Form = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)
    adds: str = ""
    unanswered: bool = False


NOTHING_TRIED = Tried()


@dataclass(frozen=True)
class Asked:
    """A field as it is shown."""

    id: str
    name: str
    label: str
    about: str
    kind: Kind
    values: Sequence[str]
    choices: Choices
    needed: bool
    suggests: str
    wrong: str


@dataclass(frozen=True)
class Row:
    """Fields that belong together: a row of a list, with its name; or those that stand alone, without one."""

    name: str
    fields: list[Asked]


@dataclass(frozen=True)
class Offer:
    """A form that says a command, where on the page it stands, and whether somebody is in the midst of it."""

    id: str
    type: str
    place: str
    title: str
    button: str
    about: str
    hidden: list[tuple[str, str]]
    rows: list[Row]
    adds: tuple[str, str]
    is_open: bool

    @property
    def brings_files(self) -> bool:
        """Whether a file may be handed over with it."""
        return any(each.kind is Kind.FILE for row in self.rows for each in row.fields)


@dataclass(frozen=True)
class Barred:
    """What they may not say now, and every reason."""

    place: str
    said: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Asking:
    """The forms of a review's page that this caller may use, and what keeps them from the others."""

    offers: list[Offer] = field(default_factory=list)
    barred: list[Barred] = field(default_factory=list)
    writes: bool = False

    def at(self, place: str) -> list[Offer]:
        """The forms that stand at a place of the page."""
        return [offer for offer in self.offers if offer.place == place]

    def barred_at(self, place: str) -> list[tuple[str, str]]:
        """What cannot be said there, and why; what has the same reasons is told together."""
        by_reason = defaultdict[str, list[str]](list)
        for barred in self.barred:
            if barred.place == place:
                by_reason[" ".join(barred.reasons)].append(barred.said)
        return [("; ".join(said), reasons) for reasons, said in by_reason.items()]

    @property
    def signs_for(self) -> list[str]:
        """The teams that they may sign for now."""
        return [dict(offer.hidden)["team"] for offer in self.offers if offer.type == "sign"]

    @property
    def tried(self) -> Offer | None:
        """The form that somebody is in the midst of."""
        return next((offer for offer in self.offers if offer.is_open), None)


def asking(deps: WebDeps, review: Review, told: Review, who: Caller, tried: Tried = NOTHING_TRIED) -> Asking:
    """What `who` may say to a review at this moment; `told` is the same review with texts and handles in place."""
    if who.person is None:
        return Asking(writes=review.policy is not None)
    _, owed = settle_time(review, deps.now(), Given(policy=review.policy or deps.policy, catalogue=deps.catalogue))
    review, told = fold(review, owed), fold(told, owed)  # as a command would find it
    offers, barred = list[Offer](), list[Barred]()
    for command, words in WORDS.items():
        heard = review.stage in HEARD_IN[command]
        for plain, shown in zip(subjects(deps, command, review), subjects(deps, command, told), strict=True):
            if heard or (plain.place == MORE and review.stage not in ENDED_STAGES):
                form = _Form(deps, review, told, who, command, words, plain, shown)
                reasons, options = form.tried_out
                if reasons:
                    barred.append(Barred(plain.place, (words.cannot or words.title).format(**plain.names), reasons))
                elif options is not None:
                    offers.append(form.offer(tried, options))
    return Asking(offers, barred, review.policy is not None)


@dataclass(frozen=True)
class _Form:
    """One command about one subject: tried out, and shown."""

    deps: WebDeps
    review: Review
    told: Review
    who: Caller
    command: type[Record]
    words: Words
    plain: Subject
    shown: Subject

    @cached_property
    def tried_out(self) -> tuple[tuple[str, ...], Mapping[str, Choices] | None]:
        """Why it would be refused, whatever is typed; and what remains to be chosen: none where nothing can be."""
        chosen = next((leaf for leaf in self.leaves if _decides(leaf)), None)
        if chosen is None:
            return self.reasons({}), {}
        known = self.choices(chosen)
        refused = {value: self.reasons({chosen.path: [value]}) for value, _ in known}
        if not known:  # what cannot be chosen among may still be written
            return (self.reasons({chosen.path: ["not-yet"]}), {}) if chosen.kind is Kind.FACTORS else ((), None)
        if all(refused.values()):
            of_all = [reason for reason in refused[known[0][0]] if all(reason in each for each in refused.values())]
            return tuple(of_all) or refused[known[-1][0]], None
        kept = known if chosen.kind is Kind.FACTORS else [(v, said) for v, said in known if not refused[v]]
        return (), {chosen.path: kept}

    def reasons(self, choice: Form) -> tuple[str, ...]:
        """Why the command would be refused, with something in place of what nobody has typed yet."""
        stands = {
            leaf.path.replace(EVERY, str(row)): [self._stands_for(leaf, row)]
            for leaf in self.leaves
            for row in range(self.words.rows)
            if leaf.needed
        }
        known = flat(self.plain.filled) | flat(self.plain.fixed)
        form = tidied({**stands, **known, **choice, **_BROUGHT.get(self.command, {})})
        assert self.who.person is not None
        said = Input.model_validate(
            {
                "id": "nobody has said it",
                "by": self.who.person,
                "door": self.who.door,
                "standing": self.who.standing,
                "body": {"type": self.type, **read(self.command, form)},
            }
        )
        policy = self.review.policy or self.deps.policy
        given = Given(policy=policy, catalogue=self.deps.catalogue, kept=frozenset({KEPT}))
        try:
            decide(self.review, said, self.deps.now(), given)
        except Rejected as refused:
            return refused.reasons
        return ()

    def offer(self, tried: Tried, options: Mapping[str, Choices]) -> Offer:
        """The form as it is shown: with what was typed where somebody is in its midst, else with what is known."""
        id = "-".join(["say", self.type, *(str(name) for name in self.plain.names.values())])
        is_open = tried.form.get("type") == [self.type] and tried.form.get("form", [id]) == [id]
        form = tried.form if is_open else flat(self.shown.filled)
        wrong = tried.wrong if is_open else {}
        listed = [leaf for leaf in self.leaves if EVERY in leaf.path]
        alone = [self._asked(id, leaf, form, wrong, options) for leaf in self.leaves if EVERY not in leaf.path]
        name = listed[0].path.partition(f".{EVERY}.")[0] if listed else ""
        count = max(self.words.rows, len(row_numbers(form, name)) + (is_open and tried.adds == name)) if name else 0
        rows = [
            Row(
                f"{self.words.one.capitalize()} {n + 1}",
                [self._asked(id, leaf, form, wrong, options, n) for leaf in listed],
            )
            for n in range(count)
        ]
        again = " once more" if self.plain.before else ""
        return Offer(
            id=id,
            type=self.type,
            place=self.plain.place,
            title=self.words.title.format(**self.plain.names) + again,
            button=self.words.button.format(**self.plain.names) + again,
            about=f"{self.plain.before} {self.words.about}".strip(),
            hidden=[(name, value) for name, values in flat(self.shown.fixed).items() for value in values],
            rows=[*rows, Row("", alone)] if alone else rows,
            adds=(name, self.words.one),
            is_open=is_open,
        )

    @property
    def type(self) -> str:
        return str(self.command.model_fields["type"].default)

    def choices(self, leaf: Leaf) -> Choices:
        """What may be chosen in a field."""
        return choices(self.deps, self.command, self.told, leaf.path) or leaf.choices

    @cached_property
    def leaves(self) -> list[Leaf]:
        """The fields that are asked for: all but those that are known, and those that a page does not ask for."""
        known, found = flat(self.plain.fixed), dict[str, Leaf]()
        joined = {part: path for path in self.words.labels if "/" in path for part in path.split("/")}
        for leaf in leaves(self.command):
            path = joined.get(leaf.path, leaf.path)
            if path not in known and (self.words.asks is None or path in self.words.asks):
                found.setdefault(path, Leaf(path, self._label(path).kind or leaf.kind, leaf.needed, leaf.choices))
        return [found[path] for path in self.words.asks if path in found] if self.words.asks else list(found.values())

    def _asked(
        self,
        form_id: str,
        leaf: Leaf,
        form: Form,
        wrong: Mapping[str, str],
        options: Mapping[str, Choices],
        row: int = 0,
    ) -> Asked:
        name, label = leaf.path.replace(EVERY, str(row)), self._label(leaf.path)
        values, known = form.get(name, ()), options.get(leaf.path) or self.choices(leaf)
        is_written = leaf.kind is Kind.FACTORS and not known  # there is nothing to choose among
        if leaf.kind is Kind.FACTORS:
            known = [*known, *((value, value) for value in values if value not in dict(known))]
        return Asked(
            id=f"{form_id}-{name}",
            name=name,
            label=label.words,
            about="one in each line" if is_written else label.about,
            kind=Kind.LINES if is_written else leaf.kind,
            values=["\n".join(values)] if is_written else values,
            choices=known,
            needed=leaf.needed,
            suggests=label.suggests,
            wrong=wrong.get(name, ""),
        )

    def _label(self, path: str) -> Label:
        last = path.rpartition(".")[2]
        known = (place[name] for place in (self.words.labels, LABELS) for name in (path, last) if name in place)
        return next(known, Label(last.replace("_", " ").capitalize()))

    def _stands_for(self, leaf: Leaf, row: int) -> str:
        if leaf.kind in (Kind.CHOICE, Kind.FACTORS):
            return next((value for value, _ in self.choices(leaf)), "")
        if leaf.kind is Kind.DATE:
            return "9000-01-01"
        return "text:not-yet" if leaf.kind is Kind.PROSE else _STANDS_AT.get(leaf.path, f"not-yet-{row}")


def _decides(leaf: Leaf) -> bool:
    """Whether the rules may refuse one choice in this field, and hear another."""
    return leaf.needed and "." not in leaf.path and leaf.kind in (Kind.CHOICE, Kind.FACTORS)
