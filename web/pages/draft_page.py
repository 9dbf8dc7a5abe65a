"""What the page shows on which a draft is written: a form for each section, and what is still missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.drafts.blame import Level, Remark
from domain.drafts.document import DraftDocument
from domain.drafts.draft import derive
from domain.drafts.prefill import Earlier
from domain.lifecycle.inputs import SubmitDraft
from domain.lifecycle.permissions import Act, refusals
from domain.lifecycle.stages import HEARD_IN
from domain.lifecycle.submission_rules import Lack, lacks, lacks_to_close
from domain.model.catalogue import Catalogue
from domain.model.review import Review
from domain.model.template import ANSWER
from domain.model.values import PersonId
from web.auth.authentication import Caller
from web.deps import WebDeps
from web.errors import ApiError
from web.formatting import minute, plain
from web.forms.draft_fields import Rows
from web.forms.draft_form import Marks, Plain, Shown, ShownRows, parts_of, shown
from web.views.blameless_remarks import remarked
from web.views.draft_prefill import beginning, seen_before


@dataclass(frozen=True)
class Tried:
    """What somebody tried to save in a section, and what came of it."""

    section: str
    data: Plain
    upon: int | None = None
    said: str = ""
    wrong: dict[str, str] = field(default_factory=dict)
    conflicts: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class SectionForm:
    """A section as it is written. `upon` is the revision that it shows."""

    id: str
    title: str
    about: str
    parts: list[Shown | ShownRows]
    upon: int
    said: str
    tone: str
    lacks: list[str]
    conflicts: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class WritingPage:
    """The whole page. `bars` says why this caller cannot write; empty where they can."""

    review: Review
    title: str
    note: str
    sections: list[SectionForm]
    lacks: list[tuple[str, Lack]]
    to_close: list[Lack]
    revision: int
    digest: str
    submits: bool
    submitted: bool
    bars: str
    teams: list[str]
    models: list[str]
    seen: list[Earlier]


def sections_of(review: Review, document: DraftDocument) -> dict[str, tuple[str, str]]:
    """Title and advice of every section that is written, in the template's order; then the questions."""
    assert review.policy is not None
    assert review.profile is not None
    found = {section.id: (section.title, section.about) for section in review.policy.sections}
    for always in ("summary", "causes", "items"):
        found.setdefault(always, (plain(always).capitalize(), ""))
    for question in review.policy.questions:
        asked = review.profile.asks(question, review.kinds, review.service)
        if asked or document.answers.get(question.id):
            found[f"{ANSWER}{question.id}"] = (question.prompt, question.about)
    return found


def writing_page(
    deps: WebDeps, review: Review, who: Caller, saved: str = "", tried: Tried | None = None
) -> WritingPage:
    """The page as `who` sees it, with what they just saved, or tried to. Raises `ApiError` (409) without a draft."""
    if review.policy is None or review.profile is None:
        raise ApiError(409, "This incident is not reviewed, and so nothing is written about it.")
    newest = deps.records.drafts.newest(review.id)
    document = newest.document if newest else beginning(deps, review, who)
    if document is None:
        raise ApiError(409, "The text of this draft was erased.")
    revision = newest.revision if newest else 0
    salt, people = deps.records.drafts.salt_and_people(review.id, document)
    content = derive(document, revision, review.policy, salt, lambda handle: people.get(handle, handle))
    known = (review, content, who.person or "", deps.catalogue.sharing(review.models), deps.now())
    missing = lacks(*known)
    data, heard = document.model_dump(mode="json"), _by_place(deps, review, document)
    forms = []
    for id, (title, about) in sections_of(review, document).items():
        mine = tried if tried is not None and tried.section == id else None
        parts = shown(parts_of(id), data | (mine.data if mine else {}), Marks(mine.wrong if mine else {}, heard))
        upon = mine.upon if mine and mine.upon is not None else revision
        said, tone = (mine.said, "hold" if mine.said else "") if mine else ("", "")
        if id == saved and newest is not None:
            said, tone = f"✓ Saved, revision {revision}", "good"
        here = [lack.sentence for lack in missing if lack.section == id]
        conflicts = [one | {"place": place_in_words(id, title, one["place"])} for one in mine.conflicts] if mine else []
        forms.append(SectionForm(id, title, about, parts, upon, said, tone, here, conflicts))
    titles = {form.id: form.title for form in forms}
    return WritingPage(
        review=review,
        title=_title(deps, review),
        note=_note(newest.author, newest.saved_at, revision, deps)
        if newest
        else "Nothing is saved yet: this is what is known.",
        sections=forms,
        lacks=[(titles.get(lack.section, lack.section), lack) for lack in missing],
        to_close=lacks_to_close(*known),
        revision=revision,
        digest=newest.digest if newest else "",
        submits=newest is not None and review.stage in HEARD_IN[SubmitDraft],
        submitted=bool(newest and review.submission and review.submission.digest == newest.digest),
        bars=_bars(who),
        teams=sorted(deps.catalogue.teams),
        models=_models(deps.catalogue, review),
        seen=[
            other
            for other in seen_before(deps, review, who, document.failure_modes.touched)
            if other.review not in document.background
        ],
    )


def place_in_words(section: str, title: str, place: str) -> str:
    """What a place of a draft is called on the page, such as `Contributing factors, F1, Explanation`."""
    parts = parts_of(section)
    for part in parts:
        named = part.title if isinstance(part, Rows) else part.label
        if place == part.path:
            return named if len(parts) > 1 else title
        if isinstance(part, Rows) and place.startswith(f"{part.path}."):
            row, _, name = place.removeprefix(f"{part.path}.").rpartition(".")
            label = next((field.label for field in part.fields if field.path == name), name)
            return ", ".join(filter(None, (named, row, label)))
    return title if place else "the whole"


def _by_place(deps: WebDeps, review: Review, document: DraftDocument) -> dict[str, list[Remark]]:
    """What the blameless lint says at each place; of a name that is there several times, once."""
    found: dict[str, list[Remark]] = {}
    for remark in remarked(deps, review, document):
        here = found.setdefault(remark.place, [])
        if not remark.offer or not any(other.offer and other.words == remark.words for other in here):
            here.append(remark)
    return found


def can_be_kept(remark: Remark) -> bool:
    """Whether it is in the way until it is said otherwise, or kept with a reason."""
    return remark.level is Level.ERROR


def _title(deps: WebDeps, review: Review) -> str:
    return deps.records.people.texts([review.title]).get(review.title or "", review.id)


def _note(author: PersonId, saved_at: Any, revision: int, deps: WebDeps) -> str:
    return f"Revision {revision}, saved {minute(saved_at)} by {deps.records.people.handles([author])[author]}."


def _bars(who: Caller) -> str:
    if who.person is None:
        return "Say who you are first."
    return " ".join(refusals(who.standing, Act.SAVE_DRAFT))


def _models(catalogue: Catalogue, review: Review) -> list[str]:
    """What a model or pipeline may be called."""
    return sorted({*review.models, *catalogue.models, *catalogue.pipelines})
