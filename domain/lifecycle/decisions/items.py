"""Action items: proposed, promised, changed and taken back.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from domain.lifecycle import events, inputs
from domain.lifecycle.claims import promise_of
from domain.lifecycle.closure_rules import is_signed_for
from domain.lifecycle.decisions.decision import Decision, Rejected, refuse_if, these
from domain.lifecycle.decisions.requests import ask, may_put_off
from domain.model.review import Item, ItemSpec
from domain.model.taxonomy import Ask, ItemStatus, Strength
from domain.model.values import end_of


def propose_item(d: Decision, body: inputs.ProposeItem) -> None:
    refuse_if(
        body.spec.id in d.review.items and f"There is an item {body.spec.id} already.",
        _names_nothing(d, body.spec),
    )
    d.record(events.ItemProposed(spec=body.spec))


def accept_item(d: Decision, body: inputs.AcceptItem) -> None:
    item = item_named(d, body.item)
    refuse_if(
        item.status is not ItemStatus.PROPOSED and f"{body.item} is {item.status}, and not proposed.",
        _names_nothing(d, item.spec),
        _adopted_already(d, body.item, body.adopts and (body.place or d.place_for(item.spec)).issue_key(body.adopts)),
        d.given.routing.refused(body.place, bool(d.review.private_to)),
    )
    d.accept(body.item, body.place, body.adopts)


def extend_due(d: Decision, body: inputs.ExtendDue) -> None:
    item = item_named(d, body.item)
    refuse_if(
        item.due is None and f"{body.item} is {item.status}: it has no due date yet.",
        item.due is not None and body.until <= item.due and f"{body.item} is due later already, {item.due:%d %b %Y}.",
        body.until <= d.now and f"{body.until:%d %b %Y} is past.",
        item.status in (ItemStatus.DONE, ItemStatus.WITHDRAWN) and f"{body.item} is {item.status}.",
    )
    if may_put_off(d, item, body.until):
        d.record(events.DueExtended(item=body.item, due=body.until, by=d.by, reason=body.reason))
    else:
        ask(d, Ask.EXTEND_DUE, body.reason, subject=body.item, until=body.until)


def move_item(d: Decision, body: inputs.MoveItem) -> None:
    item, adopts = item_named(d, body.item), body.place.issue_key(body.adopts) if body.adopts else None
    replaces = item.status in (ItemStatus.LOST, ItemStatus.DECLINED) and adopts is None  # of no use any more
    here = body.place == item.place and adopts == item.adopts and not replaces
    refuse_if(
        not item.accepted and f"{body.item} is {item.status}: only an accepted item has an issue.",
        item.status is ItemStatus.DONE and f"{body.item} is done.",
        here and f"{body.item} is at {body.place} already.",
        _adopted_already(d, body.item, adopts),
        d.given.routing.refused(body.place, bool(d.review.private_to)),
    )
    d.record(events.ItemMoved(item=body.item, by=d.by, place=body.place, adopts=adopts))


def split_item(d: Decision, body: inputs.SplitItem) -> None:
    item = item_named(d, body.item)
    ids = [part.id for part in body.into]
    taken = tuple(id for id in dict.fromkeys(ids) if id in d.review.items or ids.count(id) > 1)
    refuse_if(
        not item.accepted and f"{body.item} is {item.status}: only an accepted item is split.",
        item.status is ItemStatus.DONE and f"{body.item} is done.",
        bool(taken) and f"There is an item {these(taken)} already: each part needs an id of its own.",
        *(_names_nothing(d, part, item.spec.prevents) for part in body.into),
        _promises_less(item.spec, body.into),
    )
    ask(d, Ask.SPLIT_ITEM, body.reason, subject=body.item, into=body.into)


def _promises_less(whole: ItemSpec, parts: tuple[ItemSpec, ...]) -> str | None:
    """Why parts cannot take the place of a whole: each factor that it prevents, one of them has to prevent as well."""
    alike = [
        p
        for p in parts
        if p.item_class is whole.item_class and _STRENGTHS.index(p.strength) >= _STRENGTHS.index(whole.strength)
    ]
    left_out = tuple(f for f in whole.prevents if not any(f in part.prevents for part in alike))
    if left_out or not alike:
        about = f" against {these(left_out)}" if left_out else ""
        return f"Together they promise less{about}: one has to be of class {whole.item_class}, and as strong."
    return None


def withdraw_item(d: Decision, body: inputs.WithdrawItem) -> None:
    item = item_named(d, body.item)
    refuse_if(item.status is ItemStatus.WITHDRAWN and f"{body.item} is withdrawn already.")
    if item.status is ItemStatus.PROPOSED:
        d.record(events.ItemWithdrawn(item=body.item, by=d.by, reason=body.reason))
    else:
        ask(d, Ask.WITHDRAW_ITEM, body.reason, subject=body.item)


_STRENGTHS = (Strength.WEAKER, Strength.INTERMEDIATE, Strength.STRONGER)


def change_item(d: Decision, body: inputs.ChangeItem) -> None:
    item = item_named(d, body.spec.id)
    refuse_if(
        item.status is ItemStatus.WITHDRAWN and f"{body.spec.id} is withdrawn.",
        item.spec == body.spec and f"{body.spec.id} is like that already.",
        _names_nothing(d, body.spec, item.spec.prevents if item.accepted else ()),
        _is_later(item, body.spec),
    )
    other = promise_of(item.model_copy(update={"spec": body.spec})) != item.promised
    if item.accepted and other and not is_signed_for(d.review):  # where teams sign, they see it
        ask(d, Ask.CHANGE_ITEM, body.reason, subject=body.spec.id, change=body.spec)
    else:
        d.change(body.spec)


def _is_later(item: Item, new: ItemSpec) -> str | None:
    """Why a change cannot name this date: putting off what is promised takes another person, and is counted."""
    if item.due is None or new.due is None or new.due == item.spec.due or end_of(new.due) <= item.due:
        return None
    return f"{new.id} is due {item.due:%d %b %Y}: a later date is asked for as an extension."


def _adopted_already(d: Decision, id: str, key: str | None) -> str | None:
    """Why an item cannot adopt an issue: done once, it would be done for two."""
    others = [
        other
        for other, item in d.review.items.items()
        if key is not None and other != id and (item.adopts == key or (item.ref is not None and item.ref.key == key))
    ]
    return f"{key} is the issue of {these(tuple(others))} already." if others else None


def _names_nothing(d: Decision, spec: ItemSpec, named_before: tuple[str, ...] = ()) -> str | None:
    """Why an item cannot answer the factors that it names, once a text with factors is submitted."""
    if d.review.submission is None:
        return None
    unknown = tuple(f for f in spec.prevents if f not in named_before and d.review.factor(f) is None)
    known = tuple(factor.id for factor in d.review.submission.factors)
    return f"There is no factor {these(unknown)}; there are {these(known)}." if unknown else None


def item_named(d: Decision, id: str) -> Item:
    item = d.review.items.get(id)
    if item is None:
        raise Rejected(f"There is no item {id}; there are {these(tuple(d.review.items))}.")
    return item
