"""Reading YAML files, with errors that name the file and the place."""

from pathlib import Path
from typing import Any

import yaml

from runtime.settings import SettingsError, malformed

DEFAULT_POLICY = Path(__file__).parent / "policy.yaml"
SHIPPED_POLICIES = {
    "standard": DEFAULT_POLICY,
    "small team": DEFAULT_POLICY.parent / "policies" / "small-team.yaml",
    "regulated": DEFAULT_POLICY.parent / "policies" / "regulated.yaml",
}
"""The policies that come with Holdfast, by the name that settings give them."""

DEFAULT_TEMPLATE = Path(__file__).parent / "template.yaml"


def read_yaml(path: Path) -> Any:
    """What a YAML file says. Raises `SettingsError` where it is missing or malformed."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path} is not there.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except yaml.YAMLError as error:
        raise malformed(path, error) from None
