// The chosen picture with a box around every number: sure ones and others told apart, each to be pressed.

import { certaintyIn, textIn, wordsOn } from "./numbers.js";

const find = (id) => document.getElementById(id);
const LEAST_PART = 24; // pixels of the view; less is a slip of the finger

export class Sheet {
  /** `chosen(number)` is told which box was pressed, `cut(part)` which part of the view was chosen. */
  constructor(chosen, cut) {
    Object.assign(this, { chosen, cut, view: null, start: null, boxes: new Map() });
    this.frame = document.createElement("div");
    this.frame.className = "part";
    const sheet = find("sheet");
    sheet.append(this.frame);
    this.frame.hidden = true;
    find("crop").addEventListener("click", () => this.setCropping(find("crop").ariaPressed !== "true"));
    sheet.addEventListener("pointerdown", (event) => this.#down(event));
    sheet.addEventListener("pointermove", (event) => this.#move(event));
    sheet.addEventListener("pointerup", (event) => this.#up(event));
    sheet.addEventListener("pointercancel", () => this.setCropping(false));
  }

  /** Shows a view, null for a file that this browser cannot show. */
  show(view) {
    this.view = view;
    this.setCropping(false);
    find("sheet").hidden = view === null;
    find("boxes").replaceChildren();
    if (!view) return;
    const canvas = find("preview");
    [canvas.width, canvas.height] = [view.width, view.height];
    canvas.getContext("2d").drawImage(view, 0, 0);
  }

  /** A box for each number; `current` is the one that is looked at. */
  mark(numbers, current) {
    if (!this.view) return;
    const { width, height } = this.view;
    this.boxes = new Map(numbers.map((number) => {
      const [x, y, wide, tall] = number.box;
      const box = document.createElement("button");
      box.type = "button";
      box.className = `box ${certaintyIn(number)}`;
      box.setAttribute("aria-label", wordsOn(number));
      if (number === current) box.setAttribute("aria-current", "true");
      const sides = { left: x / width, top: y / height, width: wide / width, height: tall / height };
      for (const [side, share] of Object.entries(sides)) box.style[side] = `${100 * share}%`;
      const label = document.createElement("span");
      label.textContent = textIn(number) || "×";
      box.append(label);
      box.addEventListener("click", () => this.chosen(number));
      return [number, box];
    }));
    find("boxes").replaceChildren(...this.boxes.values());
  }

  focus(number) {
    this.boxes.get(number)?.focus();
  }

  setCropping(isOn) {
    find("crop").ariaPressed = String(isOn);
    find("sheet").classList.toggle("cropping", isOn);
    this.frame.hidden = true;
    this.start = null;
  }

  #place(event) {
    const box = find("preview").getBoundingClientRect();
    const within = (value, size) => Math.min(Math.max(value, 0), size);
    return [within(event.clientX - box.left, box.width), within(event.clientY - box.top, box.height)];
  }

  #down(event) {
    if (find("crop").ariaPressed !== "true" || !event.isPrimary) return;
    event.preventDefault();
    find("sheet").setPointerCapture(event.pointerId);
    this.start = this.#place(event);
  }

  #between(event) {
    const [[a, b], [c, d]] = [this.start, this.#place(event)];
    return [Math.min(a, c), Math.min(b, d), Math.abs(a - c), Math.abs(b - d)];
  }

  #move(event) {
    if (!this.start) return;
    this.frame.hidden = false;
    const values = this.#between(event);
    ["left", "top", "width", "height"].forEach((side, at) => { this.frame.style[side] = `${values[at]}px`; });
  }

  #up(event) {
    if (!this.start) return;
    const scale = this.view.width / find("preview").getBoundingClientRect().width;
    const part = this.#between(event).map((value) => Math.round(value * scale));
    this.setCropping(false);
    if (Math.min(part[2], part[3]) >= LEAST_PART) this.cut(part);
  }
}
