"""Settings: `cflint.toml`, or `[tool.cflint]` in a pyproject.toml; the file nearest to a path counts for it.

Everything is checked when it is read. A mistake is a `SettingsError` with its place, never a guess.
"""

from cflint.settings.definition import LEVELS, Settings, SettingsError, names_here
from cflint.settings.files import NAMES, allows_packages, settings_file
from cflint.settings.policy import Policy
from cflint.settings.tree import SettingsTree

__all__ = [
    "LEVELS",
    "NAMES",
    "Policy",
    "Settings",
    "SettingsError",
    "SettingsTree",
    "allows_packages",
    "names_here",
    "settings_file",
]
