"""The pictures of the README. In: a marked workbook, a report. Out: a PNG of each, beside it.

LibreOffice draws the workbook, poppler makes a picture of its page, Chromium shows the report. Of a
wide sheet a picture shows a few columns: the others are hidden in a copy that is thrown away.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parent
ROWS = 16
SHOWN = 11
"""How many rows and columns of the sheet the picture shows."""


def workbook(marked: Path, picture: Path) -> None:
    """The first rows of a marked sheet, and the columns with most marks, as LibreOffice has it."""
    book = load_workbook(marked)
    for sheet in book.worksheets[1:]:
        sheet.sheet_state = "hidden"
    sheet = book.worksheets[0]
    marks = dict.fromkeys(range(1, sheet.max_column + 1), 0)
    for row in sheet.iter_rows(min_row=1, max_row=ROWS):
        for cell in row:
            marks[cell.column] += cell.comment is not None
    ranked = sorted(marks, key=lambda column: -marks[column])
    kept = {1, 2, *ranked[:SHOWN - 2]}
    for column in marks:
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].hidden = column not in kept
        sheet.column_dimensions[letter].width = 16
    for (cell,) in sheet.iter_rows(min_row=4, max_col=1):
        cell.number_format = "0"
    sheet.print_area = f"A1:{get_column_letter(max(kept))}{ROWS}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 1
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "sheet.xlsx")
        book.save(copy)
        subprocess.run(["soffice", "--headless", "--convert-to", "pdf", "--outdir", folder, copy],
                       check=True, capture_output=True)
        subprocess.run(["pdftoppm", "-png", "-r", "150", "-f", "1", "-singlefile",
                        copy.with_suffix(".pdf"), picture.with_suffix("")], check=True)
    _crop(picture)


_INKED = """async data => {
    const image = new Image(); image.src = data; await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const pen = canvas.getContext("2d"); pen.drawImage(image, 0, 0);
    const at = pen.getImageData(0, 0, image.width, image.height).data;
    let [left, top, right, bottom] = [image.width, image.height, 0, 0];
    for (let y = 0; y < image.height; y++) for (let x = 0; x < image.width; x++)
        if (at[4 * (y * image.width + x)] < 250) {
            left = Math.min(left, x); right = Math.max(right, x);
            top = Math.min(top, y); bottom = Math.max(bottom, y); }
    document.body.style.margin = 0; document.body.append(image);
    return [left, top, right, bottom]; }"""
"""Where a picture is not white."""


def _crop(picture: Path) -> None:
    """Cut the white margins off."""
    data = "data:image/png;base64," + b64encode(picture.read_bytes()).decode()
    with _browser() as browser:
        page = browser.new_page(viewport={"width": 1800, "height": 1300})
        left, top, right, bottom = page.evaluate(_INKED, data)
        page.screenshot(path=picture, clip={
            "x": max(0, left - 12), "y": max(0, top - 12),
            "width": right - left + 24, "height": bottom - top + 24})


def report(page: Path, picture: Path) -> None:
    """The top of the report in a window of a usual width."""
    with _browser() as browser:
        shown = browser.new_page(viewport={"width": 1120, "height": 900}, color_scheme="light")
        shown.goto(page.resolve().as_uri())
        shown.screenshot(path=picture)


@contextmanager
def _browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program)
        yield browser
        browser.close()


if __name__ == "__main__":
    workbook(Path(sys.argv[1]), HERE / "workbook.png")
    report(Path(sys.argv[2]), HERE / "report.png")
