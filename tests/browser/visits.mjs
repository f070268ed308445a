// A first and a second visit to the page over slow lines: bytes, and seconds until what is written is read.
//
// node visits.mjs PORT CHROMIUM [LINE …]       prints a line of JSON for each line

import { chromium } from "playwright-core";
import { slowLine } from "./slow_line.mjs";
import { DIGITS, draw, isReady } from "./writing.mjs";

// What Chromium's and Lighthouse's presets of these names mean, as lines and not as delays of requests.
const LINES = { "fast 3G": { kilobits: 1638, milliseconds: 150 }, "slow 3G": { kilobits: 400, milliseconds: 400 } };
const [port, executablePath, ...asked] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const name of asked.length ? asked : Object.keys(LINES)) {
  const line = await slowLine(Number(port), LINES[name]);
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
  const first = await visit(context, line, true);
  const second = await visit(context, line, false);
  await context.close();
  line.close();
  console.log(JSON.stringify({ line: name, ...LINES[name], first, second }));
}
await browser.close();

/** Opens the page, writes a 7 as soon as there is a pad, and waits for the reading, then for all of the reader. */
async function visit(context, line, isFirst) {
  const page = await context.newPage();
  line.bytes();
  const began = performance.now();
  const seconds = () => Number(((performance.now() - began) / 1000).toFixed(2));
  await page.goto(line.address, { waitUntil: "commit" });
  // A person writes on what is shown: strokes that come sooner may be lost.
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length, null, { timeout: 60000 });
  const pad = seconds();
  await draw(page, DIGITS[7]);
  await page.waitForFunction(() => document.getElementById("text").textContent === "7", null, { timeout: 120000 });
  const reading = seconds();
  await isReady(page);
  const whole = seconds();
  if (isFirst) await page.waitForFunction(() => navigator.serviceWorker.controller !== null, null, { timeout: 60000 });
  await page.waitForTimeout(500); // for what is fetched behind
  await page.close();
  return { pad_seconds: pad, reading_seconds: reading, whole_seconds: whole, bytes: line.bytes() };
}
