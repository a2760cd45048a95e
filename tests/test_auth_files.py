"""Certificate files: ZPL, pyzmq's names, folders that are read again, and `python -m zmqlite keygen`."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zmqlite as zmq
from zmqlite import zpl
from zmqlite.auth import certs as auth_certs
from zmqlite.auth import create_certificates, load_certificate, load_certificates
from zmqlite.auth.certs import CertificateFolder

pytestmark = pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")

# ---- ZPL ----


def values(text: str) -> dict[str, Any]:
    """Path and value of each property."""
    return {"/".join(one.path): one.value for one in zpl.parse(text)}


def test_zpl_of_the_rfc_is_read() -> None:
    """Sections, quotes of both kinds, comments, empty lines."""
    text = """\
#   Notice that indentation is always 4 spaces
context
    iothreads = 1
    verbose = 1      #   Ask for a trace

main
    type = zmq_queue    #  ZMQ_DEVICE type
    frontend
        option
            hwm = 1000
            swap = 25000000
        bind = 'inproc://addr1'
        bind = "ipc://addr2"
"""
    found = zpl.parse(text)
    assert [one.value for one in found if one.path == ("main", "frontend", "bind")] == ["inproc://addr1", "ipc://addr2"]
    assert values(text)["context/verbose"] == "1"
    assert values(text)["main/type"] == "zmq_queue"
    assert values(text)["main/frontend/option/swap"] == "25000000"
    assert values(text)["main/frontend/option"] is None


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("a = 'b # c' # d", "b # c"), ('a="b = c"', "b = c"), ("a = ", ""), ("a = # c", ""), ("a = b#c", "b#c"),
        ("a = it's", "it's"), ("a =   b  ", "b"), ("a = b = c", "b = c"), ("\ta\t=\tb\t", "b"), ("a = b\r", "b"),
        ("a # b", None), ("a = \u00fc", "\u00fc"),
    ],
)  # fmt: skip
def test_zpl_value_is_what_the_line_says(line: str, value: str | None) -> None:
    """Quotes and comments are not part of it."""
    assert values(line) == {"a": value}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n= b", "line 2 has no name"), ("'a' = b", "no name"), ("a = 'b", "quote"), ("a = 'b' c", "quote"),
        ("a = b\0c", "control"), ("a = b\rc", "control"), ("a\x1b[2J", "control"), ("a = b\x0b", "control"),
        ("a\x85", "control"),
    ],
)  # fmt: skip
def test_zpl_that_could_be_read_in_two_ways_is_refused(text: str, said: str) -> None:
    """ValueError with the line's number, and nothing of the line."""
    with pytest.raises(ValueError, match=said) as caught:
        zpl.parse(text)
    assert "b" not in str(caught.value).replace("number", "")


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text("ab=#'\" \t\n\r\0", max_size=60))
def test_zpl_of_anything_is_read_or_a_value_error(text: str) -> None:
    """No other exception, and paths and lines that are there."""
    try:
        found = zpl.parse(text)
    except ValueError:
        return
    for one in found:
        assert all(one.path)
        assert 1 <= one.line <= text.count("\n") + 1


_NAMES = st.text("abcXYZ019-_@.&+/$", min_size=1)
_VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs"])) | st.text("a =#'\" ", max_size=20)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_NAMES, _VALUES))
def test_zpl_that_is_written_is_read_again(properties: dict[str, str]) -> None:
    """Or is refused, when a value has what cannot be quoted."""
    try:
        lines = zpl.format_section("metadata", properties)
    except ValueError as error:
        assert any('"' in value and "'" in value for value in properties.values()), error  # noqa: PT017
        return
    found = {one.path: one.value for one in zpl.parse("\n".join(lines))}
    assert found == {("metadata",): None, **{("metadata", name): value for name, value in properties.items()}}


# ---- pyzmq's names ----


@posix
def test_created_certificates_are_a_pair_and_the_secret_is_its_owners(tmp_path: Path) -> None:
    """0600 whatever the umask lets through; the public one has no secret, and both have the metadata."""
    before = os.umask(0)
    try:
        public_file, secret_file = create_certificates(tmp_path, "server", {"name": "the # server"})
    finally:
        os.umask(before)
    assert (public_file, secret_file) == (str(tmp_path / "server.key"), str(tmp_path / "server.key_secret"))
    assert stat.S_IMODE(os.stat(secret_file).st_mode) == 0o600
    public, secret = load_certificate(secret_file)
    assert secret is not None
    assert zmq.curve_public(secret) == public
    assert load_certificate(public_file) == (public, None)
    assert secret not in Path(public_file).read_bytes()
    for file in (public_file, secret_file):
        assert b'    name = "the # server"\n' in Path(file).read_bytes()


def test_created_certificates_never_replace_any(tmp_path: Path) -> None:
    """pyzmq would; and of a pair that cannot be written whole, nothing is left."""
    create_certificates(tmp_path, "a")
    (tmp_path / "b.key").write_text("precious")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ("a", "b"):
        with pytest.raises(FileExistsError):
            create_certificates(tmp_path, name)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_certificates_of_pyzmq_load_and_ours_load_in_pyzmq(tmp_path: Path) -> None:
    """Files and folders, with metadata."""
    theirs = pytest.importorskip("zmq.auth.certs")
    for module, name in ((theirs, "theirs"), (sys.modules["zmqlite.auth.certs"], "ours")):
        module.create_certificates(tmp_path, name, {"e-mail": "a@b.c", "note": "x = y"})
        os.chmod(tmp_path / f"{name}.key_secret", 0o600)
    for name in ("theirs", "ours"):
        for suffix in (".key", ".key_secret"):
            path = tmp_path / f"{name}{suffix}"
            assert load_certificate(path) == theirs.load_certificate(path)
    assert load_certificates(tmp_path) == theirs.load_certificates(tmp_path)
    assert len(load_certificates(str(tmp_path))) == 2


@posix
def test_loading_a_secret_that_others_can_read_warns(tmp_path: Path) -> None:
    """It names the file, its mode and the remedy; one of a public certificate is for everybody."""
    public_file, secret_file = create_certificates(tmp_path, "server")
    os.chmod(secret_file, 0o640)
    with pytest.warns(zmq.SecurityWarning, match=r"server\.key_secret.*0640.*chmod 600") as caught:
        secret = load_certificate(secret_file)[1]
    assert secret is not None
    assert secret.decode() not in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_certificate(public_file)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"curve\n", b'curve\n    public-key = "short"\n', b"\xff\xfe\0", b"public-key", b"=",
        b'curve\n    public-key = "' + b"\\" * 40 + b'"\n',
        2 * b'curve\n    public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"\n',
        b'curve\n    public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"\n' + b"#" * 70_000,
    ],
)  # fmt: skip
def test_file_that_is_no_certificate_is_a_value_error(tmp_path: Path, content: bytes) -> None:
    """Also alone in a folder; it names the file."""
    (tmp_path / "bad.key").write_bytes(content)
    for load in (load_certificate, lambda path: load_certificates(tmp_path)):
        with pytest.raises(ValueError, match=r"bad\.key"):
            load(tmp_path / "bad.key")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.lists(st.sampled_from([
    b"curve\n", b"    public-key = ", b"    secret-key = ", b'"', b"\n", b"#", b"metadata\n", b"\t", b"\0", b"\xff",
    b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", b"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
])).map(b"".join))  # fmt: skip
def test_certificate_of_anything_loads_or_is_a_value_error(tmp_path_factory: Any, content: bytes) -> None:
    """What loads are keys of 40 characters that belong together; and no error shows the secret one."""
    path = tmp_path_factory.mktemp("fuzz") / "key"
    path.touch(0o600)
    path.write_bytes(content)
    try:
        public, secret = load_certificate(path)
    except ValueError as error:
        assert "D:)Q[IlAW!ahhC2ac" not in repr(error)  # noqa: PT017
    else:
        assert len(public) == 40
        assert secret is None or zmq.curve_public(secret) == public


@posix
@pytest.mark.timeout(20)
def test_pipe_or_folder_in_the_place_of_a_certificate_is_refused(tmp_path: Path) -> None:
    """Nothing waits for somebody to write to it."""
    os.mkfifo(tmp_path / "pipe.key")
    with pytest.raises(ValueError, match="not a regular file"):
        load_certificate(tmp_path / "pipe.key")
    with pytest.raises((ValueError, OSError)):
        load_certificate(tmp_path)
    with pytest.raises(OSError, match="not a directory"):
        load_certificates(tmp_path / "nowhere")


# ---- folders that are read again ----


def test_folder_is_read_again_when_a_certificate_comes_changes_or_goes(tmp_path: Path) -> None:
    """And only then."""
    folder = CertificateFolder(tmp_path)
    assert folder.read_if_changed() == {}
    assert folder.read_if_changed() is None
    keys = zmq.KeyPair.generate()
    keys.save_public(tmp_path / "a.key")
    assert folder.read_if_changed() == {keys.public: True}
    assert folder.read_if_changed() is None
    other = zmq.KeyPair.generate()
    other.save_public(tmp_path / "new")
    os.replace(tmp_path / "new", tmp_path / "a.key")
    assert folder.read_if_changed() == {other.public: True}
    os.unlink(tmp_path / "a.key")
    assert folder.read_if_changed() == {}


def test_folder_that_has_not_changed_is_not_searched_for_each_client(tmp_path: Path, monkeypatch: Any) -> None:
    """Within a second: then a file that was written over is found, too."""
    keys, other = zmq.KeyPair.generate(), zmq.KeyPair.generate()
    keys.save_public(tmp_path / "a.key")
    other.save_public(tmp_path / "b.txt")
    searched, stat_it = [], os.stat
    monkeypatch.setattr(auth_certs.os, "stat", lambda path: searched.append(path) or stat_it(path))
    monkeypatch.setattr(auth_certs, "_LOOK_SECONDS", 3600)
    monkeypatch.setattr(auth_certs, "_TICK_NS", -(2**62))  # the folder is old enough
    folder = CertificateFolder(tmp_path)
    assert folder.read_if_changed() == {keys.public: True}
    searched.clear()
    for _ in range(3):
        assert folder.read_if_changed() is None
    assert searched == 3 * [tmp_path]
    (tmp_path / "a.key").write_bytes((tmp_path / "b.txt").read_bytes())
    monkeypatch.setattr(auth_certs, "_LOOK_SECONDS", 0)
    assert folder.read_if_changed() == {other.public: True}


def test_bad_file_keeps_no_other_certificate_out(tmp_path: Path) -> None:
    """It is told which it was, and why."""
    public_file, _ = create_certificates(tmp_path, "good")
    (tmp_path / "bad.key").write_text("nonsense")
    if os.name == "posix":
        (tmp_path / "link.key").symlink_to(tmp_path / "nowhere")
    folder = CertificateFolder(tmp_path)
    assert folder.read_if_changed() == {load_certificate(public_file)[0]: True}
    assert str(tmp_path / "bad.key") in folder.failures


def test_folder_that_goes_lets_nobody_in_until_it_is_back(tmp_path: Path) -> None:
    """No keys, told once."""
    keys = tmp_path / "keys"
    keys.mkdir()
    pair = zmq.KeyPair.generate()
    pair.save_public(keys / "a.key")
    folder = CertificateFolder(keys)
    assert folder.read_if_changed() == {pair.public: True}
    os.rename(keys, tmp_path / "away")
    assert folder.read_if_changed() == {}
    assert list(folder.failures) == [str(keys)]
    assert folder.read_if_changed() is None
    os.rename(tmp_path / "away", keys)
    assert folder.read_if_changed() == {pair.public: True}


# ---- python -m zmqlite keygen ----


def keygen(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-W", "error", "-m", "zmqlite", "keygen", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_keygen_writes_a_pair_and_prints_no_secret(tmp_path: Path) -> None:
    """What is printed is the public key and where the files are."""
    done = keygen("server", "-d", str(tmp_path), "-m", "email=a@b.c", "-m", "note=x=y")
    assert (done.returncode, done.stderr) == (0, "")
    public, secret = load_certificate(tmp_path / "server.key_secret")
    assert secret is not None
    assert public.decode() in done.stdout
    assert secret.decode() not in done.stdout
    assert str(tmp_path / "server.key_secret") in done.stdout
    assert "    note = x=y\n" in (tmp_path / "server.key").read_text()


def test_keygen_prints_json(tmp_path: Path) -> None:
    """For scripts: the public key, and where both files are."""
    said = json.loads(keygen("server", "-d", str(tmp_path), "--json").stdout)
    files = {"public": str(tmp_path / "server.key"), "secret": str(tmp_path / "server.key_secret")}
    assert said == {"public_key": said["public_key"], **files}
    assert said["public_key"] in (tmp_path / "server.key").read_text(encoding="utf-8")


def test_keygen_that_cannot_write_says_why_and_exits_with_1(tmp_path: Path) -> None:
    """Files that are there stay as they are."""
    assert keygen("a", "-d", str(tmp_path)).returncode == 0
    before = (tmp_path / "a.key_secret").read_bytes()
    for arguments, said in (
        (("a", "-d", str(tmp_path)), "is there already"),
        (("b", "-d", str(tmp_path / "nowhere")), "No such file"),
        (("../b", "-d", str(tmp_path)), "not a file's name"),
        (("b", "-d", str(tmp_path), "-m", "a=\n"), "one line"),
    ):
        done = keygen(*arguments)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert (tmp_path / "a.key_secret").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.key", "a.key_secret"]
    assert keygen("b", "-m", "nonsense").returncode == 2
