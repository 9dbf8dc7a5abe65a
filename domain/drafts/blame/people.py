"""Whether a person is the subject of a verb: a guess from the words before it, not a grammar."""

import re
from typing import Final

from domain.drafts.blame.silence import SILENT

_ROLES: Final = (
    "engineer|developer|dev|programmer|admin|administrator|sysadmin|sre|scientist|researcher|analyst|annotator"
    "|labell?er|rater|reviewer|approver|author|maintainer|owner|operator|tester|architect|technician|specialist"
    "|consultant|contractor|intern|colleague|employee|person|responder|commander|on-?call|team|squad|teammate|hire"
    "|supervisor|director"
)
ROLE: Final = rf"(?:{_ROLES}|(?:engineering|product|release|incident|project|program|line|shift) manager|tech lead)"
_PEOPLE: Final = rf"(?:{ROLE}s?|people|staff|management|leadership)"
PERSON: Final = rf"(?:{_PEOPLE}|us|him|her|them|me|you|somebody|someone|everybody|everyone|anybody|anyone)"

NO_NOUN_BEHIND: Final = (
    r"\b(?=\s*(?:$|[.,;:!?)]| (?:and|or|who|to|that|about|how|not|in|on|at|for|of|from|with|during|because|since|as"
    r"|when|while|until|after|before|again|once|twice|enough|here|there|is|are|was|were|has|have|had|did|didn't|never|just"
    r"|led|let|made|took|forgot|went|ran|broke|left|put|sent|told|thought|\w{2,15}ed)\b))"
)

A_PERSON: Final = rf"(?:(?!(?:for|with|by|from)\b)[\w'-]{{1,30}} ){{0,3}}?{PERSON}{NO_NOUN_BEHIND}"
"""A person with at most three words before, and no noun behind: 'the reviewer', and not 'the reviewer bot'."""

_MODIFIER: Final = (
    r"(?:new|junior|senior|young|other|first|second|whole|entire|night|day|shift|data|ml|machine learning|ai|platform"
    r"|software|infrastructure|reliability|release|security|quality|external|labelling|labeling|review)"
)
THE_VERY_PERSON: Final = rf"(?:{_MODIFIER} ){{0,2}}{_PEOPLE}{NO_NOUN_BEHIND}"
"""A person with no word before but what says which: 'data engineers', and not 'default that engineers met'."""

_NO_NAME: Final = (
    # what a sentence begins with
    r"the|an?|our|your|his|her|its|their|this|that|these|those|and|but|or|so|if|in|on|at|by|for|from|of|to|with|when"
    r"|while|after|before|since|because|until|once|then|there|here|now|both|only|even|also|again|still|yet|as|all|some"
    r"|any|no|nobody|none|neither|somebody|someone|everybody|everyone|each|every|what|which|who|why|how|he|she|it|we|they|you|today|yesterday|tomorrow|meanwhile|later|earlier"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|april|june|july|august|september"
    r"|october|november|december|north|south|east|west|new|san|los|hong|united|stupid|lazy|dumb|\w+ly"
    # who makes things, and what they are called
    r"|apache|google|amazon|microsoft|azure|alibaba|oracle|hugging|red|open|elastic|elasticsearch|postgres|postgresql|mysql|mongo|cassandra|cloudflare|nginx|envoy|flink|rabbit|celery|consul|datadog|grafana|prometheus"
    r"|kubernetes|argo|vertex|spring|ray|spark|kafka|redis|jenkins|airflow|weights|travis|terraform|vault|istio"
    r"|snowflake|databricks|stripe|slack|jira|github|gitlab|docker|helm|turbo|flash|pro|ultra|opus|sonnet|haiku"
    # what things are
    r"|feature|model|data|load|rate|health|circuit|circle|cloud|big|event|object|message|customer|user|search|api|page"
    r"|pager|power|dead|app|web|auto|machine|deep|batch|stream|stores?|services?|platform|pipelines?|registry|servers?"
    r"|gateway|monitor|manager|controller|scheduler|cluster|queue|cache|balancer|jobs?|base|run|engine|agents?|bots?"
    r"|proxy|workers?|exporter|hub|lake|warehouse|rollouts?|workflows?|actions|functions|index|system|tools?|dashboard"
    r"|loader|router|studio|database|breaker|limiter|checks?|tests?|teams?|operator|clients?|layer|nodes?|mesh|map|table"
    r"|stack|pay|drive|face|bus|grid|flow|core|edge|guard|duty|watch|storage|compute|learning|networks?|notebook|trainer"
    r"|ranker|embedder|classifier|assistant|support|sync|push|scaler|runner|center|centre|central|large|small|medium"
    r"|mini|nano"
)
_CAPITAL: Final = r"(?:Mc|Mac|O'|D')?[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{1,20}(?:-[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{1,20})?"
CALLED: Final = rf"(?-i:(?!(?i:{_NO_NAME})(?![\w'-])){_CAPITAL}(?![\w'-]))"
"""A word with a capital that may be somebody's name, and is none of what things are often called."""
NAME: Final = rf"{CALLED} {CALLED}"
"""What looks like somebody's full name: two words with a capital each, none of which things are often called."""

SOMEBODYS: Final = rf"(?-i:(?!(?i:{_NO_NAME})(?!\w)){_CAPITAL}'s)"
"""The same, of which something is."""
FIRST_NAME: Final = rf"(?:{CALLED}|@[\w-]{{1,100}}){NO_NOUN_BEHIND}"
"""What looks like somebody's first name. Things are called so as often: it counts where only people are meant."""

_NAME: Final = re.compile(NAME)
_FIRST_NAME: Final = re.compile(CALLED)
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


def subject_before(text: str, sentence: int, verb: int, first_names: bool = False) -> int | None:
    """Where the person begins who is the subject of the verb at `verb`; None for a machine, or nobody.

    `sentence` is where the sentence begins. At most three words stand between the two, and none that would make the
    person a part of a thing's name. With `first_names` one word with a capital is a person, for what no thing does.
    """
    begin = max(sentence, verb - _REACH)
    clause = max(begin, *(text.rfind(mark, begin, verb) for mark in _ENDS_A_CLAUSE))
    words = list(_WORD.finditer(text, clause, verb))
    said = [word[0].lower() for word in words]
    for at in range(len(words) - 1, max(-1, len(words) - 5), -1):
        first = at - 1 if at and _NAME.fullmatch(f"{words[at - 1][0]} {words[at][0]}") else at
        is_named = first < at or (first_names and _FIRST_NAME.fullmatch(words[at][0]) is not None)
        if is_named or _is_person(said, at, text, words[at].start()):
            between = said[at + 1 :]
            fits = all(map(_BETWEEN.fullmatch, between)) or _OF.fullmatch(between[0])
            acts = "who" in between[:1] or not _is_object(said[:first])
            return words[first].start() if fits and acts else None
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
