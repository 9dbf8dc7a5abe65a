"""`holdfast draft`: the draft of a review as a Markdown file, for whoever would rather write in their own editor."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from console.shell.api_client import Api
from console.shell.draft_files import lose_nothing, mistakes_in, read_file, understood, write_file
from console.shell.errors import REFUSED, Refused, Stop
from console.shell.options import Actor, Json, ReviewId, Url
from console.shell.output import as_json, complain, say
from console.shell.send_command import submit_saved
from domain.drafts.document import DraftDocument
from domain.model.template import Question, Section
from drafting.header import DraftError, Header, saved_as
from drafting.reading import Parsed
from drafting.writing import to_markdown

drafts = typer.Typer(
    no_args_is_help=True,
    help="Write a review's draft in your own editor: one Markdown file.",
    epilog="The whole way: holdfast draft pull REVIEW, write, holdfast draft check FILE, holdfast draft submit FILE",
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="As `holdfast draft pull` wrote it.")]


@drafts.command(epilog="Example: holdfast draft pull hand:20261122-1f3a9c --out review.md")
def pull(
    review: ReviewId,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: named like the review.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file, whatever is in it.")] = False,
    url: Url = None,
    json: Json = False,
) -> None:
    """Write the newest draft into a file; where nobody has written yet, what is known so far."""
    api = Api(url)
    newest = api.newest_draft(review)
    if newest["document"] is None:
        raise Stop(f"The text of revision {newest['revision']} was erased.")
    path = out or Path(re.sub(r"[^\w.-]", "-", review).lstrip(".") + ".md")
    if not force:
        lose_nothing(path, review)
    _write(api, path, review, newest)
    if json:
        as_json({"file": str(path), "review": review, "revision": newest["revision"]})
    else:
        say(f"{path} is revision {newest['revision']}." if newest["revision"] else f"{path} is what is known so far.")
        say(f"When you have written: holdfast draft push {path}")


def _write(api: Api, path: Path, review: str, revision: Mapping[str, Any]) -> None:
    """Write a revision into a file, with what it is asked."""
    asked = api.template(review)
    header = Header(review=review, upon=revision["revision"], template=asked["template"])
    sections = [Section.model_validate(section) for section in asked["sections"]]
    questions = [Question.model_validate(question) for question in asked["questions"]]
    write_file(path, to_markdown(DraftDocument.model_validate(revision["document"]), header, sections, questions))


@drafts.command(epilog="Example: holdfast draft push hand-20261122-1f3a9c.md")
def push(file: File, by: Actor, url: Url = None, json: Json = False) -> None:
    """Save the file as the draft's next revision. It has no effect until it is submitted."""
    parsed, saved = _pushed(Api(url), file, by)
    if json:
        as_json({"file": str(file), "review": parsed.header.review, **_named(saved)})
    elif saved["revision"] == parsed.header.upon:
        say(f"Nothing has changed since revision {saved['revision']}.")
    else:
        say(f"Saved as revision {saved['revision']}.", f"To put it forward: holdfast draft submit {file}")


@drafts.command(epilog="Example: holdfast draft submit hand-20261122-1f3a9c.md")
def submit(file: File, by: Actor, url: Url = None, json: Json = False) -> None:
    """Save the file, and put it forward for signing. Who submits does not sign."""
    api = Api(url)
    parsed, saved = _pushed(api, file, by)

    def placed(reason: str) -> str:
        line = parsed.line_of(reason)
        return f"{file}:{line}: {reason}" if line else reason

    submit_saved(api, parsed.header.review, by, saved, json, placed)


@drafts.command(epilog="Example: holdfast draft check hand-20261122-1f3a9c.md")
def check(file: File, url: Url = None, json: Json = False) -> None:
    """Find what cannot be read in a file. Each mistake is a line that editors understand.

    Where Holdfast answers, its blameless lint is asked too: for words that find fault with people, and for names, with
    the roles that can stand in their place. That is no mistake in the file; `error` marks what stands against a
    submission, and ends with exit code 1, too.
    """
    text = read_file(file)
    mistakes = mistakes_in(text)
    remarks = None if mistakes else _remarks(url, file, text)
    if json:
        told = [{"line": m.line, "what": m.what} for m in mistakes]
        as_json({"file": str(file), "mistakes": told, "remarks": remarks})
    else:
        say(*(f"{file}:{m.line}: {m.what}" for m in mistakes) if mistakes else [f"{file} can be read."])
        say(*dict.fromkeys(f"{file}:{_remark_line(remark)}" for remark in remarks or ()))
    if mistakes or any(remark["stops"] for remark in remarks or ()):
        raise typer.Exit(REFUSED)


def _remarks(url: str | None, file: Path, text: str) -> list[dict[str, Any]] | None:
    """What the lint says of a file that can be read, each with its line; none where nobody could be asked."""
    parsed, lines = understood(file, text), text.split("\n")
    try:
        said = Api(url).remarks(parsed.header.review, parsed.document)
    except Stop as stop:
        complain("It was not looked for names and blame.", *stop.lines)
        return None
    begins = [parsed.line_at(remark["place"]) for remark in said]
    return [
        {"line": next((n for n, line in enumerate(lines[begin:], begin + 1) if remark["words"] in line), begin)}
        | remark
        for begin, remark in zip(begins, said, strict=True)
    ]


def _remark_line(remark: Mapping[str, Any]) -> str:
    offer = f" Instead: {remark['offer']}" if remark["offer"] else ""
    words = " ".join(remark["words"].split())
    how = "error" if remark["stops"] else "hint"
    return f"{remark['line']}: {how}: “{words}”: {remark['sentence']} {remark['question']}{offer}"


def _named(saved: dict[str, Any]) -> dict[str, Any]:
    return {name: saved[name] for name in ("revision", "digest")}


def _pushed(api: Api, file: Path, by: str) -> tuple[Parsed, dict[str, Any]]:
    """A file, and the revision as which it was saved; the file then says so itself. Raises `Stop`."""
    text = read_file(file)
    parsed = understood(file, text)
    saved = _saved(api, file, by, parsed)
    now = read_file(file)  # somebody may have written on meanwhile
    if DraftDocument.model_validate(saved["document"]) != parsed.document:
        _take_in_others(api, file, parsed.header.review, saved, now == text)
        return parsed, saved
    try:
        stamped = saved_as(now, text, saved["revision"])
    except DraftError:
        lost = f"{file} has no front matter any more that could say so."
        raise Stop(f"It was saved as revision {saved['revision']}, but {lost}") from None
    if stamped != now:
        write_file(file, stamped)
    return parsed, saved


def _take_in_others(api: Api, file: Path, review: str, saved: Mapping[str, Any], is_as_pushed: bool) -> None:
    """Let the file say what others have written meanwhile, too; else the next push would take it out again."""
    with_others = f"It was saved as revision {saved['revision']}, together with what others wrote meanwhile"
    if not is_as_pushed:
        theirs = file.with_suffix(".newest.md")
        more = f"but {file} has changed since: holdfast draft pull {review} --out {theirs}, and go on there."
        raise Stop(f"{with_others}, {more}")
    _write(api, file, review, saved)
    say(f"{with_others}; {file} has that now.")


def _saved(api: Api, file: Path, by: str, parsed: Parsed) -> dict[str, Any]:
    review, upon = parsed.header.review, parsed.header.upon
    try:
        return dict(api.save_draft(review, by, parsed.document, upon))
    except Refused as refused:
        newest = api.newest_draft(review)
        if newest and newest["document"] == parsed.document.model_dump(mode="json"):
            return dict(newest)  # an answer was lost, or somebody wrote the same
        theirs, there = file.with_suffix(".newest.md"), newest["revision"]
        why = [*refused.lines, f"Somebody saved a revision after {upon}, upon which {file} was written."]
        if there < upon:
            why = [f"{file} says that it was written upon revision {upon}, and the newest is {there or 'none'}."]
        raise Refused(
            *why,
            "Nothing was saved. To go on:",
            f"  holdfast draft pull {review} --out {theirs}",
            f"Compare the two, bring your changes over, and push {theirs}.",
        ) from None
