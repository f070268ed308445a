// One picture after the other of a number being written and read: node moving_picture.mjs BASE CHROMIUM FOLDER

import { chromium } from "playwright-core";
import { DIGITS, draw, isReady } from "./writing.mjs";

const [base, executablePath, folder] = process.argv.slice(2);
const NUMBER = "1984";
const POINTS_A_PICTURE = 5;

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 720, height: 760 }, colorScheme: "light" });
await page.goto(base);
await isReady(page);
let taken = 0;
const take = () => page.screenshot({ path: `${folder}/${String(taken++).padStart(3, "0")}.png` });

await take();
let points = 0;
const sometimes = () => (++points % POINTS_A_PICTURE ? undefined : take());
for (const [at, digit] of [...NUMBER].entries()) await draw(page, DIGITS[digit], (at + 0.5) / NUMBER.length, sometimes);
await take();
const heats = 'canvas[aria-label^="Heat map"]';
await page.waitForFunction(([all, count]) => document.querySelectorAll(all).length === count, [heats, NUMBER.length]);
await page.mouse.move(0, 0);
await take();
await browser.close();
