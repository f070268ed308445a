// What a person does on pages that digitry writes: node reports.mjs SCENARIO CHROMIUM ADDRESS
// Prints what the scenario found as JSON; fails where the page does not do what it should.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [scenario, executablePath, address] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const wrong = [];

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => { if (message.type() === "error" && !message.text().includes("404")) wrong.push(message.text()); });
  await page.goto(address);
  return page;
}

async function hasNoViolations(page) {
  // Put in by the driver, which the page's own policy does not bind.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), []);
}

/** How light a colour is, 0 to 255: of the ground of the first chart, and of its first letter. */
const lightness = (page) => page.evaluate(() => {
  const light = (colour) => colour.match(/\d+(\.\d+)?/g).slice(0, 3).reduce((sum, part) => sum + Number(part) / 3, 0);
  const chart = document.querySelector("figure > svg");
  return [getComputedStyle(chart).backgroundColor, getComputedStyle(chart.querySelector("use")).fill].map(light);
});

const scenarios = {
  async report() {
    const page = await open();
    await hasNoViolations(page);
    const [ground, ink] = await lightness(page);
    assert.ok(ground > 200 && ink < 130, `in light: ink ${ink} on ${ground}`);
    assert.equal(await page.locator(".cell:visible").count(), 1, "the most frequent mistake is open");
    const first = await page.locator(".cell:visible h3").textContent();
    assert.equal(await page.locator(".hint:visible").count(), 1);
    await page.locator(".matrix .wrong a").last().click();
    await page.waitForFunction(() => document.querySelector(".cell:target"));
    assert.equal(await page.locator(".cell:visible").count(), 1);
    assert.notEqual(await page.locator(".cell:visible h3").textContent(), first);
    assert.equal(await page.locator(".hint:visible").count(), 0);
    const shown = await page.locator(".cell:visible .sheet li").count();
    await hasNoViolations(page);

    const dark = await open({ colorScheme: "dark", viewport: { width: 390, height: 800 } });
    const [night, letters] = await lightness(dark);
    assert.ok(night < 60 && letters > 150, `in dark: ink ${letters} on ${night}`);
    assert.equal(await dark.evaluate(() => document.documentElement.scrollWidth), 390);
    await hasNoViolations(dark);
    return { shown };
  },

  async review() {
    const page = await open();
    const says = (words) => page.waitForFunction(
      (wanted) => document.querySelector("[role=status]").textContent.startsWith(wanted), words, { timeout: 5000 },
    );
    await hasNoViolations(page);
    let saved = 0;
    page.on("requestfinished", (request) => { if (request.method() === "POST") saved += 1; });
    await page.keyboard.press("7");
    await says("1 of 3 answered, 1 to be changed; saved as you go");
    await page.keyboard.press("r");
    await says("2 of 3 answered, 1 to be changed");
    await page.keyboard.press("x");
    await says("3 of 3 answered, 2 to be changed");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("u");
    await says("2 of 3 answered, 2 to be changed");
    await page.click(".choices button >> text=5");
    await says("3 of 3 answered, 3 to be changed");
    await page.keyboard.press("s");
    while (saved < 5) await page.waitForTimeout(20);
    return { marks: await page.locator(".suspects b").allTextContents() };
  },

  async file() {
    const page = await open({ colorScheme: "dark", viewport: { width: 390, height: 800 } });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    await hasNoViolations(page);
    await page.setViewportSize({ width: 320, height: 568 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    await page.click(".suspects button >> nth=1");
    await page.click(".others button >> text=The label is right");
    await page.waitForFunction(() => document.querySelector("[role=status]").textContent.includes("not saved yet"));
    const coming = page.waitForEvent("download");
    await page.click("text=Save the table");
    const saved = await coming;
    return { name: saved.suggestedFilename(), table: readFileSync(await saved.path(), "utf8") };
  },
};

const found = await scenarios[scenario]();
assert.deepEqual(wrong, []);
console.log(JSON.stringify(found));
await browser.close();
