// Labels given by people to drawings, sent to a server that collects them: a digit, a whole number, or neither. Several
// numbers are labelled one by one, each kept with its own part of the drawing.

import { cut, pictureOf } from "./ink.js";
import { Keeping } from "./keeping.js";
import { certaintyOf } from "./words.js";

const find = (id) => document.getElementById(id);

export class Corrections {
  constructor(config, server) {
    const keeping = new Keeping(server, find("thanks"), () => find("labels").querySelector("button"));
    Object.assign(this, { config, keeping, page: null, numbers: [], at: 0 });
    this.input = document.createElement("input");
    Object.assign(this.input, { size: 8, autocomplete: "off", required: true, maxLength: config.longest_number });
    this.input.pattern = config.number_label ?? "";
    this.input.title = "Digits and the signs in the number (2.5, -8, 12/05), without a $ or % before or after it";
    this.input.setAttribute("aria-label", "The correct number");
    find("correct").addEventListener("submit", (event) => { event.preventDefault(); this.keep(this.input.value.trim()); });
  }

  /** Offers labels for a reading of a page, {ink, width, height}; nothing without a reading. */
  show(reading, page = null) {
    Object.assign(this, { page, numbers: reading?.numbers ?? [] });
    find("correct").hidden = reading === null;
    find("correct-legend").textContent = `Is that right? Your answer is kept for training, with ${
      this.isOneOfMany ? "that number's part of your drawing" : "your drawing"}:`;
    find("which").hidden = !this.isOneOfMany;
    find("which").replaceChildren(...this.numbers.map(({ text }, at) => button(text, () => this.#offer(at))));
    this.#offer(0);
  }

  get isOneOfMany() { return this.numbers.length > 1; }

  /** Offers labels for one of the numbers, or for a drawing without numbers. */
  #offer(at) {
    this.at = at;
    this.keeping.forget();
    this.#underline(null);
    [...find("which").children].forEach((one, place) => one.setAttribute("aria-pressed", String(place === at)));
    const number = this.numbers[at];
    const { class_names: names, not_a_digit: none, number_label: numberLabel } = this.config;
    const isOne = !number || number.digits.length === 1;
    const answer = this.#answer();
    const label = (name, text = name) => button(text, () => this.keep(name));
    const yes = answer ? [label(answer, `Yes, ${answer}`)] : [];
    const others = isOne ? names.filter((name) => name !== answer).map((name) => label(name)) : [];
    const write = numberLabel ? [this.input, submit("Save this number")] : [];
    this.input.value = number?.text ?? "";
    find("labels").replaceChildren(...yes, ...others, ...write, label(none));
  }

  keep(label) {
    const part = this.isOneOfMany ? cut(this.page, this.numbers[this.at].box) : this.page;
    return this.keeping.keep(label, pictureOf(part), { changed: (kept) => this.#underline(kept) });
  }

  /** What the number was read as, null if it is shown as a question mark. */
  #answer() {
    const number = this.numbers[this.at];
    return number && certaintyOf(number) !== "unsure" ? number.text : null;
  }

  /** Underlines a reading of one number that a person has confirmed. */
  #underline(label) {
    find("answer").classList.toggle("right", !this.isOneOfMany && label !== null && label === this.#answer());
  }
}

function button(text, pressed) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.onclick = pressed;
  return element;
}

function submit(text) {
  const button = document.createElement("button");
  button.textContent = text;
  return button;
}
