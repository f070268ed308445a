"""The tables of pages as grids of numbers, and as files that spreadsheets open."""
