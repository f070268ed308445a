// The page: sends drawings to the reader in the worker, and shows its readings.

import { showAlternatives, showClasses, showLoading, showReading } from "./answer.js";
import { Corrections } from "./corrections.js";
import { Desk, OVERTAKEN } from "./desk.js";
import { EXAMPLES, strokesOf } from "./examples.js";
import { cut } from "./ink.js";
import { openPictures } from "./pictures.js";
import { Server } from "./server.js";
import { showDigits, showTiny } from "./seen.js";
import { percent } from "./words.js";

const INVITATIONS = ["try 1984", "try a phone number", "try your age", "try 3, 14 and 15 on three lines"];
const find = (id) => document.getElementById(id);
const [canvas, undo, redo, clear] = ["canvas", "undo", "redo", "clear"].map(find);
const { drawing } = canvas;

const config = JSON.parse(find("config").textContent);
const server = new Server(config);
const desk = new Desk(config, showLoading);
const corrections = config.collects ? new Corrections(config, server) : null;
let mode = config.reads_numbers ? "number" : "digit";
let latest = 0; // counts drawings; answers about older ones are ignored
let isLooking = false;
let invited = 0;

drawing.changed = onDrawing;

function onDrawing(isFinished) {
  [undo.disabled, redo.disabled, clear.disabled] = [!drawing.canUndo, !drawing.canRedo, drawing.isEmpty];
  find("hint").hidden = !drawing.isEmpty;
  if (isFinished) read();
  else if (mode === "digit") lookOn();
}

/** Reads the drawing and shows the result. */
async function read() {
  const mine = ++latest;
  corrections?.show(null);
  if (drawing.isEmpty) {
    invite();
    return showAll(null);
  }
  const page = drawing.ink();
  const began = performance.now();
  if (!desk.isReady) find("verdict").textContent = "Go on writing: it will be read as soon as the reader has loaded.";
  const reading = await told(desk.read(page.ink, page.width, page.height, mode));
  if (reading === null || mine !== latest) return;
  showAll(reading);
  find("speed").textContent = `Read here in ${Math.max(1, Math.round(performance.now() - began))} ms.`;
  corrections?.show(reading, page);
  await explain(reading, page, () => mine === latest);
}

function showAll(reading) {
  showReading(reading);
  if (mode === "digit") {
    showClasses(config.class_names, config.not_a_digit, reading && (reading.stages.shares ?? NONE));
    showTiny(reading?.stages.canonical);
  } else showAlternatives(reading);
  if (!reading) showDigits([]);
}

const NONE = { classes: config.class_names.map(() => 0), none: 1 };

/** Shows one digit while it is being drawn, as pixels and by the first network only; not yet a reading. */
async function lookOn() {
  if (isLooking || !desk.isReady) return;
  isLooking = true;
  const mine = latest;
  const { ink, width, height } = drawing.ink();
  const reading = await told(desk.read(ink, width, height, "digit", { isQuick: true }));
  isLooking = false;
  if (reading === null || mine !== latest) return;
  showClasses(config.class_names, config.not_a_digit, reading.stages.shares ?? NONE);
  showTiny(reading.stages.canonical);
}

/** Shows each digit of the reading as the network sees it, and which of its pixels support it. */
async function explain(reading, page, isWanted) {
  const digits = reading.numbers.flatMap((number) => number.digits);
  const seen = [];
  for (const digit of digits) {
    const stages = digits.length === 1 ? reading.stages : await stagesOf(cut(page, digit.box));
    if (!isWanted()) return;
    if (stages?.canonical) seen.push({ digit, stages, saliency: null });
  }
  showDigits(seen);
  for (const one of seen) {
    one.saliency = await told(desk.saliency(one.stages.canonical));
    if (!isWanted()) return;
    showDigits(seen);
  }
}

async function stagesOf({ ink, width, height }) {
  return (await told(desk.read(ink, width, height, "digit")))?.stages;
}

/** The worker's answer; null if there is a newer drawing, or the networks cannot be loaded. */
async function told(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error.message !== OVERTAKEN) find("verdict").textContent = `The drawing cannot be read here: ${error.message}`;
    return null;
  }
}

undo.addEventListener("click", () => drawing.undo());
redo.addEventListener("click", () => drawing.redo());
clear.addEventListener("click", () => { drawing.clear(); canvas.focus(); });

// Numbers or one digit; and examples of what to write.

find("modes").hidden = !config.reads_numbers;
find("modes").addEventListener("change", (event) => { mode = event.target.value; setUp(); read(); });

function setUp() {
  const isDigit = mode === "digit";
  find("tiny-figure").hidden = !isDigit;
  drawing.paint(); // the size of the canvas may have changed
  const knowsDigits = config.class_names.every((name) => name.length === 1 && name >= "0" && name <= "9");
  const fitting = EXAMPLES.filter(({ lines }) => !isDigit || lines.join("").length === 1);
  document.querySelector(".try").classList.toggle("bare", !knowsDigits);
  find("examples").replaceChildren(...(knowsDigits ? fitting : []).map(({ name, lines }) => chip(name, () => {
    drawing.write(strokesOf(lines, canvas.clientWidth, canvas.clientHeight));
  })));
}

/** Suggests something to write, another thing each time the pad is empty. */
function invite() {
  const isAsked = mode === "number" && config.class_names.length === 10;
  find("invitation").textContent = isAsked ? INVITATIONS[invited++ % INVITATIONS.length] : "";
}

function chip(name, pressed) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = name;
  button.addEventListener("click", pressed);
  return button;
}

// About this server.

const megabytes = (Object.values(config.networks).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1);
find("figures").textContent = config.accuracy
  ? `${percent(config.accuracy)} of MNIST's test digits right, ${megabytes} MB. ` : "";
if (config.collects) {
  find("promise").textContent = "Your drawing leaves your device only if you confirm or correct it, for training.";
  find("keeps").textContent =
    "For training, this server keeps the drawings and numbers that you confirm or correct, and the pictures that you ask it to " +
    "keep, with their labels. It keeps nothing else.";
  find("picture-keeps").textContent = "only what you tell it to";
}

setUp();
openPictures(config, server);
read(); // what was written while this was loading
onDrawing(false);
await told(desk.isLoaded);
document.documentElement.dataset.reads = "digits";
await told(desk.isWhole);
showLoading(null);
document.documentElement.dataset.ready = "yes";
if (!drawing.isEmpty) read();
// Once loaded, the page works without a network.
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js");
