"""What the lint never reads: quotes, code and logs. What is silenced keeps its length, so that offsets hold."""

import re
from typing import Final

_TYPED: Final = str.maketrans(
    {"’": "'", "ʼ": "'", "‑": "-", "‐": "-", "\u00a0": " ", "\u202f": " ", "\t": " ", "\r": " "}
)
"""Characters that people and word processors type for the same thing; each is one character for one."""

_IN_MIDST: Final = re.compile(r"(?<=[^\n] )```.{1,2000}?```", re.DOTALL)
_LINES: Final = (
    re.compile(r"^ {0,3}(?P<fence>```|~~~).*?(?:^ {0,3}(?P=fence)|\Z)", re.DOTALL | re.MULTILINE),
    re.compile(r"^ {0,3}>.*$", re.MULTILINE),
    re.compile(  # a level, after a time or on its own
        r"^[\[( ]{0,4}(?:\d{4}-\d\d-\d\d[T ])?(?:\d\d:\d\d:\d\d\S{0,16})?[\]) ]{0,4}"
        r"\[?(?:TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b.*$",
        re.MULTILINE,
    ),
    re.compile(r"^[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d .*$", re.MULTILINE),  # syslog
    re.compile(r"^ *(?:\w+=\S+ +)+\w+=.*$", re.MULTILINE),  # key=value key=value
)
_INLINE: Final = (
    re.compile(r"`[^`\n]{1,500}`"),
    re.compile(r"“[^“”]{1,2000}”"),
    re.compile(r'"(?:[^"\n]|\n(?! *\n)){1,2000}"'),
    re.compile(r"‘[^\n‘]{1,500}?['’](?!\w)"),
    re.compile(r"(?<!\w)'(?=\S)[^'\n]{0,500}(?:(?<=\w)'(?=\w)[^'\n]{0,500}){0,20}'(?!\w)"),
)
SILENT: Final = "\u00a4"
"""Stands for a character inside a line that is not read: neither a word nor a space."""


def silenced(text: str) -> str:
    """`text` without what is not read, at the same length: whole lines as spaces, parts of lines as `SILENT`."""
    text = _IN_MIDST.sub(_dumb, text)
    for lines in _LINES:
        text = lines.sub(_blank, text)
    for inline in _INLINE:
        text = inline.sub(_dumb, text)
    return text.translate(_TYPED)


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _dumb(found: re.Match[str]) -> str:
    return SILENT * len(found[0])
