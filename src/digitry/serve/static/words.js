// One wording for how certain everything is that the page reads.

import { drawn_ink } from "./reading/constants.js";
import { TO_COME } from "./reading/messages.js";

const LIKELY_FROM = 0.8; // below, an answer that is not sure is a question mark
const ABOUT_ALL = [TO_COME, drawn_ink.UNREAD]; // doubts about a drawing, and not about what its numbers are
export const SHOWN_FROM = 0.01; // alternatives with less are not worth a line

/** How certain a number is, {confidence, sure, reason}, as `sure`, `likely` or `unsure`. */
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

/** Why a number is not sure, where that says more than its percentage does. */
export function doubtOf(reason) {
  return reason && !/^(a confidence of|no confidence is known)/.test(reason) ? reason : "";
}

/** How many numbers, in words to go on with. */
export function counted(count) {
  return { 0: "no number", 1: "one number" }[count] ?? `${count} numbers`;
}
