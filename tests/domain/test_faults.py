"""What a validation found, in people's words."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from domain.model.validation_messages import UNKNOWN, fault


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


def at_least_one(count: int) -> int:
    """A rule of its own."""
    if count < 1:
        raise ValueError("there has to be one")
    return count


class Apple(BaseModel):
    """One of two, told apart by their type."""

    type: Literal["apple"] = "apple"


class Pear(BaseModel):
    """The other one."""

    type: Literal["pear"] = "pear"
    ripe: Inner = Inner()


class Basket(BaseModel):
    """What may be put in wrongly."""

    fruit: Annotated[Apple | Pear, Field(discriminator="type")] = Apple()
    count: Annotated[int, AfterValidator(at_least_one)] = 1
    names: tuple[str, ...] = ()
    size: Literal["small", "large"] = "small"
    inner: Inner = Inner()
    factor: Annotated[str, Field(pattern=r"^F\d+$")] = "F1"
    odd: Annotated[str, Field(pattern="^odd$")] = "odd"
    some: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] = (1,)
    weight: complex = 1j


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"fruit": {"type": "plum"}}, "plum is not known; known are apple, pear"),
        ({"fruit": {"type": "pear", "ripe": {"prot": 1}}}, "unknown field; did you mean port?"),
        ({"count": 0}, "there has to be one"),
        ({"count": "x"}, "this has to be a whole number"),
        ({"names": "a"}, "this has to be a list"),
        ({"size": "huge"}, "this has to be small or large"),
        ({"inner": 1}, "this has to have fields of its own"),
        ({"factor": "1"}, "this has to be F and a number, such as F1"),
        ({"odd": "even"}, UNKNOWN),
        ({"weight": "much"}, UNKNOWN),
        ({"some": ()}, "this has to have at least 1 part"),
        ({"some": (1, 2, 3)}, "this may have at most 2 parts"),
    ],
)
def test_what_was_expected_is_said_in_peoples_words(value: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Basket.model_validate(value)
    (error,) = raised.value.errors()
    assert fault(error, Basket) == said
