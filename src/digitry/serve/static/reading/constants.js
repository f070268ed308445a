// Written by bench/page_constants.py from the Python modules of these names; `make check` compares.

export const types = {
  IMAGE_SIDE: 28,
  TEN_DIGITS: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
};

export const prepare = {
  WHITE: 255,
};

export const contract = {
  METADATA_KEY: "digitry_contract",
  DARK: "dark-on-light",
};

export const decoding = {
  BLANK_COLUMN: 0,
  BEAM_WIDTH: 12,
  MIN_PROBABILITY: 0.0001,
};

export const saliency = {
  PATCH_SIDE: 5,
  LEAST: 1e-09,
};

export const canonical = {
  BOX_SIDE: 20,
  BOX_LEVEL: 32,
  STROKE_RANGE: [1.5, 4.0],
  WORK_SIDE: 100,
};

export const ink = {
  WORK_SIDE: 1000,
};

export const lines = {
  MIN_DIGIT_SHARE: 0.4,
  OUTLINE_FILL: 0.12,
  OUTLINED: 1,
  SAME_LINE_OVERLAP: 0.5,
  SAME_SLOPE_OVERLAP: 0.2,
  WIDEST_GAP: 2.5,
  MIN_HEIGHT: 5,
};

export const low_marks = {
  LOW: 0.6,
  LEAST_INK: 0.002,
};

export const segment = {
  INK_LEVEL: 90,
  SPECK_SHARE: 0.015,
  REACH: 0.3,
  RIVAL_SHARE: 0.3,
  MIN_INK_SHARE: 0.25,
  BLOT_FILL: 0.7,
  BLOT_ASPECT: 1.3,
  BLOT_SIDE: 10,
};

export const split_lines = {
  APART: 1.2,
  UNUSUAL: 2.5,
};

export const stages = {
  MIN_SIDE: 5,
  MIN_SMOOTHNESS: 0.35,
  MAX_HOLES: 8,
  HOLE_SIDE: 64,
  BLANK: "the picture is blank: nothing stands out from the paper",
  TEXTURE: "there is texture or noise, but no stroke large enough to be a digit",
  SPECKS: "there are specks, but no stroke large enough to be a digit",
  NOISE: "there is noise, but no clear stroke",
};

export const strip = {
  STRIP_HEIGHT: 40,
  DIGIT_HEIGHT: 23,
  FRAME_PIXELS: 2,
  WIDTH_STEP: 4,
  MAX_WIDTH: 4096,
};

export const certainty = {
  MAX_ERROR: 0.005,
  NEVER: 1.1,
  NO_SCALE: "this model has no scale of confidence; fit one on your own pictures: digitry calibrate RUN|FILE.onnx PICTURES",
};

export const drawn_ink = {
  EXPECTATIONS: ["digit", "number"],
  LEFT_OVER: 0.05,
  UNREAD: "there is more in the drawing than could be read",
  SIGN: "a mark beside the digits may be a sign",
};

export const notation = {
  LETTER: "",
  PARTING: ["+", "×", "÷", "=", "%", "$", "€", "£", "₹", "✓", ""],
  LEADING: ["-", "+", "("],
};

export const number = {
  VIEWS: [[0.78, 1.0], [1.0, 0.85], [1.28, 1.0]],
  MARGIN: 0.7,
  NEAR: 3,
  THIN: 5,
  ALTERNATIVES: 3,
};

export const one_number = {
  NEVER_SURE_WITH_SIGNS: "signs in a picture of one number are not read reliably enough to be called sure; expect a page",
};

export const one_digit = {
  RIVALS: 0.5,
  BLOT: 0.5,
  BLOT_REASON: "it is a solid spot: a dot, or a digit whose holes have closed",
  SECOND_OPINION_BELOW: 0.95,
  OWN_SHARE: 0.6,
  DIGIT_STRIP_WIDTH: 64,
};
