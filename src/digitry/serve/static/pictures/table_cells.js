// Cells that no spreadsheet evaluates, as in table_cells.py.

const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]./s;
const NEGATIVE = /^-\d+([.,]\d+)*$/;

export function textCell(text) {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** A plain negative number stays one. */
export function numberCell(text) {
  return NEGATIVE.test(text) ? text : textCell(text);
}

/** Still names the file. */
export function fileCell(name) {
  return FORMULA.test(name) && !name.startsWith("'") ? `./${name}` : name;
}

/** A row of cells as a line, with quotes if a cell would end early. */
export function lineOf(cells, between) {
  const isQuoted = (cell) => cell.includes(between) || /["\r\n]/.test(cell);
  return cells.map((cell) => (isQuoted(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(between);
}
