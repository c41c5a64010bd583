import hashlib
import importlib.util
import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

SCRIPT = settings.BASE_DIR / "scripts" / "bootstrap.py"
VERSION = "9.9.9"


@pytest.fixture
def bootstrap(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(module, "UV", tmp_path / "bin" / "uv")
    return module


@pytest.fixture
def package(tmp_path, monkeypatch, bootstrap):
    """A wheel of uv as an index would serve it, with a shell script for a program."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"uv-{VERSION}.data/scripts/uv", f"#!/bin/sh\necho uv {VERSION}\n")
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: "x86_64")
    served = tmp_path / "uv-9.9.9-py3-none-manylinux_2_17_x86_64.whl"
    served.write_bytes(content.getvalue())
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    return {"version": VERSION, "wheels": [{"url": served.as_uri(), "hash": f"sha256:{digest}"}]}


def test_the_lock_names_a_wheel_for_each_machine(bootstrap, monkeypatch):
    wheels = bootstrap.locked_uv()["wheels"]
    for machine in ("x86_64", "aarch64"):
        for libc, abi in (
            ("manylinux", "cpython-311-x86_64-linux-gnu"),
            ("musllinux", "cpython-311-linux-musl"),
        ):
            monkeypatch.setattr(bootstrap.platform, "machine", lambda machine=machine: machine)
            monkeypatch.setattr(bootstrap.sysconfig, "get_config_var", lambda name, abi=abi: abi)
            name = bootstrap.wheel_for_this_machine(wheels)["url"]
            assert libc in name
            assert machine in name


def test_an_unknown_machine_has_no_wheel(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: "vax")
    assert bootstrap.wheel_for_this_machine(bootstrap.locked_uv()["wheels"]) is None


def test_a_download_becomes_a_program(bootstrap, package):
    assert bootstrap.with_download(package)
    assert subprocess.run([bootstrap.UV], capture_output=True, check=True).stdout == b"uv 9.9.9\n"


def test_a_download_with_another_hash_is_refused(bootstrap, package):
    package["wheels"][0]["hash"] = "sha256:" + "0" * 64

    with pytest.raises(SystemExit, match="wrong hash"):
        bootstrap.with_download(package)

    assert not bootstrap.UV.exists()


def test_no_way_to_a_server_says_so(bootstrap, package):
    package["wheels"][0]["url"] = "http://127.0.0.1:9/uv-manylinux_2_17_x86_64.whl"

    with pytest.raises(SystemExit, match="Cannot download uv"):
        bootstrap.with_download(package)


def test_without_pip_and_ensurepip_uv_is_downloaded(bootstrap, package, monkeypatch):
    monkeypatch.setattr(bootstrap, "locked_uv", lambda: package)
    monkeypatch.setattr(bootstrap, "runs", lambda *command: False)

    assert bootstrap.find_uv() == bootstrap.UV


def test_a_uv_of_another_version_is_not_taken(bootstrap, package, monkeypatch, tmp_path):
    other = tmp_path / "path" / "uv"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\necho uv 0.0.1\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent), prepend=":")

    assert not bootstrap.is_version("uv", VERSION)
    assert bootstrap.is_version("uv", "0.0.1")


def test_no_host_but_the_package_index_is_named():
    for script in Path(SCRIPT.parent).glob("bootstrap.*"):
        assert "://" not in script.read_text(encoding="utf-8"), script
