// Pictures: chosen, turned and cropped here, sent only at the press of a button, then checked and corrected.

import { Keeping } from "./keeping.js";
import { counted, doubtOf, howSure } from "./words.js";
import { cutOut, Editor } from "./pictures/editor.js";
import { isOpen, settled, standing } from "./pictures/numbers.js";
import { Sheet } from "./pictures/sheet.js";
import { Tables } from "./pictures/tables.js";
import { decoded, toSend, viewOf } from "./pictures/to_send.js";

const find = (id) => document.getElementById(id);

/** Lets the page accept pictures; `config` is the server's config.json. */
export function openPictures(config, server) {
  new Pictures(config, server).listen();
}

class Pictures {
  constructor(config, server) {
    Object.assign(this, { config, server, all: [], current: null, isReading: false });
    this.sheet = new Sheet((number) => this.open(this.sheet, this.current, number), (part) => this.cut(part));
    this.tables = new Tables((picture, number) => this.open(this.tables, picture, number));
    this.editor = new Editor((number, text) => this.settle(number, text), config.collects);
    this.keeping = new Keeping(server, find("picture-thanks"), () => find(find("keep-page").hidden ? "copy" : "keep-picture"));
  }

  listen() {
    if (matchMedia("(pointer: coarse)").matches) find("camera-label").hidden = false;
    find("token-label").hidden = !this.config.wants_token;
    for (const option of find("expect").options) option.disabled = !this.config.reads_numbers && option.value !== "digit";
    if (!this.config.reads_numbers) find("expect").value = "digit";
    for (const input of [find("file"), find("camera")]) {
      input.addEventListener("change", () => { this.add([...input.files]); input.value = ""; });
    }
    document.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files].filter((one) => one.type.startsWith("image/"));
      if (files.length) { event.preventDefault(); this.add(files); }
    });
    for (const kind of ["dragover", "dragleave", "drop"]) {
      document.addEventListener(kind, (event) => {
        if (kind !== "dragleave") event.preventDefault();
        document.querySelector(".picture").classList.toggle("over", kind === "dragover");
        if (kind === "drop") this.add([...event.dataTransfer.files]);
      });
    }
    find("chosen").addEventListener("submit", (event) => { event.preventDefault(); this.read(); });
    find("forget").addEventListener("click", () => this.remove());
    find("turn").addEventListener("click", () => this.change({ turn: (this.current.turn + 1) % 4, part: null }));
    find("whole").addEventListener("click", () => { this.change({ part: null }); find("crop").focus(); });
    find("expect").addEventListener("change", () => this.askAnew());
    find("keep-picture").addEventListener("click", () => this.keep());
  }

  async add(files) {
    for (const file of files) {
      const picture = { file, name: file.name || "picture", bitmap: await decoded(file), turn: 0, part: null };
      Object.assign(picture, { view: picture.bitmap && viewOf(picture), readings: null, problem: null, mayBeOther: false });
      this.all.push(picture);
      this.show(picture);
    }
    if (!files.length) return;
    find("send").focus({ preventScroll: true });
    find("chosen").scrollIntoView({ block: "nearest" });
  }

  remove() {
    const at = this.all.indexOf(this.current);
    this.current.bitmap?.close();
    this.all.splice(at, 1);
    this.show(this.all[Math.min(at, this.all.length - 1)] ?? null);
    if (!this.current) find("file").focus();
  }

  /** Turns or crops the current picture, which invalidates its reading. */
  change(values) {
    Object.assign(this.current, values, { readings: null, problem: null });
    this.current.view = viewOf(this.current);
    this.show(this.current);
  }

  /** The current picture is expected to hold something else; its reading is kept until it is read again. */
  askAnew() {
    this.current.mayBeOther = true;
    this.show(this.current);
  }

  /** The pictures to be read: those not read yet, and those that are expected to hold something else. */
  get waiting() {
    return this.all.filter((one) => !one.readings || (one.mayBeOther && one.asked !== find("expect").value));
  }

  cut([x, y, width, height]) {
    const { part, view, bitmap, turn } = this.current;
    const [left, top, wide] = part ?? [0, 0, turn % 2 ? bitmap.height : bitmap.width];
    const scale = wide / view.width;
    this.change({ part: [left + x * scale, top + y * scale, width * scale, height * scale] });
    find(find("send").disabled ? "whole" : "send").focus();
  }

  /** Opens a number that was pressed on the sheet or in the tables, to which the focus will return. */
  open(place, picture, number) {
    this.opener = place;
    this.show(picture, number);
  }

  /** Shows one of the pictures, or null, and `number` in the editor, which is closed without one. */
  show(picture, number = null) {
    this.#draw(picture, number);
    this.editor.show(number, picture?.view ?? null);
  }

  /** The same, leaving the editor unchanged. */
  #draw(picture, number) {
    const isOther = picture !== this.current || !number;
    this.current = picture;
    find("chosen").hidden = picture === null;
    find("picture-answer").textContent = picture ? wordsOf(picture) : "";
    this.#showChips();
    this.tables.show(this.all, number);
    this.#offerToKeep(picture);
    if (!picture) return;
    if (isOther) this.sheet.show(picture.view);
    this.sheet.mark((picture.readings ?? []).flatMap((reading) => reading.numbers), number);
    for (const id of ["turn", "crop"]) find(id).disabled = picture.bitmap === null;
    find("whole").hidden = picture.part === null;
    find("picture-words").textContent = picture.bitmap ? "" : `This browser cannot show ${picture.name}; the server may still be able to read it.`;
    const left = this.waiting.length;
    find("send").disabled = this.isReading || !left;
    find("send").textContent = left > 1 ? `Read ${left} pictures on the server` : "Read on the server";
  }

  /** A page that was read can be kept as a whole, with its numbers as corrected by a person. */
  #offerToKeep(picture) {
    const isPage = picture?.asked === "page" && picture.readings?.length === 1 && picture.readings[0].page !== null;
    find("keep-page").hidden = !(this.config.collects && isPage);
    if (!isPage) return;
    const { numbers } = picture.readings[0];
    const [count, open] = [standing(numbers).length, numbers.filter(isOpen).length];
    const stand = count ? ` as shown below${open ? `, ${open} of them not checked yet` : ""}` : "";
    find("keep-words").textContent = `Keeps the whole picture on this server, with ${counted(count)}${stand}. ` +
      "If a number is missing, do not keep the picture: numbers cannot be added here.";
  }

  keep() {
    const { sent, readings, name } = this.current;
    this.keeping.keepPage(sent, standing(readings[0].numbers), ` (${name})`);
  }

  #showChips() {
    const chips = this.all.length > 1 ? this.all.map((one) => this.#chip(one)) : [];
    const hadFocus = find("pictures").contains(document.activeElement);
    find("pictures").replaceChildren(...chips);
    if (hadFocus) chips[this.all.indexOf(this.current)]?.focus();
  }

  #chip(picture) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = picture.readings ? `${picture.name} ✓` : picture.name;
    button.setAttribute("aria-pressed", String(picture === this.current));
    button.addEventListener("click", () => this.show(picture));
    return button;
  }

  /** Sends pictures that have not been read yet, one after the other. */
  async read() {
    this.isReading = true;
    if (document.activeElement === find("send")) this.#toAnswer(); // a disabled button loses the focus
    find("send").disabled = true;
    for (const picture of this.waiting) {
      if (!this.all.includes(picture)) continue; // removed meanwhile
      find("picture-answer").textContent = `Reading ${picture.name}…`;
      const expect = find("expect").value;
      const turned = picture.turn && expect === "page" ? "&rotate=0" : "";
      const { view } = picture;
      const sent = await toSend(picture, this.config.max_picture_bytes);
      const answer = await this.server.ask(`/v1/read?expect=${expect}${turned}`, sent);
      if (picture.view !== view) continue; // turned or cropped meanwhile, so the answer is outdated
      picture.problem = answer.problem ?? null;
      const isGone = !answer.problem && picture.readings && picture === this.current; // the number in the editor is outdated
      const hadFocus = isGone && this.editor.hasFocus;
      if (isGone) this.editor.show(null);
      if (!answer.problem) Object.assign(picture, { readings: settled(answer.readings), asked: expect, sent, mayBeOther: false });
      if (this.all.includes(picture)) this.#draw(this.editor.number ? this.current : picture, this.editor.number);
      if (hadFocus || document.activeElement === find("picture-answer")) this.#toAnswer();
      if (!answer.wantsToken) continue;
      if (!this.editor.hasFocus) find("token").focus();
      break; // the others would get the same answer
    }
    this.isReading = false;
    this.#draw(this.current, this.editor.number);
  }

  /** Moves the focus to the result of a picture, where keyboard users see it. */
  #toAnswer() {
    const answer = find("picture-answer");
    answer.focus({ preventScroll: true });
    if (answer.matches(":focus-visible")) answer.scrollIntoView({ block: "nearest" });
  }

  /** Handles a person's verdict on a number: its text, "" if it is not a number, null for no verdict. */
  settle(number, text) {
    const picture = this.current;
    if (text === null) {
      this.show(picture);
      this.opener.focus(number);
      return;
    }
    number.given = text;
    this.keeping.forget();
    const next = this.#next(number);
    if (next) this.show(...next);
    else {
      this.show(picture);
      find("copy").focus({ preventScroll: true });
    }
    if (!this.editor.keeps || !picture.view) return;
    const label = text === "" ? this.config.not_a_digit : text;
    this.keeping.keep(label, cutOut(picture.view, number.box), { of: ` (${number.text} in ${picture.name})` });
  }

  /** The next number to be checked, with its picture, starting after this one and wrapping around. */
  #next(number) {
    const all = this.all.flatMap((picture) => (picture.readings ?? []).flatMap((reading) =>
      reading.numbers.map((one) => [picture, one])));
    const at = all.findIndex(([, one]) => one === number);
    return [...all.slice(at + 1), ...all.slice(0, at)].find(([, one]) => isOpen(one));
  }
}

/** The result of a picture in a sentence. */
function wordsOf({ name, readings, problem }) {
  if (problem) return `${name} could not be read: ${problem}`;
  if (!readings) return "";
  const numbers = readings.flatMap((reading) => reading.numbers);
  const cut = readings.find((reading) => reading.page === null);
  const rest = cut ? ` The rest could not be read: ${cut.reason}.` : "";
  if (!numbers.length) return `No digit here: ${readings[0].reason}.${rest}`;
  if (numbers.length === 1) {
    const [number] = numbers;
    const doubt = doubtOf(number.reason);
    return `One number: ${number.text}. ${howSure(number)}${doubt ? `: ${doubt}` : ""}.${rest}`;
  }
  const open = numbers.filter(isOpen).length;
  return `${numbers.length} numbers, ${open ? `${open} not sure: check ${open === 1 ? "it" : "them"} in the picture or in the table` : "all of them sure"}.${rest}`;
}
