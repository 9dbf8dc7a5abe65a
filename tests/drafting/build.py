"""The shipped template, the example's draft, and a file of it."""

from pathlib import Path
from typing import Any

import yaml

from domain.drafts.document import DraftDocument
from drafting.header import Header
from drafting.writing import to_markdown
from tests.domain.build import TEMPLATE

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
EXAMPLE = DraftDocument.model_validate(yaml.safe_load((EXAMPLES / "draft.yaml").read_text(encoding="utf-8")))
ASKED = [question for question in TEMPLATE.questions if not question.is_special]
HEADER = Header(review="hand:2026-17", upon=1, template="ml-incident@1")


def file_of(document: DraftDocument = EXAMPLE, header: Header = HEADER) -> str:
    """The file of a draft under the shipped template."""
    return to_markdown(document, header, TEMPLATE.sections, ASKED)


def plain(document: DraftDocument) -> Any:
    """A draft as it is kept, digests and all: `0.10` is not `0.1` there."""
    return document.model_dump(mode="json")
