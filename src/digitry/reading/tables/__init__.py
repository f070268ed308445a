"""The tables of pages as grids of numbers, and as files for spreadsheets."""
