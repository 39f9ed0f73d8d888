"""Packs as pages to read in a browser. In: policies, their cases. Out: a site of plain files."""
