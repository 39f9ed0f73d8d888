"""Reports of an office, to be kept. In: a board. Out: tables in words, a workbook, a PDF."""
