"""What a validation found, in people's words."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.faults import fault


class Inner(BaseModel):
    """A part."""

    model_config = ConfigDict(extra="forbid")
    port: int = 1


class Outer(BaseModel):
    """Parts in every place where one can be."""

    model_config = ConfigDict(extra="forbid")
    one: Inner = Inner()
    maybe: Inner | None = None
    some: list[Annotated[Inner, Field(description="described")]] = []
    named: dict[str, Inner] = {}


@pytest.mark.parametrize(
    "value",
    [
        {"one": {"prot": 1}},
        {"maybe": {"prot": 1}},
        {"some": [{}, {"prot": 1}]},
        {"named": {"web": {"prot": 1}}},
    ],
)
def test_a_field_that_is_nearly_right_is_recognised_wherever_it_is(value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        Outer.model_validate(value)
    (error,) = raised.value.errors()
    assert fault(error, Outer) == "unknown field; did you mean port?"
    assert fault(error, None, "setting") == "unknown setting"
