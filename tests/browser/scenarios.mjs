// What a person does on the page, one function a scenario, each in a browser profile of its own.
//
// node scenarios.mjs BASE BASE_THAT_COLLECTS BASE_THAT_COLLECTS_AND_WANTS_A_TOKEN TOKEN CHROMIUM PICTURE PAGE [WORDS]
// Prints a line of JSON for each, or for those with these words in their names: {name, failure: null or why}.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { DIGITS, draw, isReady } from "./writing.mjs";

const [base, collecting, wanting, token, executablePath, picture, list, only = ""] = process.argv.slice(2);
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

/** A page with a 7 on it before the files of this network (digit, number) may come; `letIn` lets them. */
async function drawnBefore(network) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
  const page = await context.newPage();
  let letIn;
  const gate = new Promise((resolve) => { letIn = resolve; });
  await context.route(`**/models/${network}*`, async (route) => { await gate; await route.continue(); });
  await page.goto(base, { waitUntil: "domcontentloaded" });
  await draw(page, DIGITS[7]);
  return { page, letIn };
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

const thanks = (page, words, id) => page.waitForFunction(
  ([where, text]) => document.getElementById(where).textContent.startsWith(text), [id, words], { timeout: 8000 },
).catch(async () => assert.equal(await page.textContent(`#${id}`), words));
const keptAs = (page, label) => thanks(page, `Thank you: kept as ${label}.`, "thanks");
const takenBack = (page) => thanks(page, "Taken back: nothing is kept.", "thanks");
const pictureKeptAs = (page, label) => thanks(page, `Thank you: kept as ${label} (27 in self_test.png).`, "picture-thanks");
const pictureTakenBack = (page) => thanks(page, "Taken back (27 in self_test.png): nothing is kept.", "picture-thanks");

/** Holds what the page asks of an address back until `letIn`; then the server, or `answer` in its place, says something. */
async function held(page, address, answer = null) {
  let letIn;
  const gate = new Promise((resolve) => { letIn = resolve; });
  const asked = [];
  await page.route(address, async (route) => {
    asked.push(route.request());
    await gate;
    if (answer) await route.fulfill({ json: answer });
    else await route.continue();
  });
  return { letIn, asked };
}

/** What the pen that ticks a sure answer, or underlines a confirmed one, does: the animation's name, null without a pen. */
const pen = (page, part) => page.evaluate((where) => {
  const { content, maskImage, animationName } = getComputedStyle(document.getElementById("text"), where);
  return content === "none" || maskImage === "none" ? null : animationName;
}, part);
const penBeside = (page) => pen(page, "::after");
const penUnder = (page) => pen(page, "::before");

const SCRIBBLE = Array.from({ length: 70 }, (_, i) => [0.5 + 0.8 * Math.sin(i * 2.7), 0.5 + 0.5 * Math.cos(i * 1.9)]);
const A = [[[0.5, 0.02], [0.1, 0.98]], [[0.5, 0.02], [0.9, 0.98]], [[0.26, 0.64], [0.76, 0.62]]];

/** Draws a number small: digits so many pixels high, from a place of the canvas, its shares of width and height. */
async function drawSmall(page, number, tall, x, y) {
  const box = await page.locator("#canvas").boundingBox();
  for (const [at, digit] of [...number].entries()) {
    const [left, top] = [box.x + x * box.width + 0.95 * at * tall, box.y + y * box.height];
    const place = ([a, b]) => [left + 0.75 * a * tall, top + b * tall];
    for (const stroke of DIGITS[digit]) {
      await page.mouse.move(...place(stroke[0]));
      await page.mouse.down();
      for (const point of stroke.slice(1)) await page.mouse.move(...place(point), { steps: 2 });
      await page.mouse.up();
    }
  }
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

  async "a scribble is a question mark, or no digit"() {
    const { page } = await open();
    await draw(page, [SCRIBBLE]);
    await page.waitForFunction(() => /Not sure|No digit/.test(document.getElementById("verdict").textContent));
    assert.match(await page.textContent("#text"), /^[?–]$/);
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

  async "what is written while the reader loads is kept, told of, and read when it is there"() {
    const { page, letIn } = await drawnBefore("digit");
    assert.match(await page.textContent("#loading"), /Loading the reader, \d+%/);
    await says(page, "Go on writing");
    assert.equal(await page.locator("#hint:visible").count(), 0);
    letIn();
    await reads(page, "7");
    await isReady(page);
    assert.equal(await page.locator("#loading:visible").count(), 0);
  },

  async "single digits are read before the network for numbers is there, and no sooner called sure"() {
    const { page, letIn } = await drawnBefore("number");
    await reads(page, "7");
    await says(page, "still loading");
    assert.equal(await page.locator("#answer.sure").count(), 0);
    letIn();
    await isReady(page);
    await says(page, "Sure");
  },

  async "what was cleared or taken back comes again"() {
    const { page } = await open();
    await draw(page, DIGITS[4]);
    await reads(page, "4");
    await page.click("#clear");
    await says(page, "Nothing drawn");
    await page.click("#undo");
    await reads(page, "4");
    await page.click("#undo");
    await page.click("#undo");
    await says(page, "Nothing drawn");
    assert.ok(await page.isDisabled("#undo"));
    await page.click("#redo");
    await page.click("#redo");
    await reads(page, "4");
    await page.focus("#canvas");
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+Shift+z");
    await reads(page, "4");
  },

  async "small writing is read, for the pen follows it"() {
    const { page } = await open();
    await drawSmall(page, "4731", 26, 0.1, 0.2);
    await reads(page, "4731");
  },

  async "a stroke that begins beside the pad belongs to it"() {
    const { page } = await open();
    const box = await page.locator("#canvas").boundingBox();
    for (const x of [box.x - 4, box.x - 40]) { // in the paper's margin, and outside of the card
      await page.mouse.move(x, box.y + 40);
      await page.mouse.down();
      for (const [a, b] of [[0.5, 40], [0.35, 210]]) await page.mouse.move(box.x + a * box.width, box.y + b, { steps: 8 });
      await page.mouse.up();
      await reads(page, "7");
      await page.click("#clear");
    }
  },

  async "a second line, and a second number, are read as what they are"() {
    const { page } = await open();
    await drawSmall(page, "37", 80, 0.1, 0.08);
    await drawSmall(page, "205", 80, 0.1, 0.6);
    await reads(page, "37\n205");
    await says(page, "2 numbers");
    await page.click("#clear");
    await drawSmall(page, "12", 60, 0.05, 0.3);
    await drawSmall(page, "58", 60, 0.65, 0.3);
    await reads(page, "12 58");
    await says(page, "2 numbers");
  },

  async "one digit has ten bars that are always there, one for no digit, and its pixels as they are drawn"() {
    const { page } = await open();
    await page.click('#modes label:has-text("One digit")');
    const names = () => page.locator("#bars .name").allTextContents();
    assert.deepEqual(await names(), [..."0123456789", "not a digit"]);
    const box = await page.locator("#canvas").boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 200, { steps: 20 });
    await page.waitForFunction(() => {
      const { data } = document.getElementById("tiny").getContext("2d").getImageData(0, 0, 28, 28);
      return data.some((value, at) => at % 4 === 0 && value > 200);
    });
    await page.mouse.up();
    await reads(page, "1");
    assert.equal(await page.locator("#bars .best").textContent(), "1");
    await page.click("#clear");
    await draw(page, A);
    await page.waitForFunction(() => /^[^1\u00a0]$/.test(document.getElementById("text").textContent)); // of all its strokes
    assert.deepEqual(await names(), [..."0123456789", "not a digit"]);
    assert.equal(await page.locator("#answer.sure").count(), 0);
  },

  async "a sure answer is ticked by a pen, which stands still where motion is not wanted"() {
    for (const [reducedMotion, name] of [["no-preference", "written"], ["reduce", "none"]]) {
      const { page } = await open({ reducedMotion });
      assert.equal(await penBeside(page), null);
      await draw(page, DIGITS[7]);
      await says(page, "Sure");
      assert.equal(await penBeside(page), name);
      await page.click("#clear");
      await draw(page, [SCRIBBLE]);
      await page.waitForFunction(() => /Not sure|No digit/.test(document.getElementById("verdict").textContent));
      assert.equal(await penBeside(page), null);
    }
  },

  async "alternatives that are next to impossible are not shown"() {
    const { page } = await open();
    for (const [index, digit] of ["2", "0", "3"].entries()) await draw(page, DIGITS[digit], 0.2 + 0.3 * index);
    await reads(page, "203");
    const shares = (await page.locator("#bars .share").allTextContents()).map((text) => Number.parseFloat(text.replace(/^[<>] /, "")));
    assert.ok(shares.length >= 1 && shares.every((share) => share >= 1), shares.join());
  },

  async "a letter is no sure number, and what is sure says so in the same words for every drawing"() {
    const { page } = await open({ reducedMotion: "reduce" });
    await page.click('#examples button:text-is("an A")');
    await page.waitForFunction(() => /ure|robably|No digit/.test(document.getElementById("verdict").textContent));
    assert.equal(await page.locator("#answer.sure").count(), 0);
    await page.click("#clear");
    for (const [index, digit] of [..."25814"].entries()) await draw(page, DIGITS[digit], 0.1 + 0.18 * index);
    await reads(page, "25814");
    const verdict = await page.locator("#verdict").textContent();
    assert.equal(await page.locator("#answer.sure").count(), Number(verdict.startsWith("Sure")), verdict);
  },

  async "an example writes itself, and the pad can be written on at once"() {
    const { page } = await open({ reducedMotion: "reduce" });
    await page.click('#examples button:text-is("1984")');
    await reads(page, "1984");
    await page.click('#examples button:text-is("two numbers")');
    await reads(page, "37\n205");
    await page.click("#undo");
    await reads(page, "1984");
  },

  async "on the smallest phone pad and answer are on one screen, and nine digits on one line"() {
    const { page } = await open({ viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true, reducedMotion: "reduce" });
    for (const mode of ["Numbers", "One digit"]) {
      await page.click(`#modes label:has-text("${mode}")`);
      await page.click("#clear", { timeout: 500 }).catch(() => {}); // nothing is drawn the first time
      await draw(page, DIGITS[7]);
      await reads(page, "7");
      await page.evaluate(() => scrollTo(0, 0));
      const [pad, bars] = [await page.locator("#canvas").boundingBox(), await page.locator("#bars").boundingBox()];
      assert.ok(pad.y >= 0 && pad.height >= 140, `${mode}: the pad is ${pad.height} high`);
      assert.ok(bars.y + bars.height <= 568, `${mode}: the answer ends at ${bars.y + bars.height}`);
    }
    const middles = (selector) => page.locator(selector).evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ x, width }) => Math.round(x + width / 2)));
    assert.deepEqual(await middles("#bars .bar"), await middles("#bars .name"), "each bar stands over its name");
    await page.click('#modes label:has-text("Numbers")');
    await page.click("#clear");
    await drawSmall(page, "314592678", 30, 0.02, 0.4);
    await page.waitForFunction(() => document.getElementById("text").textContent.length >= 8, null, { timeout: 8000 });
    const { height } = await page.locator("#text").boundingBox();
    const size = await page.evaluate(() => Number.parseFloat(getComputedStyle(document.getElementById("text")).fontSize));
    assert.ok(height < 1.8 * size, `${height} pixels for letters of ${size}`);
    await page.waitForSelector("#digits.many .seen:nth-child(8)");
    const tops = await page.locator("#digits .seen").evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().top)));
    assert.ok(new Set(tops).size <= Math.ceil(tops.length / 2), `cards at ${tops}, two side by side`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  },

  async "what the network sees is shown with the pixels that spoke for it"() {
    const { page } = await open();
    await draw(page, DIGITS[7]);
    await page.waitForSelector('canvas[aria-label="Heat map: the pixels that support 7"]');
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

  async "a picture that was read can be read anew as something else"() {
    const { page, seen } = await open();
    await page.setInputFiles("#file", picture);
    const readAs = async (expect) => {
      if (expect !== "page") await page.selectOption("#expect", expect);
      await Promise.all([page.waitForResponse(`**/v1/read?expect=${expect}*`), page.click("#send", { timeout: 3000 })]);
      await page.waitForFunction(() => document.getElementById("send").disabled
        && !document.getElementById("picture-answer").textContent.startsWith("Reading"));
    };
    await readAs("page");
    await page.selectOption("#expect", "number");
    assert.ok(await page.isEnabled("#send"));
    await page.selectOption("#expect", "page");
    assert.ok(await page.isDisabled("#send"), "so it was read already");
    await readAs("digit");
    assert.ok(await page.locator("#tables .number").count() <= 1, "one digit is expected now");
    await readAs("number");
    assert.deepEqual(await page.locator("#tables .number").allTextContents(), ["27"]);
    assert.equal(seen.requests.filter((one) => one.method() === "POST").length, 3);
    assert.deepEqual(seen.wrong, []);
  },

  async "a page of numbers is looked through, corrected and taken away as a table"() {
    const { page, seen } = await open({ acceptDownloads: true, permissions: ["clipboard-read", "clipboard-write"] });
    await page.setInputFiles("#file", list);
    await page.click("#send");
    await page.waitForSelector(".box", { timeout: 20000 });
    const count = await page.locator(".box").count();
    assert.equal(await page.locator("#tables .number").count(), count);
    assert.ok(await page.locator(".box.sure").count() < count, "some are to be looked at");
    const words = page.locator(".box span:visible");
    assert.equal(await words.count(), count);
    await page.setViewportSize({ width: 390, height: 844 });
    assert.equal(await words.count(), await page.locator(".box:not(.sure)").count(), "on a phone they would cover what is written");
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.locator(".box.likely, .box.unsure").first().click();
    const open_ = () => page.locator(".box.likely, .box.unsure").count();
    let left = await open_();
    for (const text of ["7", "12"]) { // the keyboard alone goes from one to the next
      await page.fill("#editor-text", text);
      await page.keyboard.press("Enter");
      assert.equal(await open_(), --left);
      assert.equal(await page.evaluate(() => document.activeElement.id), left ? "editor-text" : "copy");
      if (!left) break;
    }
    const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.id);
    for (const place of [".box", "#tables .number"]) { // whoever closes is back where the number was pressed
      const pressed = page.locator(`${place} >> nth=2`);
      const name = await pressed.getAttribute("aria-label");
      for (const leave of [() => page.keyboard.press("Escape"), () => page.press("#editor-close", "Enter")]) {
        await pressed.press("Enter");
        assert.equal(await focused(), "editor-text");
        await leave();
        assert.equal(await page.locator("#editor:visible").count(), 0);
        assert.equal(await focused(), name);
        assert.ok(await page.evaluate((where) => document.activeElement.matches(where), place));
      }
    }
    assert.ok(await page.locator('#tables .checked:text-is("7")').count() >= 1);
    await page.click("#copy");
    await page.waitForFunction(() => document.getElementById("export-words").textContent.startsWith("Copied"));
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const rows = await page.locator("#tables tr").count();
    assert.ok(copied.trimEnd().split("\n").filter(Boolean).length === rows, copied);
    for (const [id, name] of [["csv", "numbers.csv"], ["xlsx", "numbers.xlsx"]]) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#${id}`)]);
      assert.equal(download.suggestedFilename(), name);
      const bytes = readFileSync(await download.path());
      if (id === "csv") assert.equal(bytes.toString().replaceAll(",", "\t"), copied);
      else assert.equal(bytes.subarray(0, 4).toString("latin1"), "PK\u0003\u0004");
    }
    await hasNoViolations(page);
    assert.deepEqual(seen.wrong, []);
  },

  async "a photo of fifty megapixels is made small here, and several are read one after the other"() {
    const { page, seen } = await open();
    const sizes = [];
    page.on("request", (request) => { if (request.method() === "POST") sizes.push(request.postDataBuffer()?.length ?? 0); });
    await page.evaluate(async () => {
      const photo = new OffscreenCanvas(8000, 6250);
      const context = photo.getContext("2d");
      context.fillStyle = "#eee";
      context.fillRect(0, 0, 8000, 6250);
      context.font = "3000px sans-serif";
      context.fillStyle = "#111";
      context.fillText("27", 2000, 4200);
      const files = new DataTransfer();
      const blob = await photo.convertToBlob({ type: "image/jpeg" });
      files.items.add(new File([blob], "large.jpg", { type: "image/jpeg" }));
      document.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: files }));
    });
    await page.waitForSelector("#preview:visible");
    await page.setInputFiles("#file", picture);
    await page.waitForSelector("#pictures button >> nth=1");
    await page.selectOption("#expect", "number");
    assert.match(await page.textContent("#send"), /Read 2 pictures/);
    for (const name of ["large.jpg", "self_test.png"]) {
      await page.press(`#pictures button:text-is("${name}")`, "Enter");
      assert.equal(await page.evaluate(() => document.activeElement.textContent), name);
    }
    await page.click("#send");
    await page.waitForFunction(() => document.querySelectorAll("#tables .number").length === 2, null, { timeout: 20000 });
    assert.deepEqual(await page.locator("#tables .number").allTextContents(), ["27", "27"]);
    assert.ok(sizes.length === 2 && Math.max(...sizes) < 2 ** 21, sizes.join());
    assert.deepEqual(seen.wrong, []);
  },

  async "a part of a picture can be chosen, and the picture turned"() {
    const { page } = await open();
    await page.setInputFiles("#file", picture);
    await page.waitForSelector("#preview:visible");
    const side = () => page.evaluate(() => [document.getElementById("preview").width, document.getElementById("preview").height]);
    const [wide, tall] = await side();
    await page.click("#turn");
    assert.deepEqual(await side(), [tall, wide]);
    for (let i = 0; i < 3; i++) await page.click("#turn");
    await page.click("#crop");
    await page.locator("#preview").scrollIntoViewIfNeeded();
    const box = await page.locator("#preview").boundingBox();
    await page.mouse.move(box.x + 2, box.y + 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.52 * box.width, box.y + box.height - 2, { steps: 5 });
    await page.mouse.up();
    assert.ok((await side())[0] < 0.6 * wide);
    await page.selectOption("#expect", "number");
    await page.click("#send");
    await page.waitForFunction(() => /One number: 2\./.test(document.getElementById("picture-answer").textContent), null, { timeout: 8000 });
    await page.press("#whole", "Enter");
    assert.deepEqual(await side(), [wide, tall]);
    assert.equal(await page.evaluate(() => document.activeElement.id), "crop");
  },

  async "a part of a picture can be chosen by two taps, without a drag"() {
    const { page, seen } = await open({ viewport: { width: 390, height: 800 }, hasTouch: true });
    await page.setInputFiles("#file", picture);
    await page.waitForSelector("#preview:visible");
    const side = () => page.evaluate(() => [document.getElementById("preview").width, document.getElementById("preview").height]);
    const tap = async (x, y) => {
      await page.locator("#preview").scrollIntoViewIfNeeded();
      const box = await page.locator("#preview").boundingBox();
      await page.touchscreen.tap(box.x + x * box.width, box.y + y * box.height);
    };
    const corner = page.locator("#part.corner:visible");
    const [wide, tall] = await side();
    await page.tap("#crop");
    assert.match(await page.textContent("#part-keys:visible"), /tap one of its corners and then the opposite one/);
    for (const x of [0.8, 0.52]) { // the second leaves too little between them, and takes the place of the first
      await tap(x, 0.99);
      assert.equal(await page.textContent("#part-words"), "One corner is chosen. Tap the opposite one.");
      assert.equal(await corner.count(), 1);
    }
    await hasNoViolations(page);
    await page.keyboard.press("ArrowUp"); // who goes on with keys begins anew
    assert.equal(await corner.count(), 0);
    await page.tap("#crop");
    assert.equal(await page.textContent("#part-words"), "No part was chosen.");
    await page.tap("#crop");
    await tap(0.52, 0.99);
    await tap(0.01, 0.01);
    assert.equal(await page.textContent("#part-words"), "The part was chosen.");
    assert.equal(await page.getAttribute("#crop", "aria-pressed"), "false");
    const [width, height] = await side();
    assert.ok(width > 0.48 * wide && width < 0.54 * wide && height > 0.95 * tall, `${width} × ${height} of ${wide} × ${tall}`);
    await page.selectOption("#expect", "number");
    await page.tap("#send");
    await page.waitForFunction(() => /One number: 2\./.test(document.getElementById("picture-answer").textContent), null, { timeout: 8000 });
    assert.deepEqual(seen.wrong, []);
  },

  async "a part of a picture can be chosen by keyboard alone, with words for whoever does not see the frame"() {
    const { page, seen } = await open({ viewport: { width: 320, height: 568 } });
    await page.setInputFiles("#file", picture);
    await page.waitForSelector("#preview:visible");
    const side = () => page.evaluate(() => [document.getElementById("preview").width, document.getElementById("preview").height]);
    const focused = () => page.evaluate(() => document.activeElement.id);
    const press = async (key, times) => { for (let i = 0; i < times; i++) await page.keyboard.press(key); };
    const [wide, tall] = await side();
    await page.press("#crop", "Enter");
    assert.equal(await focused(), "part");
    assert.match(await page.textContent("#part-words"), /^From the left 25% to 75%, from the top 25% to 75%\.$/);
    assert.match(await page.textContent("#part-keys:visible"), /arrow keys move .* Enter confirms.*Escape cancels/s);
    await hasNoViolations(page);
    await page.keyboard.press("Escape");
    assert.equal(await page.textContent("#part-words"), "No part was chosen.");
    assert.deepEqual([await focused(), ...await side()], ["crop", wide, tall]);
    await page.keyboard.press("Enter");
    await press("ArrowLeft", 60); // it ends at the edges
    await press("ArrowUp", 60);
    await press("Shift+ArrowDown", 110);
    assert.match(await page.textContent("#part-words"), /^From the left 0% to 50%, from the top 0% to 100%\.$/);
    await press("Shift+ArrowRight", 3);
    await press("Shift+ArrowLeft", 2);
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "send");
    assert.equal(await page.textContent("#part-words"), "The part was chosen.");
    assert.deepEqual(seen.requests.filter((one) => one.method() === "POST"), [], "it is sent only when the button is pressed");
    const [width, height] = await side();
    assert.ok(width > 0.5 * wide && width < 0.53 * wide && height === tall, `${width} × ${height} of ${wide} × ${tall}`);
    await page.selectOption("#expect", "number");
    await page.press("#send", "Enter");
    await page.waitForFunction(() => /One number: 2\./.test(document.getElementById("picture-answer").textContent), null, { timeout: 8000 });
    assert.deepEqual(seen.wrong, []);
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

  async "where the server wants a token, the page says so, takes it, and sends it with all that it sends"() {
    const { page, seen } = await open({}, wanting);
    assert.ok(await page.isVisible("#token"));
    await hasNoViolations(page);
    const answers = (words) => page.waitForFunction(
      (wanted) => document.getElementById("picture-answer").textContent.includes(wanted), words, { timeout: 20000 },
    ).catch(async () => assert.equal(await page.textContent("#picture-answer"), words));
    const focused = () => page.evaluate(() => document.activeElement.id);
    const posts = () => seen.requests.filter((one) => one.method() === "POST");
    await page.setInputFiles("#file", [picture, list]);
    await page.waitForSelector("#pictures button >> nth=1");
    await page.selectOption("#expect", "number");
    await page.press("#send", "Enter");
    await answers("self_test.png could not be read: this server requires a token; enter it in the field \"Token\".");
    assert.equal(await focused(), "token");
    assert.equal(posts().length, 1, "the second picture is not sent for nothing");
    await page.fill("#token", "another");
    await page.press("#send", "Enter");
    await answers("is not this server's token");
    await page.click('#pictures button:text-is("class-list.jpg")');
    await page.click("#forget");
    await page.fill("#token", token);
    await page.press("#send", "Enter");
    await answers("One number: 27.");
    await page.click("#tables .number");
    await page.check("#editor-keep");
    await page.fill("#editor-text", "29");
    await page.keyboard.press("Enter");
    await pictureKeptAs(page, "29");
    await draw(page, DIGITS[5]);
    await page.click('#labels button:text-is("Yes, 5")');
    await keptAs(page, "5");
    await page.click("#thanks button");
    await takenBack(page);
    await page.fill("#token", "");
    await page.click('#labels button:text-is("Yes, 5")');
    await thanks(page, "Not kept: this server requires a token", "thanks");
    assert.deepEqual(seen.wrong.filter((words) => !words.includes("401")), []);
    assert.ok(!seen.requests.some((one) => one.url().includes(encodeURIComponent(token))), "no address has the token in it");
  },

  async "by forced colours, focus, what is chosen and what is not sure are told by more than colour"() {
    for (const colorScheme of ["light", "dark"]) {
      const { page } = await open({ forcedColors: "active", colorScheme, reducedMotion: "reduce" }, collecting);
      const look = (selector, ...sides) => page.locator(selector).first().evaluate((one, names) => {
        const style = getComputedStyle(one);
        return names.map((name) => style[name]).join();
      }, sides);
      const areApart = async (selectors, ...sides) => {
        const looks = await Promise.all(selectors.map((one) => look(one, ...sides)));
        assert.equal(new Set(looks).size, looks.length, `${selectors.join(" and ")} look the same: ${looks.join(" and ")}`);
      };
      const FORM = ["borderStyle", "borderWidth", "fontWeight", "textDecorationLine", "boxShadow"];
      const bar = page.locator("#loading i");
      const filled = (share) => page.evaluate((value) => {
        document.getElementById("loading").hidden = false;
        document.querySelector("#loading i").style.setProperty("--share", value);
      }, share).then(() => bar.screenshot());
      assert.ok(!(await filled(0.2)).equals(await filled(0.8)), "a bar that is always full");
      await page.evaluate(() => { document.getElementById("loading").hidden = true; });
      await page.click('#examples button:text-is("two numbers")');
      await page.waitForSelector("#which button");
      await areApart(["#modes input:checked + span", "#modes input:not(:checked) + span"], "backgroundColor");
      await areApart(['#which [aria-pressed="true"]', '#which [aria-pressed="false"]'], "backgroundColor");
      await page.setInputFiles("#file", list);
      await page.click("#send");
      await page.waitForSelector(".box", { timeout: 20000 });
      await page.locator(".box.likely, .box.unsure").first().click();
      await page.fill("#editor-text", "12");
      await page.keyboard.press("Enter"); // the next that is not sure is looked at now
      const doubt = (kind) => `.${kind}:is(.likely, .unsure)`;
      for (const kind of ["box", "number"]) {
        await areApart([`.${kind}.sure`, doubt(kind), `.${kind}.checked`], ...FORM);
        await areApart([`${doubt(kind)}[aria-current]`, `${doubt(kind)}:not([aria-current])`], "backgroundColor", "boxShadow");
      }
      assert.equal(await look(".box.sure", "borderColor"), "rgb(0, 95, 148)", "a system's colours may be a picture's");
      await page.click("#crop");
      await areApart(["#crop", "#turn"], "backgroundColor");
      await page.keyboard.press("Escape");
      await page.focus(".skip");
      const stops = new Set();
      for (let i = 0; i < 150; i++) {
        await page.keyboard.press("Tab");
        const found = await page.evaluate(() => {
          const one = document.activeElement;
          if (one === document.body) return null;
          const shown = [one, one.nextElementSibling, one.closest(".button")].filter(Boolean).map((each) => getComputedStyle(each));
          const isShown = shown.some(({ outlineStyle, outlineWidth }) => !["none", "auto"].includes(outlineStyle) && parseFloat(outlineWidth) >= 2);
          return { name: one.id || one.className || one.textContent.trim(), isShown };
        });
        if (!found) break;
        assert.ok(found.isShown, `the focus is not to be seen on ${found.name}`);
        stops.add(found.name);
      }
      for (const name of ["canvas", "undo", "file", "crop", "editor-text", "copy"]) assert.ok(stops.has(name), `${name}: ${[...stops]}`);
    }
  },

  async "what is chosen can be read under the mouse, too"() {
    const { page } = await open({ reducedMotion: "reduce" }, collecting);
    await page.click('#examples button:text-is("two numbers")');
    await page.setInputFiles("#file", picture);
    await page.waitForSelector("#preview:visible");
    await page.selectOption("#expect", "number");
    await page.click("#send");
    await page.click("#tables .number");
    for (const chosen of ['#which [aria-pressed="true"]', ".number[aria-current]"]) {
      await page.hover(chosen);
      const [ink, ground] = await page.locator(chosen).evaluate((one) => {
        const { color, backgroundColor } = getComputedStyle(one);
        return [color, backgroundColor];
      });
      assert.notEqual(ink, ground); // what is not to be seen at all, axe takes for hidden
      await hasNoViolations(page);
    }
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
    await page.goto(`${base}/about`);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector("main")).display), "grid");
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

  async "a finger that begins beside the pad writes on it, on the smallest phone"() {
    const { context, page } = await open({ viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true });
    const session = await context.newCDPSession(page);
    const touch = (type, ...points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
    const box = await page.locator("#canvas").boundingBox();
    for (const x of [2, 318]) {
      const middle = box.x + box.width / 2;
      await touch("touchStart", [x, box.y + 20]);
      for (let i = 1; i <= 20; i++) await touch("touchMove", [x + (i / 20) * (middle - x), box.y + 20]);
      for (let i = 1; i <= 20; i++) await touch("touchMove", [middle - i, box.y + 20 + (i / 20) * 125]);
      await touch("touchEnd");
      assert.ok(await page.isEnabled("#undo"), `from ${x}`);
      await page.waitForFunction(() => /Sure|Probably|Not sure|No digit/.test(document.getElementById("verdict").textContent));
      assert.equal(await page.evaluate(() => window.scrollY), 0);
      await page.click("#clear");
      await says(page, "Nothing drawn");
    }
  },

  async "on the smallest phone the examples are on the first screen"() {
    const { page } = await open({ viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true });
    for (const mode of ["Numbers", "One digit"]) {
      await page.click(`#modes label:has-text("${mode}")`);
      const { y, height } = await page.locator("#examples button").first().boundingBox();
      assert.ok(y + height <= 568, `${mode}: they end at ${y + height}`);
    }
    await page.click('#examples button:text-is("a scribble")'); // behind the edge at first
    await page.waitForFunction(() => /Not sure|No digit/.test(document.getElementById("verdict").textContent));
  },

  async "what the page is for is said at every size, also at 1280 pixels enlarged four times"() {
    for (const [width, height] of [[320, 256], [320, 568], [390, 844], [568, 320], [1280, 256], [1280, 800]]) {
      const { context, page } = await open({ viewport: { width, height } });
      const box = await page.locator(".lead").boundingBox();
      assert.ok(box?.height >= 15 && box.x + box.width <= width && box.y + box.height <= height, `${width}×${height}: ${JSON.stringify(box)}`);
      await context.close();
    }
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

  async "axe finds nothing, by light and by dark, in each state of the page, and on the others"() {
    for (const colorScheme of ["light", "dark"]) {
      const { page } = await open({ colorScheme }, collecting);
      await hasNoViolations(page);
      await draw(page, DIGITS[2]);
      await page.waitForSelector('canvas[aria-label^="Heat map"]');
      await page.setInputFiles("#file", picture);
      await page.selectOption("#expect", "number");
      await page.click("#send");
      await page.waitForFunction(() => document.getElementById("picture-answer").textContent.includes("27"));
      await hasNoViolations(page);
      await page.click("#tables .number");
      await page.waitForSelector("#editor:visible");
      await hasNoViolations(page);
      await page.click("#crop");
      await page.click('#modes label:has-text("One digit")');
      await page.waitForFunction(() => document.querySelectorAll("#bars .name").length === 11);
      await hasNoViolations(page);
      for (const path of ["/api", "/about", "/nowhere"]) {
        await page.goto(collecting + path);
        await hasNoViolations(page);
      }
    }
  },

  async "the API's page calls this server, and an address without anything is told of kindly"() {
    const { page } = await open();
    await page.goto(`${base}/api`);
    assert.ok((await page.textContent("main")).includes(`${base}/v1/read`));
    const answer = await page.goto(`${base}/nowhere`);
    assert.equal(answer.status(), 404);
    await page.click('a[href="/"]');
    await isReady(page);
  },

  async "a correction is offered only where the server keeps it, and said plainly"() {
    const { page } = await open();
    await draw(page, DIGITS[1]);
    await reads(page, "1");
    assert.equal(await page.locator("#correct:visible").count(), 0);
    assert.match(await page.textContent("#keeps"), /keeps no drawings and no pictures/);
    assert.match(await page.textContent("header"), /Nothing you write leaves your device/);
    const other = (await open({}, collecting)).page;
    await draw(other, DIGITS[1]);
    await reads(other, "1");
    assert.match(await other.textContent("#keeps"), /keeps the drawings and numbers that you confirm or correct/);
    assert.match(await other.textContent("header"), /leaves your device only if you confirm or correct it/);
    await says(other, "Sure");
    await other.click('#labels button:text-is("4")');
    await keptAs(other, "4");
    await other.click('#labels button:text-is("7")'); // another label takes the first one's place
    await keptAs(other, "7");
  },

  async "that a reading is right, that it is no digit, and a whole number can be kept, and taken back"() {
    const { page } = await open({}, collecting);
    await draw(page, DIGITS[5]);
    await reads(page, "5");
    await says(page, "Sure");
    assert.equal(await penUnder(page), null);
    await page.click('#labels button:text-is("3")');
    await keptAs(page, "3");
    assert.equal(await penUnder(page), null, "what was read is not right");
    await page.click('#labels button:text-is("Yes, 5")');
    await keptAs(page, "5");
    assert.equal(await penUnder(page), "written");
    await page.press("#thanks button", "Enter");
    await takenBack(page);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Yes, 5");
    assert.equal(await penUnder(page), null);
    await page.click("#clear");
    await draw(page, [SCRIBBLE]);
    await page.click('#labels button:text-is("not a digit")');
    await keptAs(page, "not a digit");
    await page.click("#clear");
    for (const [index, digit] of ["4", "0", "7"].entries()) await draw(page, DIGITS[digit], 0.2 + 0.3 * index);
    await reads(page, "407");
    await page.waitForSelector("#labels input");
    await page.fill("#labels input", "401");
    await page.keyboard.press("Enter");
    await keptAs(page, "401");
  },

  async "a drawing that is read as one digit can be kept as a number with signs"() {
    const { page } = await open({}, collecting);
    await draw(page, DIGITS[2]);
    await reads(page, "2");
    await page.waitForSelector("#labels input");
    const accepts = (text) => page.fill("#labels input", text).then(() => page.locator("#labels input").evaluate((one) => one.checkValidity()));
    for (const text of ["eleven", "1 1", "./", "$5", "50%", ".5", "(12"]) assert.ok(!await accepts(text), text);
    for (const text of ["11", "1", "-8", "1,250.00", "(3)", "10:45"]) assert.ok(await accepts(text), text);
    await page.fill("#labels input", "1/1");
    await page.click('#labels button:text-is("Save this number")');
    await keptAs(page, "1/1");
  },

  async "each number of a drawing can be told for itself, and its part of the drawing is kept"() {
    const { page } = await open({}, collecting);
    await drawSmall(page, "37", 80, 0.1, 0.08);
    await drawSmall(page, "205", 80, 0.1, 0.6);
    await reads(page, "37\n205");
    await page.waitForSelector("#which button");
    assert.deepEqual(await page.locator("#which button").allTextContents(), ["37", "205"]);
    assert.equal(await page.locator('#which [aria-pressed="true"]').textContent(), "37");
    await page.click('#labels button:text-is("Yes, 37")');
    await keptAs(page, "37");
    assert.equal(await penUnder(page), null, "205 has not been confirmed");
    await page.click('#which button:text-is("205")');
    assert.equal(await page.textContent("#thanks"), "");
    assert.equal(await page.locator('#labels button:text-is("Yes, 37")').count(), 0);
    await page.fill("#labels input", "206");
    await page.keyboard.press("Enter");
    await keptAs(page, "206");
    await hasNoViolations(page);
  },

  async "what comes of a drawing that is gone is not said of the one that is there"() {
    const { page } = await open({}, collecting);
    const { letIn, asked } = await held(page, "**/v1/corrections*", { label: "3", kept: 1, name: "0".repeat(20) });
    await draw(page, DIGITS[3]);
    await reads(page, "3");
    await page.click('#labels button:text-is("Yes, 3")');
    await page.click("#clear");
    await draw(page, DIGITS[3]);
    await reads(page, "3");
    await page.waitForSelector("#labels button");
    const answered = page.waitForResponse("**/v1/corrections*");
    letIn();
    await (await answered).finished();
    await page.waitForTimeout(100); // what should not happen has no event
    assert.equal(await page.textContent("#thanks"), "");
    assert.equal(await penUnder(page), null);
    await page.click('#labels button:text-is("Yes, 3")');
    await keptAs(page, "3");
    assert.equal(asked.length, 2);
  },

  async "of several words on a drawing the last one counts, however late the others are answered"() {
    const { page } = await open({}, collecting);
    const { letIn, asked } = await held(page, "**/v1/corrections*", { label: "", kept: 1, name: "0".repeat(20) });
    await draw(page, DIGITS[3]);
    await reads(page, "3");
    await page.click('#labels button:text-is("8")');
    await page.click('#labels button:text-is("Yes, 3")');
    await page.waitForTimeout(300);
    assert.equal(asked.length, 1, "the second waits for the first");
    letIn();
    await keptAs(page, "3");
    assert.deepEqual(asked.map((one) => new URL(one.url()).searchParams.get("label")), ["8", "3"]);
    await page.click("#thanks button");
    await takenBack(page);
  },

  async "what was read in a picture before it was turned is not shown on it, and none is sent that was removed"() {
    const { page } = await open();
    await page.setInputFiles("#file", [picture, list]);
    await page.waitForSelector("#pictures button >> nth=1");
    await page.selectOption("#expect", "number");
    await page.click("#pictures button >> nth=0");
    const { letIn, asked } = await held(page, "**/v1/read*");
    await page.click("#send");
    await page.click("#turn");
    await page.click("#pictures button >> nth=1");
    await page.click("#forget");
    letIn();
    await page.waitForFunction(() => !document.getElementById("send").disabled);
    assert.equal(await page.locator("#tables .number, .box").count(), 0);
    assert.equal(asked.length, 1);
  },

  async "the number that is being corrected stays its picture's when others are read meanwhile"() {
    const { page } = await open({}, collecting);
    await page.setInputFiles("#file", picture);
    await page.selectOption("#expect", "number");
    await page.click("#send");
    await page.waitForSelector("#tables .number");
    await page.setInputFiles("#file", list);
    await page.waitForSelector("#pictures button >> nth=1");
    const { letIn } = await held(page, "**/v1/read*");
    await page.click("#send");
    await page.click("#tables .number");
    await page.fill("#editor-text", "28");
    letIn();
    await page.waitForFunction(() => document.querySelectorAll("#pictures button")[1].textContent.endsWith("✓")
      || document.getElementById("send").disabled === false);
    assert.equal(await page.locator('#pictures [aria-pressed="true"]').textContent(), "self_test.png ✓");
    assert.equal(await page.inputValue("#editor-text"), "28");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator('#tables .checked:text-is("28")').count(), 1);
  },

  async "whoever has a picture read by keys, also while a number of it is corrected, has the focus on what came of it"() {
    const { page, seen } = await open();
    await page.setInputFiles("#file", list);
    await page.waitForSelector("#preview:visible");
    await page.press("#send", "Enter");
    await page.waitForSelector("#tables .number", { timeout: 20000 });
    const answer = await page.locator("#picture-answer").boundingBox();
    assert.equal(await page.evaluate(() => document.activeElement.id), "picture-answer");
    assert.ok(answer.y >= 0 && answer.y + answer.height <= 800, "and it is on the screen");
    await page.selectOption("#expect", "number");
    const { letIn } = await held(page, "**/v1/read*");
    await page.click("#send");
    await page.press("#tables .number >> nth=3", "Enter");
    const focused = () => page.evaluate(() => document.activeElement.id);
    assert.equal(await focused(), "editor-text");
    letIn();
    await page.waitForSelector("#editor", { state: "hidden" });
    await page.waitForFunction(() => !document.getElementById("picture-answer").textContent.startsWith("Reading"));
    assert.equal(await focused(), "picture-answer");
    assert.deepEqual(seen.wrong, []);
  },

  async "in the editor of a number nothing touches its input field, at any size"() {
    const { page } = await open();
    await page.setInputFiles("#file", picture);
    await page.selectOption("#expect", "number");
    await page.click("#send");
    await page.click("#tables .number");
    for (const width of [320, 390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const gaps = await page.evaluate(() => {
        const input = document.getElementById("editor-text").getBoundingClientRect();
        const words = document.createRange();
        words.selectNode(document.getElementById("editor-text").parentElement.firstChild);
        const others = [...document.querySelectorAll("#editor button")].map((one) => one.getBoundingClientRect()).filter(({ width: wide }) => wide);
        const apart = (box) => Math.max(input.left - box.right, box.left - input.right, input.top - box.bottom, box.top - input.bottom);
        return [apart(words.getBoundingClientRect()), ...others.map(apart)];
      });
      assert.ok(gaps.length >= 4 && gaps.every((gap) => gap > 5), `${width} pixels: ${gaps}, and the focus is shown 5 around it`);
    }
  },

  async "a corrected number of a picture is kept only where that was asked for"() {
    const { page, seen } = await open({}, collecting);
    await page.setInputFiles("#file", picture);
    await page.selectOption("#expect", "number");
    await page.click("#send");
    await page.click("#tables .number");
    const sent = () => seen.requests.filter((one) => one.url().includes("/v1/corrections")).length;
    await page.fill("#editor-text", "21");
    await page.keyboard.press("Enter");
    assert.equal(sent(), 0);
    await page.click("#tables .number");
    await page.check("#editor-keep");
    await page.fill("#editor-text", "29");
    await page.click('#editor button:text-is("Save and next")');
    await pictureKeptAs(page, "29");
    assert.equal(sent(), 1);
  },

  async "a number of a picture that was kept can be taken back, and kept again"() {
    const { page, seen } = await open({}, collecting);
    await page.setInputFiles("#file", picture);
    await page.selectOption("#expect", "number");
    await page.click("#send");
    const say = async (text) => {
      await page.click("#tables .number");
      await page.check("#editor-keep");
      await page.fill("#editor-text", text);
      await page.keyboard.press("Enter");
    };
    await say("2.9");
    await pictureKeptAs(page, "2.9");
    await page.click('#picture-thanks button:text-is("Take it back")');
    await pictureTakenBack(page);
    assert.equal(seen.requests.filter((one) => one.method() === "DELETE").length, 1);
    await say("29");
    await pictureKeptAs(page, "29");
    await say("2 9");
    await thanks(page, "Not kept (27 in self_test.png): label must be one of", "picture-thanks");
    await say("$29");
    await thanks(page, "Not kept (27 in self_test.png): label must be the number alone: write 29,", "picture-thanks");
    assert.deepEqual(seen.wrong.filter((words) => !words.includes("422")), []);
  },

  async "a picture of a page can be kept with its numbers as they stand, taken back, and kept again"() {
    const { page, seen } = await open({}, collecting);
    assert.match(await page.textContent(".picture"), /it keeps only what you tell it to/);
    await page.setInputFiles("#file", list);
    assert.equal(await page.locator("#keep-page:visible").count(), 0);
    await page.click("#send");
    await page.waitForSelector(".box", { timeout: 20000 });
    const count = await page.locator(".box").count();
    const kept = (left) => thanks(page, `Thank you: kept with ${left} numbers (class-list.jpg).`, "picture-thanks");
    await page.click("#tables .number >> nth=0");
    await page.fill("#editor-text", "4711");
    await page.keyboard.press("Enter");
    await page.click("#tables .number >> nth=1");
    await page.click("#editor-none");
    await page.keyboard.press("Escape");
    assert.match(await page.textContent("#keep-words"), new RegExp(`with ${count - 1} numbers as shown`));
    await page.click("#keep-picture");
    await kept(count - 1);
    await hasNoViolations(page);
    await page.click('#picture-thanks button:text-is("Take it back")');
    await thanks(page, "Taken back (class-list.jpg):", "picture-thanks");
    await page.click("#tables .number >> nth=2");
    await page.fill("#editor-text", "$5");
    await page.keyboard.press("Enter");
    await page.click("#keep-picture");
    await thanks(page, "Not kept (class-list.jpg): Number 2, '$5', must be the number alone: write 5,", "picture-thanks");
    await page.click("#tables .number >> nth=2");
    await page.click("#editor-none");
    await page.click("#keep-picture");
    await kept(count - 2);
    assert.deepEqual(seen.wrong.filter((words) => !words.includes("422")), []);
    await page.click("#turn"); // what was read holds no longer
    assert.equal(await page.locator("#keep-page:visible").count(), 0);
    await page.selectOption("#expect", "number");
    await page.click("#send");
    await page.waitForFunction(() => document.getElementById("picture-answer").textContent.startsWith("One number")
      || document.getElementById("send").disabled && !document.getElementById("picture-answer").textContent.startsWith("Reading"));
    assert.equal(await page.locator("#keep-page:visible").count(), 0, "it is no page");
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  if (!name.includes(only)) continue;
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
