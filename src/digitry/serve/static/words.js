// The wording of certainty on the page.

import { certainty, drawn_ink } from "./reading/constants.js";
import { TO_COME } from "./reading/messages.js";

const LIKELY_FROM = 0.8; // below this, an answer that is not sure is a question mark
const ABOUT_ALL = [TO_COME, drawn_ink.UNREAD, certainty.NO_SCALE]; // doubts that are not about one number
export const SHOWN_FROM = 0.01; // less probable alternatives are not worth a line

/** The certainty of a number, {confidence, sure, reason}: `sure`, `likely` or `unsure`. */
export function certaintyOf({ confidence, sure, reason }) {
  if (sure) return "sure";
  const isDoubted = doubtOf(reason) !== "" && !ABOUT_ALL.includes(reason);
  return confidence >= LIKELY_FROM && !isDoubted ? "likely" : "unsure";
}

export const CERTAINTY = { sure: "Sure", likely: "Probably", unsure: "Not sure" };

export function percent(share) {
  if (share > 0.999) return "> 99.9%";
  if (share < 0.001) return "< 0.1%";
  return `${(100 * share).toFixed(1)}%`;
}

/** Whether the error rate of the network that read a number is known. */
export function isMeasured({ reason }) {
  return reason !== certainty.NO_SCALE;
}

/** How sure a number is, in words: "Probably, 93.1%". */
export function howSure(number) {
  return isMeasured(number) ? `${CERTAINTY[certaintyOf(number)]}, ${percent(number.confidence)}` : "Perhaps";
}

/** Why a number is not sure, if that says more than its percentage. */
export function doubtOf(reason) {
  if (reason === certainty.NO_SCALE) return "this network's confidence was not measured, so nothing is sure";
  return reason && !/^(a confidence of|no confidence is known)/.test(reason) ? reason : "";
}

/** The number of numbers, as words within a sentence. */
export function counted(count) {
  return { 0: "no number", 1: "one number" }[count] ?? `${count} numbers`;
}
