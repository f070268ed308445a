// A drawing → the digit or the numbers on it, as by Python's Reader.read_drawing.

import { boxAround, boxesWithin, enlargedBox } from "./boxes.js";
import { judgeAgainst, shareDoubt, weighConfidence } from "./certainty.js";
import { certainty, drawn_ink, ink, one_digit, one_number, segment, types } from "./constants.js";
import { digitsAlone } from "./decoding.js";
import { findLines, MIN_HEIGHT } from "./lines.js";
import { hasLowMark } from "./low_marks.js";
import { TO_COME } from "./messages.js";
import { numbersIn } from "./notation.js";
import { lineStrips, readStrips } from "./number.js";
import { numberOf } from "./one_digit.js";
import { Network } from "./onnx.js";
import { cut, image, ranked } from "./pixels.js";
import { prepare } from "./prepare.js";
import { shrink } from "./resize.js";
import { isBlot } from "./segment.js";
import { splitLines } from "./split_lines.js";
import { STRIP_HEIGHT } from "./strip.js";
import { BLANK, inkStages, MIN_SIDE, tooSmall } from "./stages.js";

export const { EXPECTATIONS } = drawn_ink;
const { LEFT_OVER, SIGN, UNREAD } = drawn_ink;
const { BLOT, BLOT_REASON, SECOND_OPINION_BELOW } = one_digit;
const { NEVER_SURE_WITH_SIGNS } = one_number;
const { IMAGE_SIDE, TEN_DIGITS } = types;
const { WORK_SIDE } = ink;
const { INK_LEVEL } = segment;
const NO_CONTRACT = "a model has no contract; export it with: digitry export RUN";

export class Reader {
  /**
   * ArrayBuffers of ONNX files: `digit` reads single digits, `number` whole numbers; `shipped` is digitry's network for
   * numbers, if `number` is another. It is asked about digits too if the scale of confidence in the digit network's
   * contract was fitted so. `sureConfidence`, 0 to 1, replaces both networks' scales. Without `number`, only single
   * digits are read until `addNumbers` is called.
   */
  static async load({ digit, number = null, shipped = null, sureConfidence = null }) {
    const reader = new Reader(new Network(digit), sureConfidence);
    // A run on blanks tells more than a file's claims, and makes the first real one faster.
    const digits = reader.readDigits(new Uint8Array(IMAGE_SIDE ** 2));
    if (digits.length !== reader.classNames.length) throw new Error("the network for digits does not read digits");
    if (number) reader.addNumbers({ number, shipped });
    return reader;
  }

  constructor(digits, sureConfidence) {
    if (!digits.contract) throw new Error(NO_CONTRACT);
    this.digits = digits;
    this.numbers = null;
    this.shippedNumbers = null;
    this.sureConfidence = sureConfidence;
    this.classNames = digits.contract.class_names;
    const allTen = this.classNames.join() === TEN_DIGITS.join();
    const some = this.classNames.length < TEN_DIGITS.length && this.classNames.every((name) => TEN_DIGITS.includes(name));
    this.readsNumbers = allTen || some;
    this.asksBoth = Boolean(digits.contract.confidence_scale?.second_opinion) && allTen;
  }

  /** Adds the networks for numbers if `load` had none; ArrayBuffers of ONNX files as there. */
  addNumbers({ number, shipped = null }) {
    const numbers = new Network(number);
    const second = shipped ? new Network(shipped) : numbers;
    if (!second.contract || !numbers.contract) throw new Error(NO_CONTRACT);
    const frames = framesOf(numbers, image(64, STRIP_HEIGHT));
    if (frames.width !== numbers.contract.class_names.length + 1) throw new Error("the network for numbers does not read numbers");
    [this.numbers, this.shippedNumbers] = [numbers, second];
  }

  /**
   * Ink, a Uint8Array of width · height, 0 is paper and 255 full ink → the same as Python's `reading.to_json()`, with
   * `stages`: the `canonical` digit (Uint8Array of 784, or null), the `crop` it comes from ({data, width, height}, or
   * null), the `strips` that were read, and for one digit the `shares` of the classes, and of `none` of them.
   * `isQuick`: for one digit only the first network is asked, while drawing goes on.
   */
  read(ink, width, height, { expect = "number", maxError = certainty.MAX_ERROR, isQuick = false } = {}) {
    if (!EXPECTATIONS.includes(expect)) throw new Error(`expect must be ${EXPECTATIONS.join(" or ")}, not ${expect}`);
    if (expect !== "digit" && !this.readsNumbers) {
      throw new Error(`this model reads ${this.classNames.slice(0, 3).join(", ")}…, not digits; use expect 'digit'`);
    }
    if (ink.length !== width * height) throw new Error(`${ink.length} pixels are not a drawing of ${width}×${height}`);
    if (Math.min(width, height) < MIN_SIDE) return toReading([], tooSmall(width, height));
    const [page, scale] = shrink(image(width, height, ink), WORK_SIDE);
    const readDigit = () => this.#readDigit(inkStages(page, scale, width, height), { maxError, isQuick });
    if (!this.shippedNumbers) return this.#firstLook(readDigit(), expect);
    if (expect === "digit") return readDigit();
    const reading = boxesWithin(this.#readNumbers(page, scale, maxError), width, height);
    const texts = reading.numbers.map((number) => number.text);
    if (texts.some((text) => text.length > 1)) return reading;
    if (texts.length === 1 && !this.classNames.includes(texts[0])) {
      return doubted(reading, `the model for single digits does not know ${texts[0]}, only ${this.classNames.join(", ")}`);
    }
    // One mark, or none that forms a number: the network for single digits reads it better. Several marks may be strokes
    // of one digit.
    const alone = readDigit();
    const least = Math.min(...reading.numbers.map((number) => number.confidence));
    const isOne = alone.numbers.length && (texts.length < 2 || alone.numbers[0].confidence >= least);
    if (!isOne) return reading;
    const found = { ...alone, stages: { ...alone.stages, strips: reading.stages.strips } };
    return hasLowMark(page, found.numbers[0].box[3] / scale) ? doubted(found, SIGN) : found;
  }

  /** The reading by the network for digits alone; not sure if the other one would be asked. */
  #firstLook(alone, expect) {
    const own = alone.numbers[0]?.digits[0].confidence ?? 0;
    const isSettled = expect === "digit" && (own >= SECOND_OPINION_BELOW || !this.asksBoth);
    return isSettled || !alone.numbers.length ? alone : doubted(alone, TO_COME);
  }

  #readDigit(found, options) {
    const number = found.canonical ? numberOf(found, this, options) : null;
    const stages = { canonical: found.canonical?.data ?? null, crop: found.crop, shares: number?.shares ?? null };
    return toReading(number ? [number] : [], found.reason, stages);
  }

  #readNumbers(page, scale, maxError) {
    if (!page.data.some((value) => value)) return toReading([], BLANK);
    const lines = splitLines(findLines(page));
    const strips = lines.map((line) => lineStrips(page, line));
    const names = this.numbers.contract.class_names;
    const read = strips.map((some) => readStrips(some, (strip) => this.nameCharacters(strip), names));
    const isHigh = (found) => found?.spots.some((spot) => spot.box[3] >= MIN_HEIGHT);
    const stages = { strips: strips.flat().map((strip) => strip.ink) };
    const numbers = lines.flatMap((line, at) => {
      if (!isHigh(read[at])) return [];
      const others = lines.filter((other, place) => other !== line && isHigh(read[place])).map((other) => other.box);
      const written = beside(page, line.box, others);
      const highest = Math.max(...read[at].spots.map((spot) => spot.box[3]));
      const number = this.#numberOf(read[at], page, scale, maxError);
      return hasLowMark(written, highest) ? { ...number, sure: false, reason: SIGN } : number;
    });
    if (!numbers.length) return toReading([], "no writing here can be read as a number", stages);
    const reading = toReading(numbers, null, stages);
    const boxes = lines.filter((_, at) => isHigh(read[at])).map((line) => line.box);
    return inkOutside(page, boxes) > LEFT_OVER ? doubted(reading, UNREAD) : reading;
  }

  #numberOf(found, page, scale, maxError) {
    const digits = found.spots.map(({ digit, probabilities, box }) => {
      const rivals = ranked(probabilities).filter((other) => other !== digit);
      const alternatives = rivals.slice(0, 3).map((other) => [String(other), probabilities[other]]);
      return { label: String(digit), confidence: probabilities[digit], box: enlargedBox(box, scale), alternatives };
    });
    const isSpot = found.spots.length === 1 && isBlot(cut(page, ...found.spots[0].box));
    const own = found.probability * (isSpot ? BLOT : 1);
    const judged = this.judge("number", own, maxError);
    if (isSpot && !judged.sure) judged.reason = BLOT_REASON;
    const alternatives = shareDoubt(found.alternatives, own, judged.confidence);
    const written = withSigns(found, scale);
    if (written.signs.length) Object.assign(judged, { sure: false, reason: judged.sure ? NEVER_SURE_WITH_SIGNS : judged.reason });
    const box = boxAround([...digits, ...written.signs].map((one) => one.box));
    return { ...written, ...judged, alternatives, box, digits };
  }

  /** Canonical digits, a Uint8Array of n · 784 → probabilities, a Float32Array of n · classes. */
  readDigits(images) {
    return this.digits.run(prepare(images, { width: IMAGE_SIDE, height: IMAGE_SIDE }, this.digits.contract)).data;
  }

  /** An ink strip → its frames, {data, count, width}: the blank, then the classes of the network for numbers. */
  nameCharacters(strip) {
    return framesOf(this.numbers, strip);
  }

  /** An ink strip → frames of the blank and the ten digits, by the shipped network. */
  secondOpinion(strip) {
    return digitsAlone(framesOf(this.shippedNumbers, strip), this.shippedNumbers.contract.class_names);
  }

  /** A network's own confidence in a `digit` or `number` → {confidence, sure, reason}. */
  judge(kind, own, maxError) {
    if (this.sureConfidence !== null) return judgeAgainst(own, this.sureConfidence);
    const { contract } = kind === "digit" ? this.digits : this.numbers;
    return weighConfidence(contract?.confidence_scale, own, maxError);
  }
}

function framesOf(network, { data, width, height }) {
  const { dims, data: frames } = network.run(prepare(data, { width, height }, network.contract));
  return { data: frames, count: dims[1], width: dims[2] };
}

/** How a number is written, with the signs found: {text, signs, around}; its digits alone if signs separate them. */
function withSigns({ digits, signs }, scale) {
  const characters = digits.map(String);
  for (const sign of [...signs].reverse()) characters.splice(sign.after, 0, sign);
  for (const { text, places, around } of numbersIn(characters.map((one) => one.name ?? one))) {
    const kept = places.map((place) => characters[place]);
    if (kept.filter((one) => !one.name).join("") !== digits.join("")) continue;
    const inside = kept.filter((one) => one.name);
    return {
      text,
      around,
      signs: inside.map(({ name, confidence, box }) => ({ label: name, confidence, box: enlargedBox(box, scale), alternatives: [] })),
    };
  }
  return { text: digits.join(""), signs: [], around: [] };
}

/** The share of the ink that lies outside all boxes. */
function inkOutside({ data, width }, boxes) {
  let [all, outside] = [0, 0];
  data.forEach((value, at) => {
    if (value < INK_LEVEL) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    all += 1;
    if (!boxes.some(([left, top, wide, tall]) => x >= left && y >= top && x < left + wide && y < top + tall)) outside += 1;
  });
  return outside / all;
}

/** The ink in the rows of a line, without other lines. */
function beside({ data, width, height }, [, top, , tall], others) {
  const rest = image(width, height, data.slice());
  for (const [x, y, wide, high] of others) {
    for (let row = y; row < y + high; row++) rest.data.fill(0, row * width + x, row * width + x + wide);
  }
  return cut(rest, 0, top, width, tall);
}

/** The fields of a number that only the reading of whole pages sets. */
const UNASKED_OF_A_NUMBER = {
  value: null,
  hand: null,
  struck: false,
  table: null,
  row: null,
  column: null,
};

/** The same values in the same places as Python's Reading.to_json. */
function doubted(reading, reason) {
  return { ...reading, numbers: reading.numbers.map((number) => ({ ...number, sure: false, reason })), sure: false, reason };
}

function toReading(numbers, reason, stages = {}) {
  const shares = (pairs, key, name) =>
    pairs.map(([text, probability]) => ({ [key]: name(text), confidence: sixPlaces(probability) }));
  const character = (one) => ({
    label: label(one.label),
    confidence: sixPlaces(one.confidence),
    box: one.box,
    alternatives: shares(one.alternatives, "label", label),
  });
  return {
    picture: "",
    page: 1,
    numbers: numbers.map((number) => ({
      text: number.text,
      confidence: sixPlaces(number.confidence),
      sure: number.sure,
      reason: number.reason,
      alternatives: shares(number.alternatives, "text", (text) => text),
      box: number.box,
      digits: number.digits.map(character),
      signs: (number.signs ?? []).map(character),
      around: number.around ?? [],
      digits_text: number.digits.map((digit) => digit.label).join(""),
      ...UNASKED_OF_A_NUMBER,
    })),
    sure: numbers.length > 0 && numbers.every((number) => number.sure),
    reason: doubtsAbout(numbers) ?? reason,
    turn: 0,
    tables: [],
    stages: { canonical: null, crop: null, strips: [], shares: null, ...stages },
  };
}

/** Why not all numbers are sure: the only number's reason, or how many are not. */
function doubtsAbout(numbers) {
  if (numbers.length < 2) return numbers[0]?.reason ?? null;
  const count = numbers.filter((number) => !number.sure).length;
  return count ? `${count} of ${numbers.length} numbers ${count === 1 ? "is" : "are"} not sure` : null;
}

function sixPlaces(value) {
  return Number(value.toFixed(6));
}

/** Converts labels that are whole numbers to numbers. */
function label(name) {
  return /^(0|[1-9][0-9]*)$/.test(name) ? Number(name) : name;
}
