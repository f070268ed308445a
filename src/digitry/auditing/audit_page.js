// Answers for labels under suspicion: one after another, by buttons or keys. They go into the table beside the page,
// through the program that shows it (facts.save), or into a copy of the table that the person saves.
"use strict";
const { classes, cells, columns, suspects, save } = JSON.parse(document.getElementById("facts").textContent);
const REMOVE = "remove";
const review = document.getElementById("review");
const one = (selector) => review.querySelector(selector);
const tiles = [...document.querySelectorAll(".suspects button")];
let at = Math.max(0, suspects.findIndex((suspect) => !suspect.answer));
let unsaved = 0;
let saving = Promise.resolve();

const button = (text, key, act, parent, name) => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name || "";
  made.append(text);
  if (key) {
    const hint = document.createElement("kbd");
    hint.append(key);
    made.append(" ", hint);
  }
  made.addEventListener("click", act);
  parent.append(made);
  return made;
};

const words = (suspect) => {
  if (!suspect.answer) return "";
  if (suspect.answer === REMOVE) return "✗";
  return suspect.answer === suspect.label ? "✓" : `→ ${suspect.answer}`;
};

const show = () => {
  const suspect = suspects[at];
  const tile = tiles[at].querySelector("i");
  one(".now i").style.cssText = tile.style.cssText;
  one("h3").textContent = `${suspect.rank} of ${suspects.length}: labelled ${suspect.label}`;
  const read = suspect.likely === suspect.label ? `${suspect.likely}, too` : suspect.likely;
  one(".taken").textContent = `Read as ${read}. Probability of the label ${suspect.label}: ${suspect.trust}.`;
  one(".why").textContent = `${/^\d+$/.test(suspect.where) ? "Image " : ""}${suspect.where}: ${suspect.why}`;
  for (const choice of review.querySelectorAll("[data-answer]")) {
    choice.setAttribute("aria-pressed", String(choice.dataset.answer === suspect.answer));
    choice.classList.toggle("likely", choice.dataset.answer === suspect.likely);
  }
  tiles.forEach((each, index) => {
    each.setAttribute("aria-current", String(index === at));
    each.querySelector("b").textContent = words(suspects[index]);
  });
  const done = suspects.filter((each) => each.answer).length;
  const wrong = suspects.filter((each) => each.answer && each.answer !== each.label).length;
  const where = save ? "saved as you go" : unsaved ? "not saved yet" : "";
  one("[role=status]").textContent =
    `${done} of ${suspects.length} answered, ${wrong} to be changed` + (done && where ? `; ${where}.` : ".");
};

const go = (step) => {
  at = Math.min(Math.max(at + step, 0), suspects.length - 1);
  show();
};

const next = () => {
  const open = suspects.findIndex((suspect, index) => index > at && !suspect.answer);
  if (open >= 0) at = open;
  else if (at < suspects.length - 1) at += 1;
  show();
};

const answer = (text, moveOn) => {
  const suspect = suspects[at];
  const before = suspect.answer;
  suspect.answer = text;
  unsaved += 1;
  if (moveOn) next();
  else show();
  if (save) saving = saving.then(() => send(suspect, text, before));
};

const send = async (suspect, correct, before) => {
  const options = { method: "POST", headers: { "Content-Type": "application/json" } };
  try {
    const said = await fetch(save, { ...options, body: JSON.stringify({ rank: suspect.rank, correct }) });
    if (!said.ok) throw new Error(await said.text());
    show();
  } catch (error) {
    if (suspect.answer === correct) suspect.answer = before;
    show();
    one("[role=status]").textContent = `The answer for ${suspect.rank} was not saved: ${error.message}`;
  }
  unsaved -= 1;
};

const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const table = () => {
  const rows = suspects.map((suspect) => `${suspect.row}${cell(cells[suspect.answer] ?? suspect.answer)}`);
  const file = new Blob(["\ufeff", [columns.join(","), ...rows, ""].join("\n")], { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "suspects.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  unsaved = 0;
  show();
};

const choices = one(".choices");
classes.forEach((name, index) => {
  const key = classes.every((each) => /^\d$/.test(each)) ? name : index < 10 ? String(index) : "";
  const made = button(name, key === name ? "" : key, () => answer(name, true), choices);
  made.dataset.answer = name;
  made.dataset.key = key;
});
const others = one(".others");
button("The label is right", "r", () => answer(suspects[at].label, true), others, "right").dataset.key = "r";
button("Skip", "s", next, others).dataset.key = "s";
const removed = button("Remove it", "x", () => answer(REMOVE, true), others);
removed.dataset.answer = REMOVE;
removed.dataset.key = "x";
button("Undo", "u", () => answer("", false), others).dataset.key = "u";
button("←", "", () => go(-1), others).dataset.key = "ArrowLeft";
button("→", "", () => go(1), others).dataset.key = "ArrowRight";
one(".save").addEventListener("click", table);
one(".save").hidden = Boolean(save);

tiles.forEach((tile, index) => {
  tile.disabled = false;
  tile.addEventListener("click", () => {
    at = index;
    show();
    review.scrollIntoView({ block: "nearest" });
  });
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const pressed = [...review.querySelectorAll("[data-key]")].find((each) => each.dataset.key && each.dataset.key === event.key);
  if (!pressed) return;
  event.preventDefault();
  pressed.click();
});
addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
document.querySelector(".without-script").hidden = true;
review.hidden = false;
show();
