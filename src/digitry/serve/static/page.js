// The page: what is drawn goes to the reader in the worker, what it says goes onto the page.

import { Drawing } from "./drawing.js";
import { Desk, OVERTAKEN } from "./desk.js";
import { showDigits, showReading, showServerReadings } from "./showing.js";

const find = (id) => document.getElementById(id);
const [canvas, undo, clear] = ["canvas", "undo", "clear"].map(find);

const config = await (await fetch("/config.json")).json();
const desk = new Desk(config);
const drawing = new Drawing(canvas, onDrawing);
let latest = 0; // counts drawings: an answer about an older one comes too late

async function onDrawing(isFinished) {
  undo.disabled = clear.disabled = drawing.isEmpty;
  find("hint").hidden = !drawing.isEmpty;
  if (!isFinished) return;
  const mine = ++latest;
  find("thanks").textContent = "";
  if (drawing.isEmpty) {
    showReading(null);
    showDigits([]);
    find("correct").hidden = true;
    return;
  }
  const { ink, width, height } = drawing.ink();
  const began = performance.now();
  const reading = await told(desk.read(ink, width, height, config.reads_numbers ? "number" : "digit"));
  if (reading === null || mine !== latest) return;
  showReading(reading);
  find("speed").textContent = `Read here in ${Math.max(1, Math.round(performance.now() - began))} ms.`;
  find("correct").hidden = !(config.collects && reading.numbers.length === 1 && reading.numbers[0].digits.length === 1);
  await explain(reading, { ink, width, height }, () => mine === latest);
}

/** Each digit of the reading as the network sees it, and which of its pixels spoke for it. */
async function explain(reading, page, isWanted) {
  const digits = reading.numbers.flatMap((number) => number.digits);
  const seen = [];
  for (const digit of digits) {
    const stages = digits.length === 1 ? reading.stages : (await told(desk.read(...cut(page, digit.box), "digit")))?.stages;
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

/** A box of the drawing with a little paper around it: [ink, width, height]. */
function cut({ ink, width, height }, [x, y, wide, tall]) {
  const margin = 4;
  const [left, top] = [Math.max(x - margin, 0), Math.max(y - margin, 0)];
  const [right, bottom] = [Math.min(x + wide + margin, width), Math.min(y + tall + margin, height)];
  const part = new Uint8Array((right - left) * (bottom - top));
  for (let row = top; row < bottom; row++) {
    part.set(ink.subarray(row * width + left, row * width + right), (row - top) * (right - left));
  }
  return [part, right - left, bottom - top];
}

/** What the worker answers; null where a newer drawing has come between, or the networks cannot be had. */
async function told(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error.message !== OVERTAKEN) find("verdict").textContent = `The drawing cannot be read here: ${error.message}`;
    return null;
  }
}

undo.addEventListener("click", () => drawing.undo());
clear.addEventListener("click", () => { drawing.clear(); canvas.focus(); });

// Corrections: only where the server was told to keep them.

if (config.collects) {
  find("keeps").textContent =
    "This server keeps the drawings that you correct, with the digit you name, to learn from. It keeps nothing else.";
  for (const label of config.class_names) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => correct(label));
    find("labels").append(button);
  }
}

async function correct(label) {
  const { ink, width, height } = drawing.ink();
  const image = new ImageData(width, height);
  for (let i = 0; i < ink.length; i++) image.data.set([255 - ink[i], 255 - ink[i], 255 - ink[i], 255], 4 * i);
  const paper = new OffscreenCanvas(width, height);
  paper.getContext("2d").putImageData(image, 0, 0);
  const answer = await ask(`/v1/corrections?label=${encodeURIComponent(label)}`, await paper.convertToBlob());
  find("thanks").textContent = answer.problem ? `Not kept: ${answer.problem}` : `Thank you: kept as a ${label}.`;
}

// Pictures: sent only when somebody presses the button.

let picture = null;
if (matchMedia("(pointer: coarse)").matches) find("camera-label").hidden = false;
find("token-label").hidden = !config.wants_token;
for (const input of [find("file"), find("camera")]) {
  input.addEventListener("change", () => { choose(input.files[0]); input.value = ""; });
}
document.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
  if (file) { event.preventDefault(); choose(file); }
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (kind !== "dragleave") event.preventDefault();
    document.querySelector(".picture").classList.toggle("over", kind === "dragover");
    if (kind === "drop") choose(event.dataTransfer.files[0]);
  });
}
find("chosen").addEventListener("submit", (event) => { event.preventDefault(); send(); });
find("forget").addEventListener("click", () => choose(null));

function choose(file) {
  const preview = find("preview");
  if (picture) URL.revokeObjectURL(preview.src);
  picture = file ?? null;
  find("chosen").hidden = picture === null;
  find("picture-answer").replaceChildren();
  if (picture) {
    preview.src = URL.createObjectURL(picture);
    find("send").focus();
    find("chosen").scrollIntoView({ block: "nearest" });
  } else {
    preview.removeAttribute("src");
    find("file").focus();
  }
}

async function send() {
  const [button, place] = [find("send"), find("picture-answer")];
  button.disabled = true;
  place.textContent = "Reading…";
  const answer = await ask(`/v1/read?expect=${find("expect").value}`, picture);
  button.disabled = false;
  showServerReadings(place, answer);
}

/** What the server answers to a picture; {problem} with the words for it where there is one. */
async function ask(address, body) {
  if (body.size > config.max_picture_bytes) {
    return { problem: `it has ${megabytes(body.size)}, and this server takes ${megabytes(config.max_picture_bytes)} at most.` };
  }
  const headers = { "Content-Type": body.type || "application/octet-stream" };
  if (find("token").value) headers.Authorization = `Bearer ${find("token").value}`;
  try {
    const response = await fetch(address, { method: "POST", body, headers });
    const values = await response.json().catch(() => ({})); // whoever stands before the server answers in HTML
    if (response.ok && Object.keys(values).length) return values;
    return { problem: values.detail ?? values.title ?? `the answer is ${response.status} ${response.statusText}.` };
  } catch {
    return { problem: "the server cannot be reached." };
  }
}

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

// Once loaded, the page works without a network.

if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js");
drawing.paint();
await told(desk.isLoaded);
document.documentElement.dataset.ready = "yes";
