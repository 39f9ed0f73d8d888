"""Files are what their bytes say, whole, and do nothing by themselves."""

from __future__ import annotations

import hashlib
import stat
import zlib
from pathlib import Path

import pytest
from support.acts_office import jpeg, pdf, png

from zhuanjie.engine.api import InputError
from zhuanjie.web.acts.attachments import AttachmentFolder, shown_file_name
from zhuanjie.web.acts.content import JPEG, PDF, PNG, content_of
from zhuanjie.web.store.errors import NotFoundError


@pytest.mark.parametrize(("data", "type"), [
    (png(), PNG), (jpeg(), JPEG), (pdf(), PDF), (pdf(packed=b"1 0 << /Type /Font >>"), PDF),
    (pdf(b"/OpenAction [2 0 R /Fit]"), PDF)])
def test_a_whole_file_is_taken(data: bytes, type: str) -> None:
    assert content_of(data) == (type, len(data))


@pytest.mark.parametrize(("data", "code"), [
    (b"", "file-type"), (b"GIF89a" + bytes(20), "file-type"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file-type"),
    (b"<html><script>1</script></html>", "file-type"), (b"PK\x03\x04" + bytes(40), "file-type"),
    (b"\n" + pdf(), "file-type"),
    (png()[:-1], "file-broken"), (png().replace(b"IHDR", b"IHDX"), "file-broken"),
    (png() + b"<script>", "file-more"), (jpeg()[:-2], "file-broken"),
    (b"\xff\xd8\xff\xd9", "file-broken"), (jpeg() + pdf(), "file-more"),
    (jpeg() + b"PK\x05\x06" + bytes(18), "file-more"),
    (png(20_001, 1), "file-large-picture"), (png(20_000, 20_000), "file-large-picture"),
    (jpeg(65_535, 65_535), "file-large-picture"), (png(0, 1), "file-large-picture"),
    (pdf().replace(b"%%EOF", b"%%EO"), "file-broken"), (pdf() + b"<html>", "file-more"),
    (pdf(b"<script>"), "file-more"),
    (pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "file-active"),
    (pdf(b"/OpenAction << /S /J#61vaScript >>"), "file-active"),
    (pdf(b"/Names << /EmbeddedFiles 3 0 R >>"), "file-active"),
    (pdf(b"/AA << /O << /S /Launch >> >>"), "file-active"), (pdf(b"/Encrypt 9 0 R"), "file-active"),
    (pdf(packed=b"1 0 << /S /JavaScript >>"), "file-active"),
    (pdf(packed=b"1 0 << /S /Java#53cript >>"), "file-active"),
    (pdf(packed=bytes(40 << 20)), "file-broken"),
    (pdf(packed=b"x").replace(b"/Filter /FlateDecode", b"/Filter /LZWDecode") .replace(
        zlib.compress(b"x"), b"????????"), "file-broken"),
], ids=lambda v: v if isinstance(v, str) else None)
def test_what_is_something_else_besides_is_not_taken(data: bytes, code: str) -> None:
    with pytest.raises(InputError) as error:
        content_of(data)
    assert error.value.diagnostics[0].code == f"register.acts.{code}"


def test_what_a_camera_puts_behind_a_photograph_is_cut_off() -> None:
    assert content_of(jpeg() + b"SEFH" + bytes(100)) == (JPEG, len(jpeg()))


def test_a_file_is_kept_by_its_hash_and_read_back_whole(tmp_path: Path) -> None:
    folder = AttachmentFolder(tmp_path / "files")
    data = jpeg()
    kept = folder.receive([data[:5], data[5:], b"SEFT"], r"C:\scans\回执 一.jpg")
    assert kept.name == "回执 一.jpg"
    assert (kept.size, kept.type) == (len(data), JPEG)
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert folder.read(kept.sha256) == data
    assert folder.receive([data]) == kept
    place = folder.path(kept.sha256)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert [p for p in (tmp_path / "files").rglob("*") if p.is_file()] == [place]
    place.chmod(0o600)
    place.write_bytes(data + b"x")
    with pytest.raises(NotFoundError, match="is not what was recorded"):
        folder.read(kept.sha256)


def test_nothing_is_left_of_what_is_not_taken(tmp_path: Path) -> None:
    folder = AttachmentFolder(tmp_path, largest=100)
    for chunks in ([b"GIF89a"], [bytes(60), bytes(60)]):
        with pytest.raises(InputError):
            folder.receive(chunks)
    assert list(tmp_path.iterdir()) == []
    for sha256 in ("../../etc/passwd", "0" * 63, "G" * 64):
        with pytest.raises(NotFoundError):
            folder.read(sha256)


@pytest.mark.parametrize(("given", "shown"), [
    ("../../etc/passwd", "passwd"), ("a/b\\c.pdf", "c.pdf"), ("x\x00\n.png", "x.png"),
    ("", ""), ("字" * 300, "字" * 200)])
def test_a_name_is_its_last_part(given: str, shown: str) -> None:
    assert shown_file_name(given) == shown
