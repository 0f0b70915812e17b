"""The rules of the layout, checked on the source text: what may import what, and who touches the outside world.

Each test collects every place that breaks its rule, so one run shows them all.
"""

import ast
import graphlib
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "telemetra"

LAYERS = (
    {"program"},
    {"cli", "commands"},
    {"app", "demo", "worker"},
    {"api", "sources", "pipeline", "checkpointer", "server", "leader", "standby", "maintenance", "monitor"},
    {"operations"},
    {"eventlog", "store", "cache", "live"},
    {"engine", "moments", "formats", "kinds", "text"},
    {"model"},
)
"""Imports run downward, or sideways within a layer."""

EVERYWHERE = {"errors", "clock", "backoff"}
"""Root modules that every layer but the model may import."""

OUTER = {
    "settings",
    "settings_fields",
    "settings_doc",
    "hosts",
    "encryption_keys",
    "observability",
    "tracing",
    "extras",
    "garbage",
}
"""Root modules that everything above the pure packages may import."""

PURE = {"model", "engine", "moments", "formats", "kinds", "text"}
OUTSIDE_WORLD = {"asyncio", "anyio", "socket", "ssl", "http", "threading", "subprocess", "os", "time", "logging"}
OUTSIDE_WORLD |= {
    "psycopg",
    "psycopg_pool",
    "fastapi",
    "starlette",
    "uvicorn",
    "httpx",
    "structlog",
    "prometheus_client",
}

WALL_CLOCK = ("time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today")
SQL = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE", "ALTER TABLE", "COPY ", "TRUNCATE ")
LONGEST_FILE = 400

Places = list[str]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    """`telemetra.store.database`; a package's `__init__` has the package's name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def layer_word(module: str) -> str:
    """`store` for `telemetra.store.database`, empty for the package itself."""
    return [*module.split("."), ""][1]


def nodes(module: str) -> Iterator[ast.AST]:
    return ast.walk(parsed(MODULES[module]))


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below `node` without the blocks that only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from running_nodes(child)


def imports(module: str) -> set[str]:
    """The dotted names that a module imports when it runs; of the project, the modules themselves."""
    found = set()
    for node in running_nodes(parsed(MODULES[module])):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {name if (name := f"{base}.{alias.name}") in MODULES else base for alias in node.names}
    return found


def own_imports(module: str) -> set[str]:
    return {name for name in imports(module) if name in MODULES and name != "telemetra"}


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of attributes, else empty."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def uses(names: tuple[str, ...], allowed: set[str]) -> Places:
    """Where modules outside `allowed` name one of `names` (`time.time`), or import it by its last word."""
    places = []
    for module in MODULES.keys() - allowed:
        for node in nodes(module):
            if isinstance(node, ast.ImportFrom):
                found = {f"{node.module}.{alias.name}" for alias in node.names} & set(names)
            else:
                found = {name for name in names if f".{dotted(node)}".endswith(f".{name}")}
            places += [f"{module}:{getattr(node, 'lineno', 0)} {name}" for name in found]
    return sorted(places)


def test_no_import_cycle() -> None:
    try:
        graphlib.TopologicalSorter({module: own_imports(module) for module in MODULES}).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_imports_run_downward() -> None:
    rank = {word: number for number, layer in enumerate(LAYERS) for word in layer}
    wrong: Places = []
    for module in MODULES.keys() - {"telemetra", "telemetra.__main__"}:
        here = layer_word(module)
        if here not in rank.keys() | EVERYWHERE | OUTER:
            wrong.append(f"{module} stands in no layer; add it to LAYERS")
            continue
        for target in {layer_word(name) for name in own_imports(module)}:
            allowed = (
                here != "model"
                if target in EVERYWHERE
                else here not in PURE | EVERYWHERE
                if target in OUTER
                else here in rank and rank.get(target, -1) >= rank[here]
            )
            if not allowed:
                wrong.append(f"{module} imports {target}")
    assert sorted(wrong) == []


def test_imports_name_the_whole_module() -> None:
    assert [module for module in MODULES if any(name.startswith(".") for name in imports(module))] == []


def test_no_import_inside_a_function() -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    assert [
        f"{module}:{inner.lineno}"
        for module in MODULES
        for function in nodes(module)
        if isinstance(function, functions)
        for inner in ast.walk(function)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    ] == []


def test_modules_are_loaded_by_name_only_from_the_table_of_extras() -> None:
    assert uses(("importlib.import_module", "__import__"), allowed={"telemetra.extras"}) == []


def test_the_environment_is_read_in_the_settings_alone() -> None:
    assert uses(("os.environ", "os.environb", "os.getenv"), allowed={"telemetra.settings"}) == []


def test_the_wall_clock_is_read_in_the_clock_alone() -> None:
    assert uses(WALL_CLOCK, allowed={"telemetra.clock"}) == []


def test_sql_stands_in_the_store_and_the_log_alone() -> None:
    assert [
        f"{module}:{node.lineno} {node.value[:40]}"
        for module in MODULES
        if layer_word(module) not in {"store", "eventlog"}
        for node in nodes(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(SQL)
    ] == []


def test_pure_packages_touch_nothing_outside() -> None:
    pure = [module for module in MODULES if layer_word(module) in PURE]
    tops = {module: {name.partition(".")[0] for name in imports(module)} for module in pure}
    assert {module: found & OUTSIDE_WORLD for module, found in tops.items() if found & OUTSIDE_WORLD} == {}
    waiting = (ast.AsyncFunctionDef, ast.Await)
    assert [f"{module}:{node.lineno}" for module in pure for node in nodes(module) if isinstance(node, waiting)] == []


def test_the_model_needs_the_standard_library_and_msgspec_alone() -> None:
    found = {name.partition(".")[0] for module in MODULES if layer_word(module) == "model" for name in imports(module)}
    assert found <= {
        "__future__",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "itertools",
        "msgspec",
        "operator",
        "re",
        "telemetra",
        "typing",
        "urllib",
        "uuid",
    }


def test_every_foreign_import_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    distributions = packages_distributions()
    found = {name.partition(".")[0] for module in MODULES for name in imports(module)}
    foreign = found - sys.stdlib_module_names - {"telemetra"}
    named = {name: {canonicalize_name(each) for each in distributions.get(name, [name])} for name in foreign}
    assert sorted(name for name, candidates in named.items() if not candidates & declared) == []


def test_no_file_is_too_long() -> None:
    files = [path for folder in ("telemetra", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
