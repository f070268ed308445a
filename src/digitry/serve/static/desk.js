// The page's interface to the reading worker: a promise for every message. The network for digits is loaded first.

export { OVERTAKEN } from "./reading/messages.js";

export class Desk {
  /**
   * Starts the worker and loads the networks named in `config`, the server's config.json. `isLoaded` resolves when single
   * digits can be read, `isWhole` when everything can. `progressed(share, name)` is called as networks load.
   */
  constructor(config, progressed = () => {}) {
    this.worker = new Worker(new URL("./reading/worker.js", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.count = 0;
    this.fault = null; // why the worker does not start, if so; then no message is ever answered
    this.worker.onmessage = ({ data }) => this.#settle(data);
    this.worker.onerror = () => {
      this.fault = new Error("the reader cannot start in this browser");
      for (const { reject } of this.waiting.values()) reject(this.fault);
      this.waiting.clear();
    };
    const get = (name) => fetched(config.networks[name], (share) => progressed(share, name));
    this.isReady = false; // whether single digits can be read yet
    this.isLoaded = this.#load(get);
    this.isWhole = this.isLoaded.then(() => this.#loadNumbers(get, Object.keys(config.networks)));
    for (const loading of [this.isLoaded, this.isWhole]) loading.catch(() => {}); // whoever awaits it gets the reason
  }

  /** Ink, a Uint8Array of width · height → the reading with its stages. */
  async read(ink, width, height, expect, options = {}) {
    await this.isLoaded;
    return this.#ask({ type: "read", ink, width, height, expect, ...options });
  }

  /** Which pixels of a canonical digit support the answer. */
  async saliency(canonical) {
    await this.isLoaded;
    return this.#ask({ type: "saliency", canonical });
  }

  async #load(get) {
    const answer = await this.#ask({ type: "load", digit: await get("digit") });
    this.isReady = true;
    return answer;
  }

  async #loadNumbers(get, names) {
    if (!names.includes("number")) return;
    const number = await get("number");
    await this.#ask({ type: "numbers", number, shipped: names.includes("shipped") ? await get("shipped") : null });
  }

  #ask(message) {
    if (this.fault) return Promise.reject(this.fault);
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...message });
    });
  }

  #settle({ id, result, error }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  }
}

/** A file as an ArrayBuffer; `progressed` is called with the share of its `bytes` loaded. */
async function fetched({ address, bytes }, progressed) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the server did not send ${address.replace(/\?.*/, "")}`);
  if (!response.body) return response.arrayBuffer();
  const parts = [];
  let length = 0;
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts).arrayBuffer();
    parts.push(value);
    length += value.length;
    progressed(Math.min(length / bytes, 1));
  }
}
