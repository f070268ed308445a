// The numbers read in pictures as tables, in rows and columns, to be pressed and corrected, copied and saved.

import { span } from "../answer.js";
import { certaintyIn, gridsOf, textIn, textsOf, wordsOn } from "./numbers.js";
import { fileCell, lineOf, numberCell } from "./table_cells.js";
import { workbook } from "./xlsx.js";

const find = (id) => document.getElementById(id);
const OOXML = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

export class Tables {
  /** `chosen(picture, number)` is called when a number is pressed. */
  constructor(chosen) {
    this.chosen = chosen;
    this.pictures = [];
    this.buttons = new Map(); // number → button
    find("copy").addEventListener("click", () => this.#copy());
    find("csv").addEventListener("click", () => save("numbers.csv", "text/csv;charset=utf-8", this.#joined(",")));
    find("xlsx").addEventListener("click", () => save("numbers.xlsx", OOXML, workbook(this.#grids())));
  }

  show(pictures, current) {
    this.pictures = pictures.filter((picture) => picture.readings?.some((reading) => reading.numbers.length));
    find("export").hidden = this.pictures.length === 0;
    find("export-words").textContent = "";
    this.buttons.clear();
    find("tables").replaceChildren(...this.pictures.flatMap((picture) => {
      const tables = picture.readings.flatMap(gridsOf).map((grid) => this.#table(picture, grid, current));
      return pictures.length > 1 ? [span("of", picture.name), ...tables] : tables;
    }));
  }

  focus(number) {
    this.buttons.get(number)?.focus();
  }

  #table(picture, grid, current) {
    const table = document.createElement("table");
    table.className = "read";
    table.setAttribute("aria-label", `Numbers of ${picture.name}`);
    for (const row of grid) {
      const line = table.insertRow();
      for (const cell of row) line.insertCell().append(...cell.map((number) => this.#button(picture, number, current)));
    }
    return table;
  }

  #button(picture, number, current) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `number ${certaintyIn(number)}`;
    button.textContent = textIn(number) || "×";
    button.setAttribute("aria-label", wordsOn(number));
    if (number === current) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => this.chosen(picture, number));
    this.buttons.set(number, button);
    return button;
  }

  /** Every table with a name: that of its picture, and its index there. */
  #grids() {
    return this.pictures.flatMap((picture) => picture.readings.flatMap(gridsOf).map((grid, at) =>
      ({ name: at ? `${picture.name} ${at + 1}` : picture.name, rows: textsOf(grid) })));
  }

  /** All tables as text, separated by empty lines; with their names if they are of several pictures. */
  #joined(between) {
    const lines = this.#grids().map(({ name, rows }) => [
      ...(this.pictures.length > 1 ? [[fileCell(name)]] : []), ...rows.map((row) => row.map(numberCell)),
    ].map((cells) => lineOf(cells, between)));
    return `${lines.map((some) => some.join("\n")).join("\n\n")}\n`;
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#joined("\t"));
      find("export-words").textContent = "Copied: paste it into a spreadsheet.";
    } catch {
      find("export-words").textContent = "This browser does not allow the page to copy; download the CSV instead.";
    }
  }
}

function save(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
