// The pictures of the page in docs/, and those by which others show it: node screenshots.mjs BASE CHROMIUM DOCS STATIC LIST

import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { DIGITS, draw, isReady } from "./writing.mjs";

const [base, executablePath, docs, statics, list] = process.argv.slice(2);
const SIZES = { 320: [568, "7"], 390: [844, "64"], 768: [1024, "407"], 1440: [900, "203"] };

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

async function open(width, height, colorScheme, options = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, ...options });
  const page = await context.newPage();
  await page.goto(base);
  await isReady(page);
  return page;
}

async function write(page, number) {
  for (const [at, digit] of [...number].entries()) await draw(page, DIGITS[digit], (at + 0.5) / number.length);
  const heats = 'canvas[aria-label^="Heat map"]';
  await page.waitForFunction(([all, count]) => document.querySelectorAll(all).length === count, [heats, number.length]);
  await page.evaluate(() => scrollTo(0, 0));
}

for (const [width, [height, number]] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(Number(width), height, colorScheme, width < 700 ? { isMobile: true, hasTouch: true } : {});
    if (number.length === 1) await page.click('#modes label:has-text("One digit")');
    await write(page, number);
    await page.screenshot({ path: `${docs}/page-${width}-${colorScheme}.png` });
    await page.context().close();
  }
}

const page = await open(1000, 900, "light");
await page.setInputFiles("#file", list);
await page.click("#send");
await page.waitForSelector(".box");
await page.locator(".box.likely, .box.unsure").first().click();
await page.locator("section.picture").screenshot({ path: `${docs}/page-pictures.jpg`, quality: 80, type: "jpeg" });

await page.setViewportSize({ width: 1200, height: 630 });
await page.reload();
await isReady(page);
await write(page, "203");
await page.screenshot({ path: `${statics}/preview.png` });
await page.setViewportSize({ width: 180, height: 180 });
const icon = readFileSync(`${statics}/icon.svg`, "utf8").replace('rx="14"', 'rx="0"'); // a phone rounds it itself
await page.setContent(`<style>body { margin: 0 } svg { display: block; width: 180px }</style>${icon}`);
await page.screenshot({ path: `${statics}/touch-icon.png` });
await browser.close();
