"""HTML tables and Excel's XML of 2003, which web systems call .xls."""

from datetime import date

import pytest
from support.party_transfer import open_ledger

from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.ledger.readers.html_tables import read_tables

ROW = "<tr><td>06001</td><td>甲</td><td>2007-06-25</td></tr>"
HEAD = "<tr><th>学号</th><th>姓名</th><th>转出时间</th></tr>"
PAGE = f"<table border=1>{HEAD}{ROW}</table>"
BOOK = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
 <Styles><Style ss:ID="s1"><NumberFormat ss:Format="00000"/></Style>
 <Style ss:ID="s2"><NumberFormat ss:Format="yyyy&quot;年&quot;m&quot;月&quot;;@"/></Style></Styles>
 <Worksheet ss:Name="台账"><Table>
  <Row ss:Index="2"><Cell><Data ss:Type="String">学号</Data></Cell><Cell ss:Index="3"><Data
   ss:Type="String">转出时间</Data></Cell><Cell><Data ss:Type="String">入党时间</Data></Cell></Row>
  <Row><Cell ss:StyleID="s1"><Data ss:Type="Number">6001</Data></Cell><Cell ss:Index="3"><Data
   ss:Type="DateTime">2007-06-25T00:00:00.000</Data></Cell><Cell ss:StyleID="s2"><Data
   ss:Type="DateTime">2006-06-01T00:00:00.000</Data></Cell></Row>
  <Row ss:Hidden="1"><Cell><Data ss:Type="String">06002</Data></Cell><Cell ss:Index="3"><Data
   ss:Type="Error">#N/A</Data></Cell></Row>
 </Table></Worksheet>
 <Worksheet ss:Name="旧"><Table/><WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel">
  <Visible>SheetHidden</Visible></WorksheetOptions></Worksheet></Workbook>"""


@pytest.fixture
def batch(tmp_path):
    """Reads text as a file."""
    def batch(text, encoding="utf-8", name="ledger.xls"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        ledger = open_ledger([path])
        (only,) = ledger.batches()
        return ledger, only
    return batch


@pytest.mark.parametrize(("page", "encoding"), [
    (f"<html><meta charset=utf-8>{PAGE}</html>", "utf-8"),
    (f"<html><head><meta http-equiv='Content-Type' content='text/html; charset=gb2312'>{PAGE}",
     "gb18030"),
    (f"<html><meta charset=big5>{PAGE}".replace("转", "轉").replace("时间", "時間")
     .replace("学号", "學號"), "big5"),
    (PAGE, "utf-16"), (PAGE, "gb18030"), (PAGE, "utf-8-sig"),
    ("\n\n<!-- made by a system -->" + PAGE, "utf-8"),
    (PAGE.replace("</td>", "").replace("</th>", "").replace("</tr>", ""), "utf-8"),
    (PAGE.replace("甲", "<b> 甲</b><script>x</script>&nbsp;"), "utf-8"),
    (f"<table><tr><td>菜单</td></tr></table><table><tr><td>{PAGE}</td></tr></table>", "utf-8"),
])
def test_a_page_with_a_table(batch, page, encoding):
    if encoding == "big5":
        pytest.importorskip("zhuanjie.engine.core.traditional")
    _, only = batch(page, encoding)
    assert only.frame["member.id"].to_list() == ["06001"]
    assert only.frame["letter.issued_on"].to_list() == [date(2007, 6, 25)]
    assert only.rows.to_list() == [2]


def test_cells_over_several_rows_and_columns(batch):
    _, only = batch(
        "<table><tr><td colspan=3>2007届台账</td></tr><tr><th rowspan=2>学号<th colspan=2>介绍信</tr>"
        "<tr><th>编号<th>转出时间</tr><tr><td>1<td rowspan='2'>0007<td>2007-06-25</tr>"
        "<tr style='display: none'><td>2<td>2007-06-26</tr></table>")
    assert only.frame["letter.serial"].to_list() == ["0007", "0007"]
    assert only.frame["letter.issued_on"].to_list() == [date(2007, 6, 25), date(2007, 6, 26)]
    assert only.rows.to_list() == [4, 5]


def test_several_tables_are_several_sheets(batch):
    ledger, _ = batch(f"{PAGE}<table><tr><td>说明</td></tr></table>")
    assert [(s.sheet, s.reason.code) for s in ledger.skipped] == [("2", "records.skipped-sheet")]
    assert [t.sheet for t in ledger.tables] == ["1"]


def test_spans_cost_no_more_than_they_say():
    grid, = read_tables("<table><tr>" + "<td rowspan=99999 colspan=99999>x" * 3 + "</table>")
    assert len(grid.rows) == 1
    assert len(grid.rows[0]) == 3000


@pytest.mark.parametrize("name", ["ledger.xls", "ledger.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_a_workbook_in_xml(batch, name, encoding):
    text = BOOK if encoding != "gb18030" else BOOK.replace('"1.0"', '"1.0" encoding="GB2312"', 1)
    ledger, only = batch(text, encoding, name)
    assert only.frame["member.id"].to_list() == ["06001", "06002"]
    assert only.frame["letter.issued_on"].to_list() == [date(2007, 6, 25), None]
    assert [(f.field, f.row, f.value) for f in only.input] == [
        ("member.admitted_on", 3, "2006-06"), ("letter.issued_on", 4, "#N/A")]
    assert ledger.tables[0].hidden_rows == {4}
    assert [(s.sheet, s.reason.code) for s in ledger.skipped] == [("旧", "records.skipped-sheet")]


@pytest.mark.parametrize(("content", "code"), [
    ("<html><frameset><frame src='a.htm'></frameset></html>", "records.no-cells"),
    ("<table><tr><td>说明</td></tr></table>", "records.no-header"),
    (BOOK[:900], "records.damaged"),
    (BOOK.replace("<Workbook", '<!DOCTYPE x [<!ENTITY a "b">]><Workbook'), "records.damaged"),
    (BOOK.replace('ss:Index="2"', 'ss:Index="99999999"'), "records.damaged"),
    ("MIME-Version: 1.0\nContent-Type: multipart/related\n\n", "records.really-web-archive"),
])
def test_what_cannot_be_read(batch, content, code):
    with pytest.raises(InputError) as caught:
        batch(content)
    assert caught.value.diagnostics[0].code == code


def test_text_and_zipped_workbooks_called_xls(batch, tmp_path):
    _, only = batch("学号\t姓名\n06001\t甲\n")
    assert only.frame["member.id"].to_list() == ["06001"]
