// Labelled pictures kept by the server until they are taken back.

import { counted } from "./words.js";

/** Keeps pictures one after the other, so that the last label counts; `words` shows the result of the latest. */
export class Keeping {
  /** `next()` returns the control that gets the focus when the undo control disappears. */
  constructor(server, words, next) {
    Object.assign(this, { server, words, next, asked: 0, before: Promise.resolve() });
  }

  /** Something else is on the screen, so that pending results of earlier pictures are not shown. */
  forget() {
    this.asked++;
    this.words.replaceChildren();
  }

  /**
   * Has a picture, or a promise of one, kept under a label, and says so; `of` names the picture if that is not obvious.
   * `changed` is called with the label that is kept, null for none.
   */
  keep(label, picture, { of = "", changed = () => {} } = {}) {
    const address = `/v1/corrections?label=${encodeURIComponent(label)}`;
    return this.#keep(address, picture, `as ${label}`, of, (isKept) => changed(isKept ? label : null));
  }

  /** Has a whole picture kept with all its numbers, [{text, table, row, column}], and says so. */
  keepPage(picture, numbers, of) {
    const form = new FormData();
    form.append("picture", picture, "picture"); // its own name stays private
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

  /** The server's answer; null if something else has been shown or requested meanwhile. */
  async #ask(address, picture, method) {
    this.forget();
    const mine = this.asked;
    const answer = this.before.then(async () => this.server.ask(address, await picture, method));
    this.before = answer.catch(() => {});
    const said = await answer;
    return mine === this.asked ? said : null;
  }
}
