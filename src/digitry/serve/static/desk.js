// The page's end of the worker that reads: a promise for every message.

export { OVERTAKEN } from "./reading/attend.js";

export class Desk {
  /** Starts the worker and loads the networks; `isLoaded` tells when. `config` is the server's config.json. */
  constructor(config) {
    this.worker = new Worker(new URL("./reading/worker.js", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.count = 0;
    this.fault = null; // why the worker does not start; nothing will ever answer then
    this.worker.onmessage = ({ data }) => this.#settle(data);
    this.worker.onerror = () => {
      this.fault = new Error("the reader does not start in this browser");
      for (const { reject } of this.waiting.values()) reject(this.fault);
      this.waiting.clear();
    };
    this.isLoaded = this.#load(config);
    this.isLoaded.catch(() => {}); // every answer that waits for it tells the reason
  }

  /** Ink, a Uint8Array of width · height → the reading with its stages. */
  async read(ink, width, height, expect) {
    await this.isLoaded;
    return this.#ask({ type: "read", ink, width, height, expect });
  }

  /** Which pixels of a canonical digit spoke for the answer. */
  async saliency(canonical) {
    await this.isLoaded;
    return this.#ask({ type: "saliency", canonical });
  }

  async #load({ has_own_numbers: own }) {
    const get = async (name) => {
      const response = await fetch(`/models/${name}`);
      if (!response.ok) throw new Error(`${name} cannot be had from the server`);
      return response.arrayBuffer();
    };
    const names = ["digit.onnx", "string.onnx", ...(own ? ["number.onnx"] : [])];
    const [digit, string, number] = await Promise.all(names.map(get));
    return this.#ask({ type: "load", digit, string, number });
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
