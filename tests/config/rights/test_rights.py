"""Who may do what: every role at every door, as `rights.txt` and `api.txt` say. A door without a line fails.

A line is a method, a door, and one sign per role in the order of the head:
x in (or in, and nothing there)   - refused   L to the sign-in   F to the second factor   0 not found
m no such method   ! no valid token
"""

from pathlib import Path

import pytest

from tests.config.rights.walk import PEOPLE, TOKENS, Door, api_doors, bearer, doors, outcome, person

pytestmark = pytest.mark.django_db
HERE = Path(__file__).parent
ENDS_SESSION = ("account/logout/",)


def table(name: str) -> dict[str, str]:
    """Return the signs of each door."""
    lines = (HERE / name).read_text("utf-8").splitlines()
    return dict(reversed(line.split("  ", 1)) for line in lines if line and not line.startswith("#"))  # type: ignore[misc]


def heads(name: str) -> list[str]:
    found = [line for line in (HERE / name).read_text("utf-8").splitlines() if line.startswith("# roles: ")]
    return found[0].removeprefix("# roles: ").split(", ")


@pytest.mark.parametrize(("name", "found", "roles"), [("rights.txt", doors, PEOPLE), ("api.txt", api_doors, TOKENS)])
def test_every_door_has_a_line_and_every_line_a_door(name: str, found: object, roles: list[str]) -> None:
    written, there = table(name), {door.line for door in found()}  # type: ignore[operator]
    assert heads(name) == roles
    assert sorted(there - written.keys()) == []
    assert sorted(written.keys() - there) == []
    assert {len(signs) for signs in written.values()} == {len(roles)}


def told(all_doors: list[Door], name: str, column: int, seen: dict[str, str]) -> list[str]:
    signs = table(name)
    return [
        f"{door.line}: {seen[door.line]}, not {signs[door.line][column]}"
        for door in all_doors
        if seen[door.line] != signs[door.line][column]
    ]


@pytest.mark.parametrize("role", PEOPLE)
def test_people_get_as_far_as_the_table_says(role: str) -> None:
    client = person(role)
    seen = {}
    for door in doors():
        seen[door.line] = outcome(person(role) if door.name in ENDS_SESSION else client, door)
    assert told(doors(), "rights.txt", PEOPLE.index(role), seen) == []


@pytest.mark.parametrize("kind", TOKENS)
def test_machines_get_as_far_as_the_table_says(kind: str) -> None:
    client = person("superuser")
    headers = bearer(kind)
    seen = {door.line: outcome(client, door, headers=headers) for door in api_doors()}
    assert told(api_doors(), "api.txt", TOKENS.index(kind), seen) == []
