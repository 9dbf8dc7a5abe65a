"""The blameless lint over a whole draft: each field is read as what it is, and remarks that were kept stay silent."""

from collections.abc import Iterator, Mapping

from domain.drafts.blame import Field, Level, Remark, lint, only_reminders, roles_for
from domain.drafts.document import DraftDocument


def remarks(
    document: DraftDocument, salt: str, people: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Remark]]:
    """Every remark with the place that it is about, as `factors.F1.explanation`; those that are kept, too.

    `salt` is that of the draft, so that the key of a kept remark gives no text away. In narratives the names of
    `people` are told, with the role that is on offer in the place of each.
    """
    for place, text, field in _texts(document):
        for remark in lint(text, field, salt):
            yield place, remark
        if field is Field.NARRATIVE:
            for remark in roles_for(text, people or {}, salt).remarks:
                yield place, remark
    actions = [(item.id, f"{item.title}. {item.end_state}") for item in document.items]
    for id, remark in only_reminders(actions, salt).items():
        yield f"items.{id}.title", remark


def faults(document: DraftDocument, salt: str) -> Iterator[str]:
    """What has to be said otherwise, or kept with a reason, before the draft is submitted; one sentence each."""
    for place, remark in remarks(document, salt):
        if remark.level is Level.ERROR and not document.kept.get(remark.key, "").strip():
            yield (
                f"{place}: {remark.sentence} {remark.question} "
                f"Say it otherwise, or keep it with a reason, under {remark.key}."
            )


def narratives(document: DraftDocument) -> Iterator[tuple[str, str]]:
    """The texts that tell what happened, each with its place: there a role stands better than a name."""
    yield "summary", document.summary
    for id, answer in document.answers.items():
        yield f"answers.{id}", answer


def _texts(document: DraftDocument) -> Iterator[tuple[str, str, Field]]:
    for place, text in narratives(document):
        yield place, text, Field.NARRATIVE
    for moment in document.timeline:
        yield f"timeline.{moment.at.isoformat()}", moment.what, Field.TIMELINE
    for factor in document.factors:
        for name in ("explanation", "evidence", "control_that_should_have_caught_it"):
            yield f"factors.{factor.id}.{name}", getattr(factor, name), Field.CAUSE
    for dimension, why in document.considered.items():
        yield f"considered.{dimension}", why, Field.CAUSE
    for item in document.items:
        yield f"items.{item.id}.title", item.title, Field.ACTION
        yield f"items.{item.id}.end_state", item.end_state, Field.ACTION
