"""Builds .venv from uv.lock; uses nothing but the standard library.

A fresh Debian or Ubuntu has no pip, no ensurepip and perhaps no root. So the one tool needed, uv, comes from
the first of these that works: the environment itself, the PATH, pip, ensurepip, a download of its wheel.
Version, address and hash of uv are those of uv.lock, where it stands like any other dependency.
"""

import contextlib
import hashlib
import io
import os
import platform
import shutil
import ssl
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
UV = ENVIRONMENT / "bin" / "uv"
LOCK = ROOT / "uv.lock"
STAMP = ENVIRONMENT / ".passgenau-lock"
PLACE = ENVIRONMENT / ".passgenau-place"
TIMEOUT_SECONDS = 120


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


def runs(*command: str | Path) -> bool:
    """Tell whether a command ends well; its output is dropped."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def locked_uv() -> dict:
    """Return the lock file's entry of uv: version, wheels with address and hash."""
    packages = tomllib.loads(LOCK.read_text(encoding="utf-8"))["package"]
    return next(package for package in packages if package["name"] == "uv")


def is_version(uv: str | Path, version: str) -> bool:
    """Tell whether this uv is there and of the pinned version."""
    try:
        answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.stdout.split()[1:2] == [version]


def create_environment() -> None:
    """Create .venv unless a usable one is there.

    Its programs name their folder, so a moved one is of no use.
    """
    moved = PLACE.exists() and PLACE.read_text(encoding="utf-8") != str(ROOT)
    if not moved and runs(PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"):
        return
    say(f"Creating .venv with Python {platform.python_version()} ({sys.executable})")
    venv.create(ENVIRONMENT, clear=True, symlinks=True, with_pip=False)


def with_pip(pip: list[str], package: dict) -> bool:
    """Install uv by a pip, which knows this machine's index, mirror and certificates."""
    if not runs(*pip, "--version"):
        return False
    hashes = " ".join(f"--hash={wheel['hash']}" for wheel in package["wheels"])
    with tempfile.TemporaryDirectory() as folder:
        requirement = Path(folder) / "uv.txt"
        requirement.write_text(f"uv=={package['version']} {hashes}\n", encoding="utf-8")
        say(f"Installing uv {package['version']} with pip")
        options = [
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
        ]
        command = [*pip, "install", *options, "--force-reinstall", "-r", str(requirement)]
        return subprocess.run(command, check=False).returncode == 0 and is_version(UV, package["version"])


def wheel_for_this_machine(wheels: list[dict]) -> dict | None:
    """Choose the wheel by processor and C library."""
    libc = "manylinux" if "gnu" in (sysconfig.get_config_var("SOABI") or "gnu") else "musllinux"
    for wheel in wheels:
        name = wheel["url"].rpartition("/")[2]
        if libc in name and f"_{platform.machine()}" in name:
            return wheel
    return None


def fetch(url: str) -> bytes:
    """Download a file; proxy and certificate settings of the environment apply."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  address from uv.lock
        return answer.read()


def fetch_with_certificates(url: str) -> bytes:
    """Download a file; if the machine has no certificates at all, install them first where allowed.

    Raises:
        SystemExit: No download; the message says what to do.
    """
    try:
        return fetch(url)
    except urllib.error.URLError as error:
        if "CERTIFICATE_VERIFY_FAILED" not in str(error.reason):
            raise SystemExit(f"Cannot download uv: {error.reason}\n  {url}") from error
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing ca-certificates")
        runs("apt-get", "update")
        runs("apt-get", "install", "-y", "--no-install-recommends", "ca-certificates")
        with contextlib.suppress(urllib.error.URLError):
            return fetch(url)
    raise SystemExit(
        "The server's certificate cannot be checked. Debian/Ubuntu: apt-get install ca-certificates"
    )


def with_download(package: dict) -> bool:
    """Download uv's wheel, check its hash and put its programs into .venv."""
    wheel = wheel_for_this_machine(package["wheels"])
    if wheel is None:
        return False
    say(f"Downloading uv {package['version']} ({wheel.get('size', 0) // 1_000_000} MB)")
    content = fetch_with_certificates(wheel["url"])
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != wheel["hash"]:
        raise SystemExit("The downloaded uv is not the one of uv.lock (wrong hash); nothing was installed.")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.namelist():
            if ".data/scripts/" in member:
                target = UV.with_name(member.rpartition("/")[2])
                target.write_bytes(archive.read(member))
                target.chmod(0o755)
    return is_version(UV, package["version"])


def find_uv() -> Path | str:
    """Return a uv of the pinned version, installing it into .venv if need be."""
    package = locked_uv()
    version = package["version"]
    if is_version(UV, version):
        return UV
    if is_version("uv", version):
        return "uv"
    # --python: pip >= 22.3 installs into another environment than its own.
    if with_pip([sys.executable, "-m", "pip", "--python", str(PYTHON)], package):
        return UV
    if runs(PYTHON, "-m", "ensurepip", "--default-pip") and with_pip([str(PYTHON), "-m", "pip"], package):
        return UV
    if with_download(package):
        return UV
    machine = f"{platform.system()} {platform.machine()}"
    raise SystemExit(
        f"No way found to install uv {version} on this machine ({machine}). Put it on the PATH, try again."
    )


def has_certificates() -> bool:
    """Tell whether the machine keeps certificates; a proxy's own (common in offices) stand only there."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile) or bool(paths.capath and any(Path(paths.capath).iterdir()))


def main() -> None:
    """Create or update .venv, then note which lock file it was built from."""
    create_environment()
    STAMP.unlink(missing_ok=True)
    uv = find_uv()
    say("Installing the locked packages into .venv")
    settings = {
        "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT),
        "UV_PYTHON": str(PYTHON),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    if has_certificates():
        settings["UV_SYSTEM_CERTS"] = os.environ.get("UV_SYSTEM_CERTS", "1")
    # A caller's active environment is none of our business.
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    command = [uv, "sync", "--frozen", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, env=inherited | settings, check=False)
    if done.returncode:
        raise SystemExit("The packages could not be installed; the lines above say why.")
    PLACE.write_text(str(ROOT), encoding="utf-8")
    shutil.copyfile(LOCK, STAMP)
    say("Environment ready: .venv")


if __name__ == "__main__":
    main()
