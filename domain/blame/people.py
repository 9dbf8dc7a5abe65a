"""Whether a person is the subject of a verb: a guess from the words before it, not a grammar."""

import re
from typing import Final

from domain.blame.silence import SILENT

_ROLES: Final = (
    "engineer|developer|dev|programmer|admin|administrator|sysadmin|sre|scientist|researcher|analyst|annotator"
    "|labell?er|rater|reviewer|approver|author|maintainer|owner|operator|tester|architect|technician|specialist"
    "|consultant|contractor|intern|colleague|employee|person|responder|commander|on-?call|team|squad|teammate|hire"
    "|supervisor|director"
)
ROLE: Final = rf"(?:{_ROLES}|(?:engineering|product|release|incident|project|program|line|shift) manager|tech lead)"
_PEOPLE: Final = rf"(?:{ROLE}s?|people|staff|management|leadership)"
PERSON: Final = rf"(?:{_PEOPLE}|us|him|her|them|me|you|somebody|someone|everybody|everyone|anybody|anyone)"

A_PERSON: Final = (
    rf"(?:(?!(?:for|with|by|from)\b)[\w'-]{{1,30}} ){{0,3}}?{PERSON}\b(?=\s*(?:$|[.,;:!?)]| (?:and|or|who|to|that|about"
    r"|how|not|in|on|at|for|with|during|because|since|as|when|while|until|after|before|again|once|twice|is|was|had"
    r"|led|let|made|took|\w{2,15}ed)\b))"
)
"""A person with at most three words before, and no noun behind: 'the reviewer', and not 'the reviewer bot'."""

_SUBJECT: Final = re.compile(rf"{_PEOPLE}|we|i|he|she|they|you|somebody|someone|everybody|everyone|@[\w-]+", re.I)
_HERE: Final = re.compile(rf"\b(?:{_PEOPLE}|@[\w-]+)\b", re.I)
_NEEDS_BEFORE: Final = {
    "manager": {"engineering", "product", "release", "incident", "project", "program", "line", "shift"},
    "lead": {"tech", "team", "project"},
}
_MACHINE: Final = re.compile(
    r"kubernetes|k8s|helm|onnx|sql|spark|flink|airflow|prometheus|llm|ai|ml|automated|automatic|auto|virtual|synthetic"
    r"|simulated|join|tensor|cuda|gpu|http|ocsp|dns|custom|cloud|cluster",
    re.IGNORECASE,
)
"""Before a role they make it a machine: an operator of Kubernetes, an automated reviewer."""
_BETWEEN: Final = re.compile(
    r"\w+ly|also|then|again|just|still|often|always|sometimes|already|even|once|first|either|both|all|who|had|has|have"
    r"|is|are|was|were|been|be|may|might|must|should|shall|will|would|could|can|need|needs|needed|ought|to",
    re.I,
)
_OF: Final = re.compile(r"of|in|on|from|at|with|behind|who")
_TO: Final = re.compile(r"to|for|by|of|from|with|at")
_EACH: Final = re.compile(r"one|two|three|some|both|none|each|most|many|several|members?|n?either|any|all|half")
_THE: Final = re.compile(r"the|an?|our|this|that|their|each|every")
_WORD: Final = re.compile(r"[@\w][\w'-]*")
_ENDS_A_CLAUSE: Final = (*".,;:!?()", SILENT)
_REACH, _BEFORE = 160, 300
"""In characters: how far back a subject is looked for, and what a 'they' may stand for."""


def subject_before(text: str, sentence: int, verb: int) -> int | None:
    """Where the person begins who is the subject of the verb at `verb`; None for a machine, or nobody.

    `sentence` is where the sentence begins. At most three words stand between the two, and none that would make the
    person a part of a thing's name.
    """
    begin = max(sentence, verb - _REACH)
    clause = max(begin, *(text.rfind(mark, begin, verb) for mark in _ENDS_A_CLAUSE))
    words = list(_WORD.finditer(text, clause, verb))
    said = [word[0].lower() for word in words]
    for at in range(len(words) - 1, max(-1, len(words) - 5), -1):
        if _is_person(said, at, text, words[at].start()):
            between = said[at + 1 :]
            fits = all(map(_BETWEEN.fullmatch, between)) or _OF.fullmatch(between[0])
            acts = "who" in between[:1] or not _is_object(said[:at])
            return words[at].start() if fits and acts else None
    return None


def _is_person(said: list[str], at: int, text: str, start: int) -> bool:
    word, before = said[at], said[at - 1] if at else ""
    if word.rstrip("s") in _NEEDS_BEFORE:
        return before in _NEEDS_BEFORE[word.rstrip("s")]
    if word == "us":
        return before == "of"
    if _SUBJECT.fullmatch(word) is None or _MACHINE.fullmatch(before):
        return False
    if word == "they":
        earlier = text[max(0, start - _BEFORE) : start]
        return not earlier.strip() or _HERE.search(earlier) is not None
    return True


def _is_object(before: list[str]) -> bool:
    """Whether the words before a person make it the object of a preposition: 'the page to the engineer'."""
    for at in range(len(before) - 1, max(-1, len(before) - 5), -1):
        if _TO.fullmatch(before[at]):
            return not (before[at] == "of" and at > 0 and _EACH.fullmatch(before[at - 1]))
        if _THE.fullmatch(before[at]):
            return at > 0 and bool(_TO.fullmatch(before[at - 1])) and _is_object(before[:at])
    return False
