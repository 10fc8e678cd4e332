"""How large a file may be before it is refused. Far above any export, far below what hurts the machine."""

from __future__ import annotations

MAX_ROWS = 1_500_000
MAX_COLUMNS = 1_000
MAX_CELLS = 20_000_000
#: Excel's own limit for the text of a cell.
MAX_CELL = 32_767

#: What a workbook may come to when unpacked, and how much smaller its packed form may be than that.
MAX_UNPACKED = 300 * 1024 * 1024
MAX_RATIO = 250
#: Small parts compress well without harm; the ratio is judged from this size on.
RATIO_FROM = 4 * 1024 * 1024
MAX_PARTS = 5_000
#: A workbook is a grid in memory: its corner decides, not how many cells are filled.
MAX_GRID = 20_000_000

MAX_JSON_DEPTH = 40
MAX_XML_ELEMENTS = 2_000_000
