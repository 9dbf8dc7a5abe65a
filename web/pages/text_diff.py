"""What changed in a submitted text since a team spoke last, word by word: they sign again from that alone.

Which sections concern a team is asked of the domain; here is only what is shown of those whose digests differ.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from domain.drafts.document import DraftDocument
from domain.lifecycle.claims import has_signed, sections_for
from domain.lifecycle.events import ChangesRequested, DraftSubmitted, Event, TeamSigned
from domain.model.review import Review
from records.documents.drafts import Drafts
from web.forms.draft_fields import Field
from web.forms.draft_form import parts_of
from web.pages.draft_page import sections_of
from web.pages.draft_view import said_in


@dataclass(frozen=True)
class Words:
    """Some words that follow each other: `kept` as they were, or `new`, or `gone`."""

    how: str
    text: str


@dataclass(frozen=True)
class Changed:
    """A section that says something else than before."""

    id: str
    title: str
    words: list[Words]


@dataclass(frozen=True)
class Since:
    """What a team has to read that spoke on an earlier revision: it `signed` that, or asked for changes in it."""

    revision: int
    signed: bool
    changed: list[Changed]


def differences(review: Review, events: Sequence[Event], drafts: Drafts) -> dict[str, Since]:
    """By team, for those that have not signed what is submitted now and spoke on an earlier revision.

    A team is left out where nothing that concerns it has changed, or where a text of the two was erased.
    """
    submission, found = review.submission, dict[str, Since]()
    if submission is None:
        return found
    now = drafts.revision(review.id, submission.revision)
    for team in review.required_teams:
        before, signed = _last_word(events, team)
        if before is None or has_signed(review, team):
            continue
        then = drafts.revision(review.id, before.revision)
        mine = sections_for(review, team, submission.sections | before.sections)
        other = [id for id in mine if before.sections.get(id) != submission.sections.get(id)]
        if now is not None and then is not None and other:
            found[team] = Since(before.revision, signed, _changed(review, then, now, other))
    return found


def _last_word(events: Sequence[Event], team: str) -> tuple[DraftSubmitted | None, bool]:
    """The submission on which a team spoke last, and whether it signed that."""
    submitted: DraftSubmitted | None = None
    spoke: tuple[DraftSubmitted | None, bool] = (None, False)
    for event in events:
        if isinstance(event, DraftSubmitted):
            submitted = event
        elif isinstance(event, TeamSigned | ChangesRequested) and event.team == team:
            spoke = (submitted, isinstance(event, TeamSigned))
    return spoke


def _changed(review: Review, then: DraftDocument, now: DraftDocument, sections: Sequence[str]) -> list[Changed]:
    titles = {id: title for document in (then, now) for id, (title, _) in sections_of(review, document).items()}
    order = [*titles, *(id for id in sections if id not in titles)]
    return [
        Changed(id, titles.get(id, id), compared(_lines(id, then), _lines(id, now)))
        for id in sorted(sections, key=order.index)
    ]


def _lines(section: str, document: DraftDocument) -> str:
    """What a section says as plain text, a line for each field."""
    said = [field for entry in said_in(section, document) for field in entry.said]
    is_one = isinstance(parts_of(section)[0], Field) and len(parts_of(section)) == 1
    return "\n".join(field.text if is_one else f"{field.label}: {field.text}" for field in said)


MOST = 800
"""So many words of a part that changed are compared one by one; of a longer one the lines are shown as gone and new.

Comparing takes time that grows with the square of their number.
"""


def compared(then: str, now: str) -> list[Words]:
    """Two texts in one: by lines, and by words where lines differ."""
    before, after = (text.splitlines(keepends=True) for text in (then, now))
    found = list[Words]()
    for how, old, new in _opposed(before, after):
        found += [_kept(old, new)] if how == "equal" else _by_words(old, new)
    return found


def _by_words(then: str, now: str) -> list[Words]:
    before, after = (re.findall(r"\S+\s*|\s+", text) for text in (then, now))
    if len(before) + len(after) > MOST:
        return [Words(how, text) for how, text in (("gone", then), ("new", now)) if text]
    found = list[Words]()
    for how, old, new in _opposed(before, after):
        if how == "equal":
            found.append(_kept(old, new))
            continue
        found += [Words("gone", old)] if old else []
        found += [Words("new", new)] if new else []
    return found


def _kept(then: str, now: str) -> Words:
    """What both say, with the space behind it that either has: what follows does not stick to it."""
    return Words("kept", now if now != now.rstrip() else now + then[len(then.rstrip()) :])


def _opposed(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """What is equal or not in two sequences but for the space behind it, with what each of them says there."""
    if len(before) + len(after) > MOST:  # too many lines: what they begin and end with alike is told, and no more
        start = next((n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), None)
        start = min(len(before), len(after)) if start is None else start
        yield "equal", "".join(before[:start]), "".join(after[:start])
        yield "replace", "".join(before[start:]), "".join(after[start:])
        return
    old, new = ([one.rstrip() for one in some] for some in (before, after))
    for how, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield how, "".join(before[i:j]), "".join(after[k:m])
