"""Vulnerability audit of a lock file: `python -m scripts.audit LOCK_FILE`.

Runs pip-audit. The exit status is 1 if there is a known vulnerability, and 0 if there is none or if the data is not
available, which is reported in one sentence: it is not a fault of the packages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the known vulnerabilities of the packages in a lock file."""
    (lock_file,) = sys.argv[1:] if arguments is None else arguments
    options = ["--requirement", lock_file, "--require-hashes", "--disable-pip", "--format", "json"]
    asked = subprocess.run(
        [sys.executable, "-P", "-m", "pip_audit", *options, "--progress-spinner", "off"], capture_output=True, text=True
    )
    try:
        found = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = asked.stderr.strip().splitlines()[-1:] or [f"it ended with status {asked.returncode}"]
        print(f"Nothing was audited: pip-audit failed ({last[0]}).")
        return 0
    sentences, is_vulnerable = verdict(found)
    print("\n".join(sentences))
    return int(is_vulnerable)


def verdict(found: Sequence[Mapping[str, Any]]) -> tuple[list[str], bool]:
    """The findings of pip-audit, in sentences, and whether anything is vulnerable."""
    skipped = [package["name"] for package in found if "skip_reason" in package]
    n_asked = len(found) - len(skipped)
    if not n_asked:
        return ["Nothing was audited: vulnerability data is not available from this package index."], False
    sentences = [
        f"{package['name']} {package['version']}: {known['id']}, fixed in {' or '.join(known['fix_versions']) or '?'}."
        for package in found
        for known in package.get("vulns", ())
    ]
    if skipped:
        sentences.append(f"Nothing is known about {', '.join(skipped)}.")
    n_vulnerable = sum(bool(package.get("vulns")) for package in found)
    return [*sentences, f"{n_vulnerable} of {n_asked} packages have a known vulnerability."], n_vulnerable > 0


if __name__ == "__main__":
    sys.exit(main())
