// The pictures of the page in docs/: node screenshots.mjs BASE CHROMIUM FOLDER

import { chromium } from "playwright-core";
import { DIGITS, draw, isReady } from "./writing.mjs";

const [base, executablePath, folder] = process.argv.slice(2);
const desktop = { viewport: { width: 1000, height: 800 } };
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const shots = {
  "page-desktop": [desktop, "203"],
  "page-desktop-dark": [{ ...desktop, colorScheme: "dark" }, "8"],
  "page-phone": [phone, "64"],
  "page-phone-dark": [{ ...phone, colorScheme: "dark" }, "5"],
};

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const [name, [options, number]] of Object.entries(shots)) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(base);
  await isReady(page);
  const share = 1 / number.length;
  for (const [at, digit] of [...number].entries()) await draw(page, DIGITS[digit], (at + 0.5) * share);
  const heats = 'canvas[aria-label^="Heat map"]';
  await page.waitForFunction(([all, count]) => document.querySelectorAll(all).length === count, [heats, number.length]);
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  await context.close();
}
await browser.close();
