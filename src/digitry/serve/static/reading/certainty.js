// How sure is sure: from a model's own confidence to a calibrated one. The same steps as reading/certainty.py.

import { certainty as shared } from "./constants.js";

const { NEVER, NO_SCALE } = shared;

/**
 * A model's own confidence → the calibrated one, whether it is sure, and if not, why: {confidence, sure, reason}.
 * `scale` is the contract's; a model without one is never sure.
 */
export function weighConfidence(scale, own, maxError) {
  if (!scale) return { confidence: own, sure: false, reason: NO_SCALE };
  const [least, confidence] = [leastConfidence(scale, maxError), calibrate(scale, own)];
  if (own >= least) return { confidence, sure: true, reason: null };
  const asked = short(maxError);
  if (least === NEVER) {
    const kept = scale.max_errors[scale.least.findIndex((one) => one !== NEVER)];
    const ask = kept ? `the lowest rate to ask for is ${short(kept)}` : `not even within ${short(scale.max_errors.at(-1))}`;
    return { confidence, sure: false, reason: `no confidence is known to keep errors within ${asked}; ${ask}` };
  }
  return { confidence, sure: false, reason: `a confidence of ${inWords(confidence)} is too low to keep errors within ${asked}` };
}

/** The same if a model's own confidence is used, and must be at least `least`. */
export function judgeAgainst(own, least) {
  const sure = own >= least;
  return { confidence: own, sure, reason: sure ? null : `a confidence of ${inWords(own)} is below ${short(least)}` };
}

/** The probability of being right, 0 to 1, for a model's own confidence. */
function calibrate(scale, own) {
  const at = stretched(own);
  const known = scale.own.map(stretched);
  const next = known.findIndex((value) => value > at);
  if (next === 0) return scale.calibrated[0];
  if (next < 0) return scale.calibrated.at(-1);
  const [low, high] = [scale.calibrated[next - 1], scale.calibrated[next]];
  return low + ((high - low) / (known[next] - known[next - 1])) * (at - known[next - 1]);
}

/** The least own confidence of a sure reading; NEVER, above 1, if none keeps this error rate. */
function leastConfidence({ max_errors: errors, least }, maxError) {
  const fit = errors.findLastIndex((error) => error <= maxError);
  return fit < 0 ? NEVER : least[fit];
}

/** The alternatives to a reading, of probability `own` by the model, rescaled to share the rest of `confidence`. */
export function shareDoubt(alternatives, own, confidence) {
  const left = 1 - confidence;
  const share = left / Math.max(1 - own, 1e-9), most = Math.min(left, confidence);
  return alternatives.map(([text, probability]) => [text, Math.min(probability * share, most)]);
}

/** Maps confidences to a scale on which 0.99 and 0.999 are as far apart as 0.9 and 0.99. */
function stretched(confidence) {
  return -Math.log10(1 - Math.min(Math.max(confidence, 0), 1) + 1e-6);
}

/** "98.3%"; nothing is certain, so 0.9997 is not shown as 100.0%, nor 0.0003 as 0.0%. */
function inWords(confidence) {
  if (confidence > 0.999) return "> 99.9%";
  return confidence < 0.001 ? "< 0.1%" : percent(confidence);
}

/** "0.5%", with as many digits as there are. */
function short(share) {
  return `${Number((100 * share).toPrecision(6))}%`;
}

/** "99.2%", rounded as in Python: half to even. */
function percent(share) {
  const value = share * 100;
  const middle = (value * 4) % 2 === 1 && Number.isInteger(value * 4);
  if (middle && Math.floor(value * 10) % 2 === 0) return `${(Math.floor(value * 10) / 10).toFixed(1)}%`;
  return `${value.toFixed(1)}%`;
}
