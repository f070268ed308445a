// What a person says pictures are, kept by the server, until it is taken back.

import { counted } from "./words.js";

/** Keeps pictures, one after the other, so that the last word counts; in `words` stands what came of the latest. */
export class Keeping {
  /** `next()` is the control that the focus goes to when the one that takes back is gone. */
  constructor(server, words, next) {
    Object.assign(this, { server, words, next, asked: 0, before: Promise.resolve() });
  }

  /** Something else is on the screen: what is still to come of the earlier is not said there. */
  forget() {
    this.asked++;
    this.words.replaceChildren();
  }

  /**
   * Has a picture, or the promise of one, kept under a label, and says so; `of` tells which it is where that is not plain.
   * `changed` hears the label that is kept, null for none.
   */
  keep(label, picture, { of = "", changed = () => {} } = {}) {
    const address = `/v1/corrections?label=${encodeURIComponent(label)}`;
    return this.#keep(address, picture, `as ${label}`, of, (isKept) => changed(isKept ? label : null));
  }

  /** Has a whole picture kept with all its numbers, [{text, table, row, column}], and says so. */
  keepPage(picture, numbers, of) {
    const form = new FormData();
    form.append("picture", picture, "picture"); // its own name is nobody's business
    form.append("numbers", JSON.stringify(numbers));
    return this.#keep("/v1/corrections/pages", form, `with ${counted(numbers.length)}`, of, () => {});
  }

  async #keep(address, body, how, of, changed) {
    const answer = await this.#ask(address, body);
    if (answer === null) return;
    if (answer.problem) {
      this.words.textContent = `Not kept${of}: ${answer.problem}`;
      return;
    }
    changed(true);
    const undo = document.createElement("button");
    undo.type = "button";
    undo.textContent = "Take it back";
    undo.onclick = () => {
      this.#takeBack(answer.name, of, changed);
      this.next()?.focus();
    };
    this.words.replaceChildren(`Thank you: kept ${how}${of}. `, undo);
  }

  async #takeBack(name, of, changed) {
    const answer = await this.#ask(`/v1/corrections?name=${name}`, null, "DELETE");
    if (answer === null) return;
    if (!answer.problem) changed(false);
    this.words.textContent = answer.problem ? `Not taken back${of}: ${answer.problem}` : `Taken back${of}: nothing is kept.`;
  }

  /** What the server answers; null where something else is on the screen, or was asked, meanwhile. */
  async #ask(address, picture, method) {
    this.forget();
    const mine = this.asked;
    const answer = this.before.then(async () => this.server.ask(address, await picture, method));
    this.before = answer.catch(() => {});
    const said = await answer;
    return mine === this.asked ? said : null;
  }
}
