// Times the page, and its reader beside onnxruntime-web, in Chromium; bench/page.py starts it and explains the figures.
//
// node page.mjs BASE PEER CHROMIUM ROUNDS       prints one line of JSON

import { createRequire } from "node:module";

const [base, peer, executablePath, rounds] = process.argv.slice(2);
const { chromium } = createRequire(new URL("../tests/browser/package.json", import.meta.url))("playwright-core");
const { DIGITS, draw, isReady } = await import("../tests/browser/writing.mjs");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const results = { page: [], ours: [], ort: [] };

for (let round = 0; round < Number(rounds); round++) {
  results.page.push(await firstReading());
  results.ours.push(await networks("/ours.html"));
  results.ort.push(await networks("/ort.html"));
}
console.log(JSON.stringify(results));
await browser.close();

/** A fresh profile opens the page and draws: milliseconds until it is ready, and of a reading, as a person waits. */
async function firstReading() {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
  const page = await context.newPage();
  const began = performance.now();
  await page.goto(base);
  await isReady(page);
  const ready = performance.now() - began;
  const times = {};
  for (const number of ["7", "203"]) {
    for (const [at, digit] of [...number].entries()) await draw(page, DIGITS[digit], (at + 0.5) / number.length);
    await page.waitForFunction((text) => document.getElementById("text").textContent === text, number);
    await page.waitForFunction((count) => document.querySelectorAll('canvas[aria-label^="Heat map"]').length === count, number.length);
    times[number] = Number((await page.textContent("#speed")).match(/\d+/)[0]);
    await page.click("#clear");
  }
  await context.close();
  return { ready, digit: times["7"], number: times["203"] };
}

/** A page that does nothing but run both networks on one thread: what it loads, its first answer, and a run each. */
async function networks(path) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(peer + path);
  await page.waitForFunction(() => window.result !== undefined, null, { timeout: 60000 });
  const found = await page.evaluate(() => window.result);
  await context.close();
  return found;
}
