"""Three-way merging of drafts: what two people wrote upon the same revision, put together without losing a word.

Fields, answers, factors and items merge one by one; prose merges by lines. Where both changed the same, both texts
stay in the proposal, one after the other, and the conflict is named: a person decides.
"""

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from pydantic import ValidationError

from domain.drafts.document import DraftDocument
from domain.model.values import Record, canonical_json

KNOWN_BY = {"factors": "id", "items": "id", "extent": "at"}
"""By which field the entries of these parts are told apart; others are lines in a list."""

_NOTHING = object()


class Conflict(Record):
    """Both changed the same place, each in another way. Texts are as each wrote them; other values as JSON."""

    place: str
    before: str
    mine: str
    theirs: str


class Merged(Record):
    """Both changes in one document. Where there are conflicts it is a proposal, to be looked through by a person."""

    document: DraftDocument
    conflicts: tuple[Conflict, ...] = ()


def merge(before: DraftDocument, mine: DraftDocument, theirs: DraftDocument) -> Merged:
    """What becomes of `before` when both changes are made.

    Where a merged document would not hold together (an item that prevents a factor which the other one took out), it
    is `theirs`, and all of `mine` is a conflict.
    """
    conflicts: list[Conflict] = []
    plain = [document.model_dump(mode="json") for document in (before, mine, theirs)]
    merged = _merged((), plain[0], plain[1], plain[2], conflicts)
    try:
        document = DraftDocument.model_validate(merged)
    except ValidationError:
        texts = [canonical_json(data) for data in plain]
        return Merged(document=theirs, conflicts=(Conflict(place="", before=texts[0], mine=texts[1], theirs=texts[2]),))
    return Merged(document=document, conflicts=tuple(conflicts))


def _merged(path: tuple[str, ...], before: Any, mine: Any, theirs: Any, conflicts: list[Conflict]) -> Any:
    if _same(mine, theirs) or _same(theirs, before):
        return mine
    if _same(mine, before):
        return theirs
    kinds = {type(value) for value in (before, mine, theirs) if value is not _NOTHING}
    if kinds == {dict}:
        return _by_name(path, _or(before, {}), _or(mine, {}), _or(theirs, {}), conflicts)
    if kinds == {list}:
        old, ours, others = (_or(value, []) for value in (before, mine, theirs))
        if path[-1] in KNOWN_BY:
            return _by_id(path, KNOWN_BY[path[-1]], old, ours, others, conflicts)
        return _in_order(path, old, ours, others, conflicts)
    if _is_prose(path) and _NOTHING not in (mine, theirs):
        texts = (_or(before, "").split("\n"), mine.split("\n"), theirs.split("\n"))
        return "\n".join(_in_order(path, *texts, conflicts, as_text="\n".join))
    conflicts.append(Conflict(place=".".join(path), before=_shown(before), mine=_shown(mine), theirs=_shown(theirs)))
    return mine if theirs is _NOTHING else theirs


def _same(one: Any, other: Any) -> bool:
    """Whether two values say the same; what is left out says as much as what is empty."""
    return bool(one == other) or (_says_nothing(one) and _says_nothing(other))


def _says_nothing(value: Any) -> bool:
    return value is _NOTHING or value in (None, "", [], {})


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is _NOTHING else value


def _is_prose(path: tuple[str, ...]) -> bool:
    return path[0] in ("summary", "background", "answers", "considered", "kept") or path[-1] in (
        "explanation",
        "evidence",
        "control_that_should_have_caught_it",
        "end_state",
        "business",
        "people",
        "how",
        "no_change",
    )


def _by_name(
    path: tuple[str, ...],
    before: dict[str, Any],
    mine: dict[str, Any],
    theirs: dict[str, Any],
    conflicts: list[Conflict],
) -> dict[str, Any]:
    names = dict.fromkeys((*theirs, *mine, *before))
    merged = {
        name: _merged(
            (*path, name), before.get(name, _NOTHING), mine.get(name, _NOTHING), theirs.get(name, _NOTHING), conflicts
        )
        for name in names
    }
    return {name: value for name, value in merged.items() if value is not _NOTHING}


def _by_id(
    path: tuple[str, ...], key: str, before: list[Any], mine: list[Any], theirs: list[Any], conflicts: list[Conflict]
) -> list[Any]:
    by_id = [{entry[key]: entry for entry in entries} for entries in (before, mine, theirs)]
    return list(_by_name(path, by_id[0], by_id[1], by_id[2], conflicts).values())


def _in_order(
    path: tuple[str, ...],
    before: list[Any],
    mine: list[Any],
    theirs: list[Any],
    conflicts: list[Conflict],
    as_text: Callable[[list[Any]], str] = canonical_json,
) -> list[Any]:
    merged: list[Any] = []
    for old, ours, others in _regions(before, mine, theirs):
        if ours == others or others == old:
            merged += ours
        elif ours == old:
            merged += others
        else:
            place = ".".join(path)
            conflicts.append(Conflict(place=place, before=as_text(old), mine=as_text(ours), theirs=as_text(others)))
            merged += [*others, *ours]
    return merged


def _regions(
    before: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]
) -> Iterator[tuple[list[Any], list[Any], list[Any]]]:
    """The three sequences cut where all agree: what stands between two such cuts, in each of them."""
    ours, others = _places(before, mine), _places(before, theirs)
    at = (0, 0, 0)
    for index in [i for i in range(len(before)) if i in ours and i in others]:
        here = (index, ours[index], others[index])
        yield from _between((before, mine, theirs), at, here)
        same = [before[index]]
        yield same, same, same
        at = (here[0] + 1, here[1] + 1, here[2] + 1)
    yield from _between((before, mine, theirs), at, (len(before), len(mine), len(theirs)))


def _between(
    sequences: tuple[Sequence[Any], ...], start: tuple[int, ...], end: tuple[int, ...]
) -> Iterator[tuple[list[Any], list[Any], list[Any]]]:
    cut = [list(sequence[i:j]) for sequence, i, j in zip(sequences, start, end, strict=True)]
    if any(cut):
        yield cut[0], cut[1], cut[2]


def _places(before: Sequence[Any], after: Sequence[Any]) -> dict[int, int]:
    """Where each element of `before` that stayed is in `after`."""
    texts = [[one if isinstance(one, str) else canonical_json(one) for one in each] for each in (before, after)]
    matcher = SequenceMatcher(None, texts[0], texts[1], autojunk=False)
    return {block.a + n: block.b + n for block in matcher.get_matching_blocks() for n in range(block.size)}


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return ""
    return value if isinstance(value, str) else canonical_json(value)
