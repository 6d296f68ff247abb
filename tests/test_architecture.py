"""What must stay true of the whole house, read from its source."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[1]
APPS = ("billing", "smartbill", "notifications")
MAY_IMPORT = {
    "billing": {"billing", "smartbill", "notifications"},
    "smartbill": {"smartbill", "notifications"},
    "notifications": {"notifications"},
}
FROM_CONFIG = {"config.admin", "config.kill_points", "config.queue"}

NETWORK = {"aiohttp", "ftplib", "http.client", "httpx", "requests", "smtplib", "socket", "stripe", "urllib.request"}
NETWORK |= {"urllib3", "websockets"}
DOORS = {
    "billing/djstripe_compat.py": "tells dj-stripe's own use of the SDK what it may do",
    "billing/checks.py": "compares the SDK's version with the pinned one",
    "config/healthcheck.py": "asks the web server of its own container",
    "config/heartbeat.py": "the name of this host",
    "notifications/answers.py": "names the errors that a mail backend raises",
    "smartbill/journal.py": "the name of this host",
    "smartbill/services/guard.py": "the name of this host",
    "smartbill/providers/transport.py": "the one way in which the providers' client.py files reach the network",
}
"""Files besides client.py, stand-ins and the demonstration that import a network library, and why."""

# Put together here, so that this file does not find itself.
FORBIDDEN_WORDS = ["/wo" + "rk/", "shar" + "ed/reference", "sub" + "agent", "Chat" + "GPT"]
FORBIDDEN_WORDS += [rf"\b{word}\b" for word in ("TO" + "DO", "FIX" + "ME", "X" + "XX")]
LONGEST_FILE, LONGEST_TEST, LONGEST_FUNCTION = 300, 400, 60


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def source(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_stand_in(path: Path) -> bool:
    return "sandbox" in path.parts or "demo" in path.parts or path.stem == "sandbox"


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def starts_with(module: str, names: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


@pytest.mark.parametrize("app", APPS)
def test_imports_run_one_way(app: str) -> None:
    others = {"billing", "smartbill", "notifications", "config", "tests"}
    wrong = [
        f"{name_of(path)}: {module}"
        for path in source(app)
        for module in imports(path)
        if starts_with(module, others) and not starts_with(module, MAY_IMPORT[app] | FROM_CONFIG)
    ]
    assert wrong == []


def test_only_a_client_reaches_the_network() -> None:
    reaching = {
        name_of(path)
        for path in source(*APPS, "config")
        if path.name != "client.py"
        and not is_stand_in(path)
        and any(starts_with(module, NETWORK) for module in imports(path))
    }
    assert reaching == set(DOORS)


def test_every_task_that_is_named_exists() -> None:
    named = {*settings.DRAINS, *(task for task, _minutes in settings.SCHEDULES.values())}
    for path in source(*APPS, "config"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "enqueue":
                named |= {each.value for each in node.args[:1] if isinstance(each, ast.Constant)}
    assert len(named) >= len(settings.DRAINS) + len(settings.SCHEDULES)
    for name in named:
        assert callable(import_string(name)), name
    for name in settings.DRAINS:
        assert callable(import_string(name).due), name


TIME = re.compile(
    r"isinstance\(|now: float|budget|second|pause|not_after|until|timeout|whole|deadline|clock|monotonic|interval|wait"
    r"|patience"
)


def test_money_is_never_a_float() -> None:
    """Seconds may be; amounts, rates and quantities are Decimal or integers of the minor unit."""
    used = []
    for path in source(*APPS):
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree(path)) if not is_stand_in(path) else ():
            if (isinstance(node, ast.Name) and node.id == "float") or is_float_field(node):
                line = lines[node.lineno - 1]
                used += [] if TIME.search(line) else [f"{name_of(path)}:{node.lineno}: {line.strip()}"]
    assert used == []


def is_float_field(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr == "FloatField"


def test_files_and_functions_stay_small() -> None:
    long = [
        f"{name_of(path)}: {lines} lines"
        for path in source(*APPS, "config", "tests")
        if (lines := len(path.read_text(encoding="utf-8").splitlines()))
        > (LONGEST_TEST if path.parts[len(ROOT.parts)] == "tests" else LONGEST_FILE)
    ]
    long += [
        f"{name_of(path)}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in source(*APPS, "config")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_every_module_says_what_it_owns() -> None:
    silent = [
        name_of(path)
        for path in source(*APPS, "config")
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert silent == []


def test_no_module_is_a_bag() -> None:
    bags = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager", "managers", "signals"}
    assert [name_of(path) for path in source(*APPS, "config") if path.stem in bags] == []


def test_no_import_hides_a_cycle() -> None:
    """Only `AppConfig.ready` imports inside: the registry is not there before."""
    hidden = [
        f"{name_of(path)}: {function.name}"
        for path in source(*APPS, "config")
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and not (path.name == "apps.py" and function.name == "ready")
        and any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
    ]
    assert hidden == []


def test_errors_are_not_swallowed() -> None:
    """`except:`, and `except Exception: pass`."""
    swallowed = [
        f"{name_of(path)}:{node.lineno}"
        for path in source(*APPS, "config")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (is_exception(node.type) and all(isinstance(each, ast.Pass) for each in node.body)))
    ]
    assert swallowed == []


def is_exception(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("Exception", "BaseException")


def test_saving_a_row_does_nothing_else() -> None:
    """No work in `save()` and no signals of models."""
    working = [
        f"{name_of(path)}: {node.name}"
        for path in source(*(f"{app}/models" for app in APPS))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and node.name in ("save", "delete")
    ]
    assert working == []
    listening = [
        name_of(path)
        for path in source(*APPS)
        if not is_stand_in(path) and any(m.startswith("django.db.models.signals") for m in imports(path))
    ]
    assert set(listening) <= {"smartbill/apps.py", "smartbill/triggers.py"}


def test_the_house_speaks_of_itself_alone() -> None:
    """No word of the place where it was written, and nothing left for later."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)  # noqa: S607
    names = listed.stdout.splitlines() or [name_of(path) for path in source(*APPS, "config", "tests")]
    words = re.compile("|".join(FORBIDDEN_WORDS))
    texts = (".py", ".md", ".html", ".txt", ".toml", ".yaml", ".yml", ".css", ".js", ".sh", "Makefile", "Dockerfile")
    found = []
    for name in names:
        path = ROOT / name
        if name.endswith(texts) and path.is_file() and not name.startswith("requirements/"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if words.search(line):
                    found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert found == []
