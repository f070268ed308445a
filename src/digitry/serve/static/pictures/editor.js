// One number of a picture, enlarged, to be confirmed or corrected; Enter goes to the next one that is not sure.

import { percent, SHOWN_FROM, doubtOf } from "../words.js";
import { isOpen, textIn, wordsOn } from "./numbers.js";

const find = (id) => document.getElementById(id);
const MARGIN = 0.35; // of the picture shown around the number, relative to its height

export class Editor {
  /** `done(number, label)` gets a person's verdict: the text, "" if it is not a number, null for none; then the next opens. */
  constructor(done, collects) {
    this.done = done;
    this.number = null;
    find("editor-keep-label").hidden = !collects;
    find("editor").addEventListener("submit", (event) => {
      event.preventDefault();
      done(this.number, find("editor-text").value.trim());
    });
    find("editor-none").addEventListener("click", () => done(this.number, ""));
    find("editor-close").addEventListener("click", () => done(this.number, null));
    find("editor").addEventListener("keydown", (event) => {
      if (event.key === "Escape") done(this.number, null);
    });
  }

  get keeps() { return find("editor-keep").checked; }

  get hasFocus() { return find("editor").contains(document.activeElement); }

  /** Shows a number of a picture's view; null closes the editor. */
  show(number, view) {
    this.number = number;
    find("editor").hidden = number === null;
    if (number === null) return;
    const input = find("editor-text");
    input.value = textIn(number);
    const doubt = doubtOf(number.reason);
    find("editor-words").textContent = `${wordsOn(number)}${doubt && isOpen(number) ? `: ${doubt}` : ""}.`;
    const others = number.alternatives.filter(({ confidence }) => confidence >= SHOWN_FROM);
    find("editor-others").replaceChildren(...others.map(({ text, confidence }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${text || "none"}, ${percent(confidence)}`;
      button.addEventListener("click", () => this.done(this.number, text));
      return button;
    }));
    const canvas = find("editor-view");
    canvas.hidden = view === null;
    if (view) paint(canvas, view, number.box);
    input.focus({ preventScroll: true });
    input.select();
    find("editor").scrollIntoView({ block: "nearest" });
  }
}

function paint(canvas, view, box) {
  const [x, y, width, height] = around(box, view);
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").drawImage(view, x, y, width, height, 0, 0, width, height);
}

/** A number as a separate picture, for training. */
export function cutOut(view, box) {
  const [x, y, width, height] = around(box, view);
  const part = new OffscreenCanvas(width, height);
  part.getContext("2d").drawImage(view, x, y, width, height, 0, 0, width, height);
  return part.convertToBlob();
}

function around([x, y, width, height], view) {
  const margin = MARGIN * height;
  const [left, top] = [Math.max(0, Math.floor(x - margin)), Math.max(0, Math.floor(y - margin))];
  const [right, bottom] = [Math.min(view.width, Math.ceil(x + width + margin)), Math.min(view.height, Math.ceil(y + height + margin))];
  return [left, top, Math.max(1, right - left), Math.max(1, bottom - top)];
}
