// The page's connection to the server, to which only what a person sends goes.

const NO_TOKEN = "this server requires a token; enter it in the field \"Token\".";
const WRONG_TOKEN = "the token in the field \"Token\" is not this server's token.";

export class Server {
  constructor(config) {
    this.maxBytes = config.max_picture_bytes;
  }

  /** The server's answer; {problem} with a message if there is one, and `wantsToken` if a missing token is the reason. */
  async ask(address, body = null, method = "POST") {
    const isForm = body instanceof FormData;
    const size = isForm ? [...body.values()].reduce((sum, part) => sum + (part.size ?? part.length), 0) : body?.size;
    if (size > this.maxBytes) {
      return { problem: `it is ${megabytes(size)} in size, and this server accepts at most ${megabytes(this.maxBytes)}.` };
    }
    const token = document.getElementById("token").value;
    const bytes = new TextEncoder().encode(token); // a header can carry no other characters
    const headers = token ? { Authorization: `Bearer ${String.fromCharCode(...bytes)}` } : {};
    if (body && !isForm) headers["Content-Type"] = body.type || "application/octet-stream";
    try {
      const response = await fetch(address, { method, body, headers });
      if (response.status === 401) return { problem: token ? WRONG_TOKEN : NO_TOKEN, wantsToken: true };
      const values = await response.json().catch(() => ({})); // a reverse proxy answers in HTML
      if (response.ok && Object.keys(values).length) return values;
      return { problem: values.detail ?? values.title ?? `the server answered ${response.status} ${response.statusText}.` };
    } catch {
      return { problem: "the server cannot be reached." };
    }
  }
}

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
