// What a person does on the page, one function a scenario, each in a browser profile of its own.
//
// node scenarios.mjs BASE BASE_THAT_COLLECTS CHROMIUM PICTURE
// Prints a line of JSON for each: {name, failure: null or why}.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { DIGITS, draw, isReady } from "./writing.mjs";

const [base, collecting, executablePath, picture] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** A fresh profile on the page, with all that goes wrong or out noted down. */
async function open(options = {}, address = base) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
  const page = await context.newPage();
  const seen = { requests: [], wrong: [] };
  page.on("request", (request) => seen.requests.push(request));
  page.on("pageerror", (error) => seen.wrong.push(error.message));
  page.on("console", (message) => { if (message.type() === "error") seen.wrong.push(message.text()); });
  await page.goto(address);
  await isReady(page);
  return { context, page, seen };
}

async function reads(page, text) {
  await page.waitForFunction((wanted) => document.getElementById("text").textContent === wanted, text, { timeout: 8000 })
    .catch(async () => assert.equal(await page.textContent("#text"), text));
}

const says = (page, words) => page.waitForFunction(
  (wanted) => document.getElementById("verdict").textContent.includes(wanted), words, { timeout: 8000 },
).catch(async () => assert.fail(`"${await page.textContent("#verdict")}" does not say "${words}"`));

async function hasNoViolations(page) {
  // Put in by the driver, which the page's own policy does not bind.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), []);
}

const scenarios = {
  async "each of the ten digits is read as it is drawn"() {
    const { page } = await open();
    for (const [digit, strokes] of Object.entries(DIGITS)) {
      await draw(page, strokes);
      await reads(page, digit);
      await page.click("#clear");
      await says(page, "Nothing drawn");
    }
  },

  async "a number of three digits is read as one number"() {
    const { page } = await open();
    for (const [index, digit] of ["4", "0", "7"].entries()) await draw(page, DIGITS[digit], 0.2 + 0.3 * index);
    await reads(page, "407");
    await page.waitForFunction(() => document.querySelectorAll("#digits .seen").length === 3);
  },

  async "a scribble is not sure, or no digit"() {
    const { page } = await open();
    const scribble = Array.from({ length: 70 }, (_, i) => [0.5 + 0.8 * Math.sin(i * 2.7), 0.5 + 0.5 * Math.cos(i * 1.9)]);
    await draw(page, [scribble]);
    await page.waitForFunction(() => /Not sure|No digit/.test(document.getElementById("verdict").textContent));
    assert.equal(await page.locator("#answer.sure").count(), 0);
  },

  async "nothing drawn is said so, and a dot is no digit"() {
    const { page } = await open();
    await says(page, "Nothing drawn");
    await draw(page, [[[0.5, 0.5]]]);
    await page.waitForFunction(() => /Not sure|No digit/.test(document.getElementById("verdict").textContent));
    await page.click("#undo");
    await says(page, "Nothing drawn");
  },

  async "what the network sees is shown with the pixels that spoke for it"() {
    const { page } = await open();
    await draw(page, DIGITS[7]);
    await page.waitForSelector('canvas[aria-label="Heat map: the pixels that spoke for 7"]');
    assert.equal(await page.locator("#bars .name").first().textContent(), "7");
  },

  async "a drawing never leaves the device"() {
    const { page, seen } = await open();
    const before = seen.requests.length;
    await draw(page, DIGITS[3]);
    await reads(page, "3");
    await page.waitForSelector('canvas[aria-label^="Heat map"]');
    assert.deepEqual(seen.requests.slice(before).filter((one) => one.method() !== "GET").map((one) => one.url()), []);
    assert.deepEqual([...new Set(seen.requests.map((one) => new URL(one.url()).origin))], [new URL(base).origin]);
    assert.deepEqual(seen.wrong, []);
  },

  async "a picture is sent only when the button is pressed"() {
    const { page, seen } = await open();
    const posts = () => seen.requests.filter((one) => one.method() === "POST").map((one) => new URL(one.url()).pathname);
    await page.setInputFiles("#file", picture);
    await page.waitForSelector("#preview:visible");
    assert.deepEqual(posts(), []);
    await page.selectOption("#expect", "number");
    await page.click("#send");
    await page.waitForFunction(() => document.getElementById("picture-answer").textContent.includes("27"));
    assert.deepEqual(posts(), ["/v1/read"]);
    await page.click("#forget");
    assert.equal(await page.locator("#preview:visible").count(), 0);
  },

  async "a picture can be dropped and pasted"() {
    const { page, seen } = await open();
    for (const kind of ["drop", "paste"]) {
      const bytes = [...readFileSync(picture)];
      await page.evaluate(([name, data]) => {
        const files = new DataTransfer();
        files.items.add(new File([new Uint8Array(data)], "a.png", { type: "image/png" }));
        const values = { bubbles: true, cancelable: true };
        document.dispatchEvent(name === "drop"
          ? new DragEvent("drop", { ...values, dataTransfer: files })
          : new ClipboardEvent("paste", { ...values, clipboardData: files }));
      }, [kind, bytes]);
      await page.waitForSelector("#preview:visible");
      await page.click("#forget");
    }
    assert.deepEqual(seen.requests.filter((one) => one.method() === "POST"), []);
  },

  async "what is no picture gets the server's words"() {
    const { page } = await open();
    await page.setInputFiles("#file", { name: "a.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
    await page.click("#send");
    await page.waitForFunction(() => document.getElementById("picture-answer").textContent.includes("not a picture"));
  },

  async "once loaded it works without a network"() {
    const { context, page } = await open();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await context.setOffline(true);
    await page.reload();
    await isReady(page);
    await draw(page, DIGITS[5]);
    await reads(page, "5");
    await page.setInputFiles("#file", picture);
    await page.click("#send");
    await page.waitForFunction(() => document.getElementById("picture-answer").textContent.includes("cannot be reached"));
  },

  async "a digit can be drawn, taken back and cleared with the keyboard alone"() {
    const { page } = await open();
    for (let i = 0; i < 8 && await page.evaluate(() => document.activeElement.id) !== "canvas"; i++) await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "canvas");
    await page.keyboard.press("Space");
    for (let i = 0; i < 12; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await reads(page, "1");
    await page.keyboard.press("u");
    await says(page, "Nothing drawn");
    await page.keyboard.press("Space");
    for (let i = 0; i < 8; i++) await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Space");
    await page.keyboard.press("Delete");
    await says(page, "Nothing drawn");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    assert.notEqual(await page.evaluate(() => document.activeElement.id), "canvas");
  },

  async "a finger draws and does not scroll the page"() {
    const { context, page } = await open({ viewport: { width: 360, height: 500 }, isMobile: true, hasTouch: true });
    const box = await page.locator("#canvas").boundingBox();
    const session = await context.newCDPSession(page);
    const [x, top] = [box.x + box.width / 2, box.y + 0.15 * box.height];
    await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y: top }] });
    for (let i = 1; i <= 20; i++) {
      await session.send("Input.dispatchTouchEvent", {
        type: "touchMove", touchPoints: [{ x: x + i / 10, y: top + (i / 20) * 0.7 * box.height }],
      });
    }
    await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await reads(page, "1");
    assert.equal(await page.evaluate(() => window.scrollY), 0);
  },

  async "nothing is cut off from 320 pixels to a wide desktop"() {
    for (const width of [320, 480, 768, 1024, 1920]) {
      const { context, page } = await open({ viewport: { width, height: 800 } });
      await draw(page, DIGITS[8]);
      await reads(page, "8");
      await page.waitForSelector('canvas[aria-label^="Heat map"]');
      await page.setInputFiles("#file", picture);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `at ${width} pixels`);
      await context.close();
    }
  },

  async "axe finds nothing, by light and by dark, empty and full, and on the API's page"() {
    for (const colorScheme of ["light", "dark"]) {
      const { page } = await open({ colorScheme }, collecting);
      await hasNoViolations(page);
      await draw(page, DIGITS[2]);
      await page.waitForSelector('canvas[aria-label^="Heat map"]');
      await page.setInputFiles("#file", picture);
      await page.click("#send");
      await page.waitForFunction(() => document.getElementById("picture-answer").textContent.includes("27"));
      await hasNoViolations(page);
      await page.goto(`${collecting}/api`);
      await hasNoViolations(page);
    }
  },

  async "a correction is offered only where the server keeps it, and said plainly"() {
    const { page } = await open();
    await draw(page, DIGITS[1]);
    await reads(page, "1");
    assert.equal(await page.locator("#correct:visible").count(), 0);
    assert.match(await page.textContent("#keeps"), /keeps nothing/);
    const other = (await open({}, collecting)).page;
    await draw(other, DIGITS[1]);
    await reads(other, "1");
    assert.match(await other.textContent("#keeps"), /keeps the drawings that you correct/);
    await other.click('#labels button:text-is("7")');
    await other.waitForFunction(() => document.getElementById("thanks").textContent === "Thank you: kept as a 7.");
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  let failure = null;
  try {
    await scenario();
  } catch (error) {
    failure = String(error.stack ?? error).slice(0, 2000);
  }
  for (const context of browser.contexts()) await context.close();
  console.log(JSON.stringify({ name, failure }));
}
await browser.close();
