// The chosen picture with a button around every number, styled by how sure it is.

import { certaintyIn, textIn, wordsOn } from "./numbers.js";

const find = (id) => document.getElementById(id);
const LEAST_PART = 24; // pixels of the view; less is accidental
const LEAST_DRAG = 12; // pixels of the screen; less is a tap
const KEY_STEP = 0.01; // of the view's longer side: by how much an arrow key moves the frame, or its edge

export class Sheet {
  /** `chosen(number)` is called when a box is pressed, `cut(part)` when a part of the view is selected. */
  constructor(chosen, cut) {
    Object.assign(this, { chosen, cut, view: null, start: null, corner: null, part: null, boxes: new Map() });
    const sheet = find("sheet");
    find("crop").addEventListener("click", () => (find("crop").ariaPressed === "true" ? this.#giveUp() : this.#beginCropping()));
    find("part").addEventListener("keydown", (event) => this.#key(event));
    sheet.addEventListener("pointerdown", (event) => this.#down(event));
    sheet.addEventListener("pointermove", (event) => this.#move(event));
    sheet.addEventListener("pointerup", (event) => this.#up(event));
    sheet.addEventListener("pointercancel", () => this.#giveUp());
  }

  /** Shows a view; null for a file that this browser cannot display. */
  show(view) {
    this.view = view;
    this.#setCropping(false);
    find("sheet").hidden = view === null;
    find("boxes").replaceChildren();
    if (!view) return;
    const canvas = find("preview");
    [canvas.width, canvas.height] = [view.width, view.height];
    canvas.getContext("2d").drawImage(view, 0, 0);
  }

  /** Shows a box for each number; `current` is the one in the editor. */
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

  #setCropping(isOn) {
    const hadFocus = document.activeElement === find("part");
    find("crop").ariaPressed = String(isOn);
    find("sheet").classList.toggle("cropping", isOn);
    for (const id of ["part", "part-keys"]) find(id).hidden = !isOn;
    find("part-words").textContent = "";
    this.start = this.corner = null;
    if (hadFocus && !isOn) find("crop").focus();
  }

  /** Shows a frame around the middle, to be moved by keys; a pointer draws its own, or taps two corners. */
  #beginCropping() {
    const { width, height } = this.view;
    this.#setCropping(true);
    this.#frame([width / 4, height / 4, width / 2, height / 2]);
    find("part").focus({ preventScroll: true });
    find("part-keys").scrollIntoView({ block: "nearest" });
  }

  #giveUp() {
    this.#setCropping(false);
    find("part-words").textContent = "No part was chosen.";
  }

  /** Puts the frame around a part of the view, and announces its position. */
  #frame(part) {
    [this.part, this.corner] = [part, null];
    find("part").classList.remove("corner");
    const [x, y, wide, tall] = part;
    const { width, height } = this.view;
    const sides = { left: x / width, top: y / height, width: wide / width, height: tall / height };
    for (const [side, share] of Object.entries(sides)) find("part").style[side] = `${100 * share}%`;
    const reach = (from, to, whole) => `${Math.round((100 * from) / whole)}% to ${Math.round((100 * to) / whole)}%`;
    find("part-words").textContent =
      `From the left ${reach(x, x + wide, width)}, from the top ${reach(y, y + tall, height)}.`;
  }

  /** Keeps and shows a tapped corner until the opposite one is tapped. */
  #keepCorner(place) {
    this.#frame([...place, 0, 0]);
    this.corner = place;
    find("part").classList.add("corner");
    find("part-words").textContent = "One corner is chosen. Tap the opposite one.";
  }

  #choose() {
    const part = this.part.map(Math.round);
    if (Math.min(part[2], part[3]) < LEAST_PART) return this.#giveUp();
    this.cut(part);
    find("part-words").textContent = "The part was chosen.";
  }

  #key(event) {
    const step = KEY_STEP * Math.max(this.view.width, this.view.height);
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) {
      const [x, y, wide, tall] = this.part;
      const [right, down] = moves[event.key];
      const { width, height } = this.view;
      this.#frame(event.shiftKey
        ? [x, y, within(wide + right, LEAST_PART, width - x), within(tall + down, LEAST_PART, height - y)]
        : [within(x + right, 0, width - wide), within(y + down, 0, height - tall), wide, tall]);
      find("part").scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") this.#choose();
    else if (event.key === "Escape") this.#giveUp();
    else return; // leave the key to the browser
    event.preventDefault();
  }

  /** The position of an event on the view. */
  #place(event) {
    const box = find("preview").getBoundingClientRect();
    const { width, height } = this.view;
    return [
      within(((event.clientX - box.left) / box.width) * width, 0, width),
      within(((event.clientY - box.top) / box.height) * height, 0, height),
    ];
  }

  #down(event) {
    if (find("crop").ariaPressed !== "true" || !event.isPrimary) return;
    event.preventDefault();
    find("sheet").setPointerCapture(event.pointerId);
    this.start = { place: this.#place(event), x: event.clientX, y: event.clientY, isTap: true };
  }

  #move(event) {
    if (!this.start) return;
    const { place, x, y } = this.start;
    if (Math.hypot(event.clientX - x, event.clientY - y) >= LEAST_DRAG) this.start.isTap = false;
    if (!this.start.isTap) this.#frame(between(place, this.#place(event)));
  }

  #up(event) {
    if (!this.start) return;
    this.#move(event);
    const { place, isTap } = this.start;
    this.start = null;
    if (isTap) this.#tap(place);
    else this.#choose();
  }

  /** The first tap sets a corner, the second the opposite one; if too close, the second replaces the first. */
  #tap(place) {
    const part = this.corner && between(this.corner, place);
    if (!part || Math.min(part[2], part[3]) < LEAST_PART) return this.#keepCorner(place);
    this.#frame(part);
    this.#choose();
  }
}

/** The part with these two points as opposite corners. */
function between([a, b], [c, d]) {
  return [Math.min(a, c), Math.min(b, d), Math.abs(a - c), Math.abs(b - d)];
}

function within(value, least, most) {
  return Math.min(Math.max(value, Math.min(least, most)), most);
}
