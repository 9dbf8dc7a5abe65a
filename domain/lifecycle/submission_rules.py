"""What a draft still lacks before it can be submitted: asked by the command that submits it, and by the page that it is
written on, so that both say the same.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.drafts.document import FIELDS_OF
from domain.drafts.draft import DraftContent
from domain.lifecycle.closure_rules import DRAFT_RULES, Blocker, blames_nobody, blockers
from domain.lifecycle.events import DraftSubmitted
from domain.lifecycle.evolve import evolve
from domain.model.review import ItemSpec, Review
from domain.model.taxonomy import ItemStatus, Stage
from domain.model.template import ANSWER
from domain.model.values import PersonId, Record


class Lack(Record):
    """One thing that has to be mended first, and the section of the draft in which that is done."""

    section: str
    sentence: str


def lacks(review: Review, content: DraftContent, by: PersonId, elsewhere: Sequence[str], now: datetime) -> list[Lack]:
    """All that the rules miss in a draft if it were submitted now (UTC).

    `elsewhere` are the models that share something with those of the incident, by the catalogue.
    """
    after = _submitted(review, content, by, elsewhere)
    missing = [
        Lack(section=_section(b, after), sentence=b.sentence) for b in blockers(after, now) if b.rule in DRAFT_RULES
    ]
    blame = [Lack(section=section_at(said), sentence=said) for said in content.blame if blames_nobody(review)]
    return [*_promises_changed(review, content), *missing, *blame]


def lacks_to_close(
    review: Review, content: DraftContent, by: PersonId, elsewhere: Sequence[str], now: datetime
) -> list[Lack]:
    """What a draft may be submitted without, and the review not be closed: prevention, which items may bring later."""
    in_the_way = blockers(_submitted(review, content, by, elsewhere), now)
    return [Lack(section="items", sentence=b.sentence) for b in in_the_way if b.rule == "prevention"]


def _submitted(review: Review, content: DraftContent, by: PersonId, elsewhere: Sequence[str]) -> Review:
    """The review as it were with this draft submitted, and not signed yet."""
    after = evolve(review, DraftSubmitted.of(content, by, tuple(elsewhere), review.models))
    return after.model_copy(update={"stage": Stage.SIGN_OFF})


def _promises_changed(review: Review, content: DraftContent) -> Iterator[Lack]:
    for spec in content.items:
        item = review.items.get(spec.id)
        if item and item.status is not ItemStatus.PROPOSED and spec != item.spec:
            fields = [name for name in ItemSpec.model_fields if getattr(spec, name) != getattr(item.spec, name)]
            other = ", ".join(name.replace("_", " ") for name in fields)
            sentence = (
                f"{spec.id} is {item.status}, and the draft has another {other}: "
                "change the item by command, or what the draft says of it."
            )
            yield Lack(section="items", sentence=sentence)


def _section(blocker: Blocker, review: Review) -> str:
    """Where a finding of one of the `DRAFT_RULES` is mended."""
    if blocker.rule != "questions":
        return blocker.rule
    assert review.profile is not None and review.submission is not None
    empty = set(review.profile.parts) - set(review.submission.filled)
    return blocker.subject if blocker.subject in empty else f"{ANSWER}{blocker.subject}"


def section_at(place: str) -> str:
    """The section in which a place of a draft is: `causes` for `factors.F1.explanation`."""
    field, _, rest = place.partition(":")[0].partition(".")
    if field == "answers":
        return f"{ANSWER}{rest}"
    return next(section for section, fields in FIELDS_OF.items() if field in fields)
