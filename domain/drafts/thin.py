"""Texts that say next to nothing: an answer is there, and nobody knows more after reading it."""

import re
from typing import Final

_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+")
"""A word; where words are not set apart, each character is one."""

ENOUGH: Final = 3
"""So many different words may say something; fewer are a "no", an "n/a" or a "see above"."""


def says_little(text: str, *titles: str) -> bool:
    """Whether a text has hardly a word, or only words of one of these titles, such as the question's."""
    words = _words(text)
    return len(set(words)) < ENOUGH or any(set(words) <= set(_words(title)) for title in titles)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
