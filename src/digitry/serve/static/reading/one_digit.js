// The stages of one digit → a reading; if the first network is not confident, a second one is asked.
// The same steps as reading/one_digit.py.

import { shareDoubt } from "./certainty.js";
import { one_digit as shared } from "./constants.js";
import { singleDigits } from "./decoding.js";
import { image, ranked } from "./pixels.js";
import { isBlot } from "./segment.js";
import { cutStrip, DIGIT_HEIGHT, STRIP_HEIGHT } from "./strip.js";

const { RIVALS, BLOT, BLOT_REASON, SECOND_OPINION_BELOW, OWN_SHARE, DIGIT_STRIP_WIDTH } = shared;

/** The probabilities of a crop, one per class; they sum to less than 1 if the networks see no digit. */
function probabilitiesOf(found, reader, isQuick) {
  const alone = reader.readDigits(found.canonical.data);
  const isAlone = isQuick || !reader.asksBoth || !reader.shippedNumbers;
  if (isAlone || Math.max(...alone) >= SECOND_OPINION_BELOW) return alone;
  const other = singleDigits(reader.secondOpinion(stripOf(found.crop)));
  return alone.map((probability, at) => Math.fround(OWN_SHARE * probability + (1 - OWN_SHARE) * other[at]));
}

/** A strip with the crop of one digit in its middle. */
function stripOf(crop) {
  const { width, height } = crop;
  const scale = Math.max(height / DIGIT_HEIGHT, width / (DIGIT_STRIP_WIDTH - 8));
  const half = (DIGIT_STRIP_WIDTH * scale) / 2;
  const strip = cutStrip(crop, width / 2 - half, height / 2, width / 2 + half, scale).ink;
  const rows = Array.from({ length: STRIP_HEIGHT }, (_, y) => y * strip.width);
  const data = rows.flatMap((start) => Array.from(strip.data.subarray(start, start + DIGIT_STRIP_WIDTH)));
  return image(DIGIT_STRIP_WIDTH, STRIP_HEIGHT, Uint8Array.from(data));
}

/** The stages found as a number of one digit, in the form of `Reader.read`, with its shares. */
export function numberOf(found, reader, { maxError, isQuick }) {
  const blot = isBlot(found.crop);
  const doubt = (found.rivals ? RIVALS : 1) * (blot ? BLOT : 1);
  const probabilities = probabilitiesOf(found, reader, isQuick).map((probability) => probability * doubt);
  const [best, ...others] = ranked(probabilities).slice(0, 4);
  const names = reader.classNames;
  const alternatives = others.map((other) => [names[other], probabilities[other]]);
  const own = probabilities[best];
  const judged = reader.judge("digit", own, maxError);
  if (found.rivals) {
    judged.sure = false;
    const marks = found.rivals + 1;
    judged.reason = `there are ${marks} marks that could be digits; only the most prominent one was read`;
  } else if (blot && !judged.sure) judged.reason = BLOT_REASON;
  return {
    text: names[best],
    ...judged,
    alternatives: shareDoubt(alternatives, own, judged.confidence),
    shares: sharesOf(probabilities, best, judged.confidence),
    box: found.box,
    digits: [{ label: names[best], confidence: own, box: found.box, alternatives }],
  };
}

/** The share of each class if the best has its confidence, and of `none` of them: {classes, none}. */
function sharesOf(probabilities, best, confidence) {
  const all = shareDoubt(Array.from(probabilities, (probability, at) => [at, probability]), probabilities[best], confidence);
  const classes = all.map(([at, share]) => (at === best ? confidence : share));
  return { classes, none: Math.max(0, 1 - classes.reduce((sum, share) => sum + share, 0)) };
}
