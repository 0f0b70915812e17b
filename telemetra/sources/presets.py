"""The presets that come with Telemetra: the YAML files in `telemetra/presets`. Adding a file there adds a preset."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from telemetra.errors import Invalid
from telemetra.formats.presets import Preset, parse_preset

_SUFFIX = ".yaml"


@cache
def preset_names() -> tuple[str, ...]:
    """In alphabetical order."""
    folder = files("telemetra").joinpath("presets")
    return tuple(sorted(item.name.removesuffix(_SUFFIX) for item in folder.iterdir() if item.name.endswith(_SUFFIX)))


@cache
def load_preset(name: str) -> Preset:
    """Raises `Invalid`: field `preset` where there is no such preset, else the place in the file that is wrong."""
    if name not in preset_names():
        detail = f"preset: {name[:60]!r} is none of {', '.join(preset_names())}"
        raise Invalid(detail, code="invalid_field", field="preset")
    text = files("telemetra").joinpath("presets", name + _SUFFIX).read_text(encoding="utf-8")
    return parse_preset(text, f"{name}{_SUFFIX}")
