"""What gets installed: the lock files follow what people wrote, hold hashes, and name no place to fetch from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from scripts.audit import verdict

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def written(name: str) -> list[Requirement]:
    """The requirements that people wrote, those of an included file too."""
    found = []
    for line in (ROOT / name).read_text().splitlines():
        if line.startswith("-r "):
            found += written(line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            found.append(Requirement(line))
    return found


def locked(name: str) -> dict[Requirement, list[str]]:
    """The pinned requirements of a lock file, with their hashes."""
    text = re.sub(r"^#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    entries = (line.split() for line in text.splitlines())
    return {
        Requirement(" ".join(part for part in entry if not part.startswith("--hash="))): [
            part.removeprefix("--hash=") for part in entry if part.startswith("--hash=")
        ]
        for entry in entries
    }


@pytest.mark.parametrize("kind", ["", "-dev"])
def test_the_lock_files_hold_what_was_asked_for(kind: str) -> None:
    """For every Python that annscope supports, each requirement is locked at one release that satisfies it."""
    pins = locked(f"requirements{kind}.lock")
    for asked in written(f"requirements{kind}.txt"):
        for python in PYTHONS:
            here = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
            (pin,) = (
                pin for pin in pins if pin.name == asked.name and (pin.marker is None or pin.marker.evaluate(here))
            )
            (exactly,) = pin.specifier
            assert exactly.operator == "=="
            assert asked.specifier.contains(exactly.version), f"{asked} is locked as {pin}: make lock"


@pytest.mark.parametrize("kind", ["", "-dev"])
def test_the_lock_files_hold_hashes_and_no_addresses(kind: str) -> None:
    """What is installed is what was locked, from whatever index a machine uses."""
    text = (ROOT / f"requirements{kind}.lock").read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)
    for pin, hashes in locked(f"requirements{kind}.lock").items():
        assert hashes, f"{pin} has no hash"
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", each) for each in hashes)


def test_tests_run_on_the_releases_that_users_get() -> None:
    """Everything in the lock file of `make run` is in that of `make test`, at the same releases."""
    assert set(map(str, locked("requirements.lock"))) <= set(map(str, locked("requirements-dev.lock")))


def test_every_requirement_has_an_oldest_release() -> None:
    """Each of what annscope runs on has a lower bound, for `make check-lower-bounds` to try, and no upper one."""
    for asked in written("requirements.txt"):
        assert [each.operator for each in SpecifierSet(str(asked.specifier))] == [">="], asked


def test_an_audit_reports_what_it_knows() -> None:
    """A vulnerability is named with the release that fixes it, and an unknown state is never reported as safe."""
    safe = {"name": "safe", "version": "1.0", "vulns": []}
    weak = {"name": "weak", "version": "2.0", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1"]}]}
    unknown = {"name": "unknown", "skip_reason": "not found"}
    assert verdict([safe]) == (["0 of 1 packages have a known vulnerability."], False)
    sentences, is_vulnerable = verdict([safe, weak, unknown])
    assert is_vulnerable
    assert sentences == [
        "weak 2.0: CVE-1, fixed in 2.1.",
        "Nothing is known about unknown.",
        "1 of 2 packages have a known vulnerability.",
    ]
    assert verdict([unknown])[0] == [
        "Nothing was audited: vulnerability data is not available from this package index."
    ]
