// Displays a reading of the drawing in words and bars.

import { rowsOf } from "./pictures/numbers.js";
import { CERTAINTY, certaintyOf, doubtOf, isMeasured, percent, SHOWN_FROM } from "./words.js";

const find = (id) => document.getElementById(id);
const RANKS = ["unsure", "likely", "sure"];

/** Shows a reading of the drawing; null if nothing is drawn. */
export function showReading(reading) {
  const numbers = reading?.numbers ?? [];
  const answer = find("answer");
  const worst = numbers.map(certaintyOf).sort((a, b) => RANKS.indexOf(a) - RANKS.indexOf(b))[0];
  for (const rank of RANKS) answer.classList.toggle(rank, rank === worst);
  const longest = Math.max(2, ...rowsOf(numbers).map((row) => row.reduce((sum, { text }) => sum + text.length + 1, -1)));
  answer.style.setProperty("--longest", longest);
  find("text").replaceChildren(...(numbers.length ? textOf(numbers) : [reading ? "–" : "\u00a0"]));
  find("verdict").textContent = verdict(reading, numbers);
}

/** Every number as a word, in lines as written, with a question mark if it is not sure. */
function textOf(numbers) {
  return rowsOf(numbers).flatMap((row, at) => [
    ...(at ? ["\n"] : []),
    ...row.flatMap((number, place) => [...(place ? [" "] : []), word(number)]),
  ]);
}

function word(number) {
  const certainty = certaintyOf(number);
  return span(certainty, certainty === "unsure" ? "?" : number.text);
}

function verdict(reading, numbers) {
  if (!reading) return "Nothing drawn yet.";
  if (!numbers.length) return `No digit here: ${reading.reason}.`;
  if (numbers.length > 1) return verdictOnSeveral(numbers);
  const [number] = numbers;
  const certainty = certaintyOf(number);
  const doubt = doubtOf(number.reason);
  if (!isMeasured(number)) return `Perhaps ${number.text}: ${doubt}.`;
  const guess = certainty === "unsure" ? `. Perhaps ${number.text}, ` : ", ";
  return `${CERTAINTY[certainty]}${guess}${percent(number.confidence)}${doubt ? `: ${doubt}` : ""}.`;
}

function verdictOnSeveral(numbers) {
  const open = numbers.filter((number) => certaintyOf(number) !== "sure");
  if (!open.length) return `${numbers.length} numbers, all of them sure.`;
  const words = open.map((number) => isMeasured(number)
    ? `${CERTAINTY[certaintyOf(number)].toLowerCase()} ${number.text}, ${percent(number.confidence)}` : `perhaps ${number.text}`);
  const doubt = doubtOf(open[0].reason);
  return `${numbers.length} numbers: ${words.join("; ")}${doubt ? `: ${doubt}` : ""}.`;
}

/** What else one number may be. */
export function showAlternatives(reading) {
  const bars = find("bars");
  const number = reading?.numbers.length === 1 ? reading.numbers[0] : null;
  bars.className = "bars";
  bars.hidden = !number;
  const shown = number ? [number, ...number.alternatives].filter(({ confidence }) => confidence >= SHOWN_FROM) : [];
  bars.replaceChildren(...shown.flatMap(({ text, confidence }) => bar(text === "" ? "none" : text, confidence)));
}

/** A permanent bar for each class, and one for none of them; `shares` is null if nothing is drawn. */
export function showClasses(names, none, shares) {
  const bars = find("bars");
  bars.className = names.every((name) => name.length === 1) ? "bars classes short" : "bars classes";
  bars.hidden = false;
  const values = shares ? [...shares.classes, shares.none] : Array(names.length + 1).fill(0);
  const best = shares ? Math.max(...values) : Infinity;
  if (bars.children.length !== 3 * values.length || bars.dataset.names !== names.join()) {
    bars.dataset.names = names.join();
    bars.replaceChildren(...[...names, none].flatMap((name) => bar(name, 0)));
  }
  values.forEach((share, at) => {
    const [name, track, figure] = [0, 1, 2].map((part) => bars.children[3 * at + part]);
    name.classList.toggle("best", share === best);
    track.firstChild.style.setProperty("--share", share);
    figure.textContent = share >= SHOWN_FROM ? percent(share) : "";
  });
}

function bar(name, share) {
  const track = span("bar", "");
  const fill = document.createElement("i");
  fill.style.setProperty("--share", share);
  track.append(fill);
  track.setAttribute("aria-hidden", "true"); // the number beside it says the same
  return [span("name", name), track, span("share", percent(share))];
}

/** How much of the reader is loaded: 0 to 1 of a network, null when all is. */
export function showLoading(share, name) {
  const loading = find("loading");
  loading.hidden = share === null;
  if (share === null) return;
  const hundredths = Math.round(100 * share);
  loading.setAttribute("aria-valuenow", hundredths);
  loading.querySelector("i").style.setProperty("--share", share);
  find("loading-words").textContent = name === "digit"
    ? `Loading the reader, ${hundredths}%` : `Single digits can be read. Loading the rest, ${hundredths}%`;
}

export function span(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}
