// A slow line to a server on this machine: so many kilobits a second for all connections together, shared fairly, and so many
// milliseconds there and back; a new connection takes one way there and back more. It counts the bytes that come down it.

import net from "node:net";

const PACKET = 1460; // bytes

/** The line to `port`: {address, bytes, close}; `bytes()` gives how many have come since it was asked last. */
export async function slowLine(port, { kilobits, milliseconds }) {
  const waiting = []; // connections with something to deliver, the next one first
  let [bytes, free, isBusy] = [0, 0, false];

  function pump() {
    const connection = waiting.shift();
    if (!connection) {
      isBusy = false;
      return;
    }
    const packet = connection.queue.subarray(0, PACKET);
    connection.queue = connection.queue.subarray(packet.length);
    if (connection.queue.length) waiting.push(connection);
    bytes += packet.length;
    free = Math.max(free, performance.now()) + (8 * packet.length) / kilobits;
    connection.down.push(packet);
    setTimeout(() => connection.client.write(connection.down.shift()), free - performance.now() + milliseconds / 2);
    setTimeout(pump, free - performance.now());
  }

  const server = net.createServer((client) => {
    const upstream = net.connect(port, "127.0.0.1");
    // What is on its way: timers that are due together may go off in any order, what they deliver may not.
    const connection = { client, queue: Buffer.alloc(0), down: [], up: [] };
    const opened = performance.now() + 1.5 * milliseconds; // when the first request is through
    client.on("data", (data) => {
      connection.up.push(data);
      setTimeout(() => upstream.write(connection.up.shift()), Math.max(milliseconds / 2, opened - performance.now()));
    });
    upstream.on("data", (data) => {
      if (!connection.queue.length) waiting.push(connection);
      connection.queue = Buffer.concat([connection.queue, data]);
      if (!isBusy) {
        isBusy = true;
        pump();
      }
    });
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      one.on("error", () => other.destroy());
      one.on("close", () => setTimeout(() => other.destroy(), 2000)); // what is under way arrives
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    bytes: () => { const some = bytes; bytes = 0; return some; },
    close: () => server.close(),
  };
}
