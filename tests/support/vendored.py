"""The dashboard's libraries and where they come from; run as a module it copies them from node_modules."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "telemetra/dashboard/vendor"
NODE_MODULES = ROOT / "node_modules"
FILES = {
    "preact.module.js": "preact/dist/preact.module.js",
    "hooks.module.js": "preact/hooks/dist/hooks.module.js",
    "preact.LICENSE": "preact/LICENSE",
    "htm.module.js": "htm/dist/htm.module.js",
    "htm.LICENSE": "htm/LICENSE",
    "uplot.esm.js": "uplot/dist/uPlot.esm.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "uplot.LICENSE": "uplot/LICENSE",
    "inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    "inter.LICENSE": "@fontsource-variable/inter/LICENSE",
}


def vendored(name: str) -> bytes:
    """What stands in the folder as `name`: the package's file without source map, imports made relative."""
    content = (NODE_MODULES / FILES[name]).read_bytes()
    if name.endswith(".js"):
        content = content.replace(b'from"preact"', b'from"./preact.module.js"')
        content = b"\n".join(line for line in content.split(b"\n") if not line.startswith(b"//# sourceMappingURL="))
    return content


if __name__ == "__main__":
    for file in FILES:
        (FOLDER / file).write_bytes(vendored(file))
