"""Roles on offer: where a narrative names a person, and how it reads with roles in their place."""

import re
from collections.abc import Mapping

from domain.drafts.blame.lint import sentences
from domain.drafts.blame.remarks import LEVELS, Field, Remark, key_of, remark
from domain.drafts.blame.rules import NAME_IN_NARRATIVE
from domain.drafts.blame.silence import silenced
from domain.model.values import Record

_HANDLE = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|(?<![\w.@+-])@\w[\w.-]{0,99}")


def handles_in(text: str) -> tuple[str, ...]:
    """What may be somebody's handle in `text`: e-mail addresses, and what stands behind an `@`; each once."""
    found = (match[0].removeprefix("@").rstrip(".-") for match in _HANDLE.finditer(silenced(text)))
    return tuple(dict.fromkeys(found))


class Roles(Record):
    """The places that name a person, and the text with roles in their place: an offer, which people take or leave."""

    remarks: tuple[Remark, ...]
    text: str


def roles_for(text: str, people: Mapping[str, str], salt: str = "") -> Roles:
    """Where `text` names one of `people` (name or handle → role, such as 'the on-call engineer').

    Names are found as they are written, and handles behind an `@`, too. A handle of small letters only is found behind
    an `@` alone, since it may be a word (`will`). Quotes, code and logs are left as they are.
    """
    names = sorted((name for name in people if name.strip() and name in text), key=len, reverse=True)
    if not names:
        return Roles(remarks=(), text=text)
    either = "|".join(("@" if name.isalpha() and name.islower() else "@?") + re.escape(name) for name in names)
    named = re.compile(rf"(?<![\w@.-])(?:{either})(?![\w-]|\.\w)")
    read, remarks, parts, at = silenced(text), [], [], 0
    for start, end in sentences(read):
        for found in named.finditer(read[start:end]):
            begin, stop = start + found.start(), start + found.end()
            key = key_of(NAME_IN_NARRATIVE.rule, text[start:end], salt)
            level = LEVELS[NAME_IN_NARRATIVE.tier][Field.NARRATIVE]
            role = people[found[0] if found[0] in people else found[0][1:]]
            remarks.append(remark(NAME_IN_NARRATIVE, level, text, begin, stop, key, role))
            parts += [text[at:begin], role[:1].upper() + role[1:] if begin == start else role]
            at = stop
    return Roles(remarks=tuple(remarks), text="".join([*parts, text[at:]]))
