"""Whether all that is to be done asks people to know or to remember more."""

import re
from collections.abc import Iterable
from typing import Final

from domain.drafts.blame.people import A_PERSON
from domain.drafts.blame.remarks import LEVELS, Field, Remark, key_of, remark
from domain.drafts.blame.rules import CARE, ONLY_RETRAINING, pattern
from domain.drafts.blame.silence import silenced

_REMINDS: Final = pattern(
    rf"(?:remind|re-?train|train|educate|coach|teach|tell|ask|urge|encourage|instruct|brief|warn) {A_PERSON}",
    rf"(?:re-?)?training (?:sessions? )?(?:for|of) {A_PERSON}",
    r"(?:hold|give|run|organi[sz]e) (?:[\w'-]{1,30} ){0,3}(?:training|workshop|brown bag|refresher)",
    r"document (?:the|an?|how|that|what|why|when|in|our|this|these|all|it)",
    r"(?:write|update|extend|improve) (?:[\w'-]{1,30} ){0,3}(?:runbooks?|wiki|documentation|docs|guidelines?"
    r"|playbooks?)",
    r"(?:send|post) (?:[\w'-]{1,30} ){0,3}(?:reminders?|e-?mails?|announcements?)",
    rf"raise awareness|remember to|{CARE}",
)
_BUILDS: Final = pattern(
    "add|alert|automate|block|build|change|check|create|delete|deploy|enforce|fail|fix|gate|introduce|limit|make|measure"
    "|monitor|move|reject|remove|replace|require|roll|run|set|split|stop|switch|test|validate|verify"
)
_OPENING: Final = re.compile(r"\W*(?:(?:please|we will|we should|we must|all|then|also) +)?", re.IGNORECASE)
_GAP: Final = re.compile(r"[.;:,\n]|\band\b|\bthen\b|$", re.IGNORECASE)


def only_reminders(actions: Iterable[tuple[str, str]], salt: str = "") -> dict[str, Remark]:
    """A remark for each action (id and title) where all of them only remind, retrain or document; else none.

    One action that changes the system is enough to make the others welcome. Models may be retrained at will.
    """
    found = {}
    for action, text in actions:
        place = _reminder(silenced(text))
        if place is None:
            return {}
        key = key_of(ONLY_RETRAINING.rule, text, salt)
        found[action] = remark(ONLY_RETRAINING, LEVELS[ONLY_RETRAINING.tier][Field.ACTION], text, *place, key)
    return found


def _reminder(read: str) -> tuple[int, int] | None:
    """Where an action says that it reminds, if no later clause of it begins with a verb that builds."""
    start, place = 0, None
    for gap in _GAP.finditer(read):
        opening = _OPENING.match(read, start, gap.start())
        begin = opening.end() if opening else start
        if place is None:
            found = _REMINDS.match(read, begin)
            if found is None:
                return None
            place = found.span()
        elif _BUILDS.match(read, begin):
            return None
        start = gap.end()
    return place
