"""Searching: which words a text has, what a query means, and where in a text its words are.

Databases get words that are cut and stemmed here, and so all find the same. A word is a run of letters and digits,
without accents and capitals; `fraud-scorer` is the words `fraud` and `scorer`, one behind the other.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from threading import Lock

import snowballstemmer

from domain.model.values import Record

LONGEST_QUERY = 300
"""In characters."""

LONGEST_WORD = 100
"""In characters; what a longer one goes on with is not told apart."""

BREAK = "é"
"""Stands between texts that are told apart, so that no phrase goes over it; having an accent, it is nobody's word."""

_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_ASKED = re.compile(r'(-?)"([^"]*)(?:"|$)|(\S+)')
_STEMMER, _ONE_AT_A_TIME = snowballstemmer.stemmer("english"), Lock()


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    if text.isascii():  # as most are; all at once is faster
        return [word[:LONGEST_WORD] for word in _ASCII_WORD.findall(text.lower())]
    return [word for word, _, _ in _placed(text)]


def _placed(text: str) -> list[tuple[str, int, int]]:
    """The words of a text, each with where it begins and ends."""
    found = ((_folded(match[0]), *match.span()) for match in _WORD.finditer(text))
    return [one for one in found if one[0]]


@lru_cache(maxsize=50_000)
def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()[:LONGEST_WORD]
    plain = unicodedata.normalize("NFKD", word.casefold()).casefold()
    return "".join(letter for letter in plain if letter.isalnum())[:LONGEST_WORD]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """An English word without its ending: `alerts`, `alerted` and `alerting` are one."""
    with _ONE_AT_A_TIME:
        stemmed: str = _STEMMER.stemWord(word)
    return stemmed


LARGEST = 300_000
"""In bytes: PostgreSQL indexes a megabyte of a row at most, and a sign of some scripts becomes many when it is cut."""


def indexed(texts: Iterable[str]) -> str:
    """What a database keeps of texts to find them by: their words in order, and behind them the stems of these."""
    cut = [words(text) for text in texts]
    stems = dict.fromkeys(stem(word) for one in cut for word in one if stem(word) != word)
    kept = " ".join(f"{' '.join(one)} {BREAK}" for one in (*cut, list(stems)) if one)
    return kept.encode()[:LARGEST].decode(errors="ignore")


class Phrase(Record):
    """Words that are to stand one behind the other; mostly just one."""

    words: tuple[str, ...]
    is_exact: bool = False
    """Whether it was written in quotes: then endings count."""
    is_open: bool = False
    """Whether its last word may go on: it may still be being written."""

    @property
    def stem(self) -> str | None:
        """The stem by which it is found, too; none where it is found as it is only."""
        return stem(self.words[0]) if len(self.words) == 1 and not self.is_exact else None

    @property
    def apart(self) -> "tuple[Phrase, ...]":
        """Its words, each for itself."""
        if len(self.words) == 1:
            return (self,)
        *first, last = (Phrase(words=(word,), is_exact=True) for word in self.words)
        return (*first, last.model_copy(update={"is_open": self.is_open}))

    def begins(self, said: Sequence[str]) -> bool:
        """Whether these words begin with it."""
        *first, last = self.words
        return list(said[: len(first)]) == first and len(said) > len(first) and self._ends_with(said[len(first)], last)

    def may_begin_with(self, word: str) -> bool:
        """Whether some words that begin with this one begin with it."""
        return word == self.words[0] if len(self.words) > 1 else self._ends_with(word, self.words[0])

    def _ends_with(self, word: str, last: str) -> bool:
        return word == last or (self.is_open and word.startswith(last)) or self.stem in (word, stem(word))


class Query(Record):
    """What is looked for: all that is wanted, and nothing of what is unwanted."""

    wanted: tuple[Phrase, ...] = ()
    unwanted: tuple[Phrase, ...] = ()

    @property
    def loose(self) -> "Query":
        """The same without the order of words: all that this finds, and maybe more."""
        wanted = [one for phrase in self.wanted for one in phrase.apart]
        return Query(wanted=tuple(wanted), unwanted=tuple(one for one in self.unwanted if len(one.words) == 1))


MOST = 12
"""So many words and phrases of a query count, and so many that are left out; looking for more finds nothing better."""


def query(text: str) -> Query:
    """What somebody who types this looks for; any text means something, and one without words nothing.

    Every word, `"words in quotes"` as they are, and nothing with a `-word`. The last word is taken for the beginning of
    one, unless a space or a quote follows it.
    """
    wanted: list[Phrase] = []
    unwanted: list[Phrase] = []
    for match in _ASKED.finditer(text):
        minus, quoted, word = match.groups()
        is_exact = word is None
        is_unwanted = bool(minus) if is_exact else word.startswith("-")
        if found := tuple(words(quoted if is_exact else word)):
            is_open = not is_exact and not is_unwanted and match.end() == len(text)
            (unwanted if is_unwanted else wanted).append(Phrase(words=found, is_exact=is_exact, is_open=is_open))
    return Query(wanted=tuple(dict.fromkeys(wanted))[:MOST], unwanted=tuple(dict.fromkeys(unwanted))[:MOST])


class Piece(Record):
    """A piece of a text, and whether it is what was looked for."""

    text: str
    is_match: bool = False


AROUND = 110
"""So many characters are shown before and behind what was found."""


class Finder:
    """Finds phrases in texts; what it learns of a word in one text it knows in the next."""

    def __init__(self, wanted: Sequence[Phrase]) -> None:
        self.wanted = frozenset(wanted)
        self._begun_by = _Beginnings(wanted)

    def phrases(self, text: str) -> frozenset[Phrase]:
        """Those that are in a text."""
        return self.phrases_of(words(text))

    def phrases_of(self, said: Sequence[str]) -> frozenset[Phrase]:
        """Those that are in these words."""
        return frozenset(phrase for _, phrase in self._found(said))

    def pieces(self, text: str, around: int | None = AROUND) -> tuple[Piece, ...]:
        """The part of a text that has most of them, cut where they are; the whole text where `around` is none."""
        said = _placed(text)
        found = [
            (said[at][1], said[at + len(phrase.words) - 1][2], phrase)
            for at, phrase in self._found([word for word, _, _ in said])
        ]
        begin, end = (0, len(text)) if around is None else _window(found, len(text), around)
        shown = [(first, last) for first, last, _ in found if begin <= first and last <= end]
        return tuple(_pieces(text, shown, begin, end))

    def _found(self, said: Sequence[str]) -> list[tuple[int, Phrase]]:
        """Every phrase, with the place of the word at which it begins."""
        begun = [(at, phrase) for at, word in enumerate(said) for phrase in self._begun_by[word]]
        return [(at, phrase) for at, phrase in begun if phrase.begins(said[at : at + len(phrase.words)])]


class _Beginnings(dict[str, tuple[Phrase, ...]]):
    """The phrases that may begin with a word, each word looked at once."""

    def __init__(self, wanted: Sequence[Phrase]) -> None:
        self._wanted = wanted

    def __missing__(self, word: str) -> tuple[Phrase, ...]:
        self[word] = tuple(phrase for phrase in self._wanted if phrase.may_begin_with(word))
        return self[word]


def _window(found: Sequence[tuple[int, int, Phrase]], length: int, around: int) -> tuple[int, int]:
    """The part of a text around that match behind which most others follow soon."""
    best, most = (0, 0), 0
    for index, (first, _, _) in enumerate(found):
        near = [one for one in found[index : index + 20] if one[1] <= first + around]
        if len({phrase for _, _, phrase in near}) > most:
            best, most = (first, max([last for _, last, _ in near], default=first)), len({one[2] for one in near})
    begin, end = best
    return max(begin - around // 2, 0), min(max(begin, end) + around, length)


def _pieces(text: str, shown: Sequence[tuple[int, int]], begin: int, end: int) -> Iterator[Piece]:
    """The text from `begin` to `end`, in whole words and on one line, with what is shown apart."""
    begin = begin if begin == 0 else text.find(" ", begin) + 1 or begin
    begin = min([begin, *(first for first, _ in shown)])
    end = max([end if end == len(text) else text.rfind(" ", begin, end), *(last for _, last in shown)])
    at, pieces = begin, []
    for first, last in shown:
        if first >= at:
            pieces += [(text[at:first], False), (text[first:last], True)]
            at = last
    pieces.append((text[at:end], False))
    said = [(re.sub(r"\s+", " ", piece), is_match) for piece, is_match in pieces]
    said[0] = (("… " if begin else "") + said[0][0].lstrip(), said[0][1])
    said[-1] = (said[-1][0].rstrip() + (" …" if end < len(text) else ""), said[-1][1])
    return (Piece(text=piece, is_match=is_match) for piece, is_match in said if piece)
