"""Uploads are kept whole under a clean name, or not at all."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from annscope.runs import uploads
from annscope.runs.atomic import StorageError
from annscope.runs.uploads import (
    MAX_NAME,
    UploadError,
    clean_name,
    delete_upload,
    is_upload,
    list_uploads,
    save_upload,
    uploads_home,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `ANNSCOPE_HOME`."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path))
    return tmp_path


def test_an_upload_is_a_file_beside_the_downloaded_data(home: Path) -> None:
    """It is listed with its size, is known as an upload, and goes when it is deleted."""
    assert list_uploads() == []
    path = save_upload("flowers.csv", io.BytesIO(b"a,b\n1,2\n"))
    assert path == home / "data" / "uploads" / "flowers.csv"
    assert path.read_bytes() == b"a,b\n1,2\n"
    assert [(upload.path, upload.n_bytes) for upload in list_uploads()] == [(path, 8)]
    assert is_upload(str(path))
    assert not is_upload(str(home / "flowers.csv"))
    delete_upload(path)
    delete_upload(path)
    assert list_uploads() == []


def test_another_upload_is_never_replaced() -> None:
    """The same content is the same file; another content of the same name gets a number before its suffixes."""
    first = save_upload("a.csv.gz", io.BytesIO(b"1"))
    assert save_upload("a.csv.gz", io.BytesIO(b"1")) == first
    second = save_upload("a.csv.gz", io.BytesIO(b"2"))
    assert second.name == "a-2.csv.gz"
    assert save_upload("a.csv.gz", io.BytesIO(b"2")) == second
    assert first.read_bytes() == b"1"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.csv", "a.csv"),
        ("a\nb\x00<c>.csv", "a_b__c_.csv"),
        ("--rm.csv", "rm.csv"),
        (".hidden.csv", "hidden.csv"),
        ("CON.csv", "_CON.csv"),
        ("...", "upload"),
        ("", "upload"),
        ("Käse 1.csv", "Käse 1.csv"),
    ],
)
def test_a_name_is_cleaned(name: str, clean: str) -> None:
    """No folder, nothing that is invisible, hidden or an option."""
    assert clean_name(name) == clean


def test_a_long_name_keeps_its_suffixes() -> None:
    """They tell how the file is read."""
    name = clean_name("ä" * 300 + ".csv.gz")
    assert name.endswith("ä.csv.gz")
    assert len(name.encode()) <= MAX_NAME
    assert len(clean_name("a." + "b" * 300).encode()) <= MAX_NAME


def test_what_is_empty_or_too_large_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence, and nothing is left behind."""
    with pytest.raises(UploadError, match=r"a\.csv is empty"):
        save_upload("a.csv", io.BytesIO())
    monkeypatch.setattr(uploads, "MAX_BYTES", 3)
    with pytest.raises(UploadError, match="4 bytes, more than the 3 of an upload: give its path"):
        save_upload("a.csv", io.BytesIO(b"1234"))
    assert not uploads_home().exists()


def test_a_full_disk_leaves_nothing_behind() -> None:
    """The sentence names the disk, and the space is free again."""

    class FullDisk(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 1 << 20:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().read(size)

    with pytest.raises(StorageError, match="is full"):
        save_upload("a.csv", FullDisk(b"x" * (3 << 20)))
    assert list(uploads_home().iterdir()) == []


def test_nothing_but_an_upload_is_deleted(home: Path) -> None:
    """Whatever path a page hands over."""
    other = home / "precious.csv"
    other.write_text("1")
    for path in (other, uploads_home() / ".." / ".." / "precious.csv"):
        with pytest.raises(UploadError, match="is not an upload"):
            delete_upload(path)
    assert other.exists()
