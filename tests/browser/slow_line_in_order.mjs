// What comes down a slow line in small pieces comes in order: node slow_line_in_order.mjs       prints true or false

import net from "node:net";
import { slowLine } from "./slow_line.mjs";

const body = Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * 7919) >> 3));
const PIECE = 1470; // a packet and a little of the next: their timers are due together

const server = net.createServer((client) => {
  let at = 0;
  const timer = setInterval(() => {
    if (at >= body.length) clearInterval(timer);
    else client.write(body.subarray(at, (at += PIECE)));
  }, 10);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const line = await slowLine(server.address().port, { kilobits: 1638, milliseconds: 150 });
let come = Buffer.alloc(0);
net.connect(new URL(line.address).port, "127.0.0.1").on("data", (data) => {
  come = Buffer.concat([come, data]);
  if (come.length < body.length) return;
  console.log(come.equals(body));
  process.exit();
});
