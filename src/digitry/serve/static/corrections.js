// What a person says a drawing is, sent to a server that keeps such: a digit, a whole number, or none.

import { keep } from "./keeping.js";
import { certaintyOf } from "./words.js";

const find = (id) => document.getElementById(id);

export class Corrections {
  constructor(config, server, drawing) {
    Object.assign(this, { config, server, drawing, page: null, answer: null });
    this.input = document.createElement("input");
    Object.assign(this.input, { size: 8, autocomplete: "off", required: true, maxLength: config.longest_number });
    this.input.pattern = config.number_label ?? "";
    this.input.title = "Digits and the signs in the number (2.5, -8, 12/05), without a $ or % beside it";
    this.input.setAttribute("aria-label", "The number that it is");
    find("correct").addEventListener("submit", (event) => { event.preventDefault(); this.keep(this.input.value.trim()); });
  }

  /** Offers what a reading of a page, {ink, width, height}, may be; nothing without one. */
  show(reading, page = null) {
    Object.assign(this, { page, answer: null });
    this.#underline(null);
    find("thanks").replaceChildren();
    find("correct").hidden = reading === null || reading.numbers.length > 1;
    if (find("correct").hidden) return;
    const number = reading.numbers[0];
    const { class_names: names, not_a_digit: none, number_label: numberLabel } = this.config;
    const isOne = !number || number.digits.length === 1;
    if (number && certaintyOf(number) !== "unsure") this.answer = number.text;
    const yes = this.answer ? [this.#button(`Yes, ${this.answer}`, this.answer)] : [];
    const others = isOne ? names.filter((name) => !yes.length || name !== number.text).map((name) => this.#button(name, name)) : [];
    const write = numberLabel ? [this.input, submit("It is this number")] : [];
    this.input.value = number?.text ?? "";
    find("labels").replaceChildren(...yes, ...others, ...write, this.#button(none, none));
  }

  async keep(label) {
    await keep(this.server, label, await pictureOf(this.page), find("thanks"), (kept) => this.#underline(kept));
  }

  /** The reading that a person has said to be right gets a line under it. */
  #underline(label) {
    find("answer").classList.toggle("right", this.answer !== null && label === this.answer);
  }

  #button(text, label) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.onclick = () => this.keep(label);
    return button;
  }
}

function submit(text) {
  const button = document.createElement("button");
  button.textContent = text;
  return button;
}

/** A page of ink as a picture file, dark on white. */
function pictureOf({ ink, width, height }) {
  const image = new ImageData(width, height);
  for (let i = 0; i < ink.length; i++) image.data.set([255 - ink[i], 255 - ink[i], 255 - ink[i], 255], 4 * i);
  const paper = new OffscreenCanvas(width, height);
  paper.getContext("2d").putImageData(image, 0, 0);
  return paper.convertToBlob();
}
