// Examples for people who want to see something before writing: handwritten strokes for the pad.

// Polylines in a box of 1×1, x to the right, y down.
const around = (x, y, rx, ry, from, to, points = 24) => Array.from({ length: points + 1 }, (_, i) => {
  const angle = ((from + ((to - from) * i) / points) * Math.PI) / 180;
  return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
});
const line = (from, to, points = 10) => Array.from({ length: points + 1 }, (_, i) =>
  [0, 1].map((axis) => from[axis] + ((to[axis] - from[axis]) * i) / points));

const SHAPES = {
  0: [around(0.5, 0.5, 0.3, 0.48, -100, 265)],
  1: [[...line([0.3, 0.22], [0.52, 0.02], 5), ...line([0.52, 0.02], [0.48, 0.98])]],
  2: [[...around(0.48, 0.28, 0.3, 0.26, 195, 385), ...line([0.7, 0.45], [0.16, 0.95]), ...line([0.16, 0.95], [0.86, 0.93])]],
  3: [[...around(0.44, 0.26, 0.28, 0.24, 205, 440), ...around(0.44, 0.73, 0.34, 0.25, -85, 150)]],
  4: [[...line([0.36, 0.03], [0.14, 0.6]), ...line([0.14, 0.6], [0.86, 0.57])], line([0.66, 0.3], [0.62, 0.98])],
  5: [[...line([0.34, 0.05], [0.26, 0.45], 6), ...around(0.46, 0.68, 0.33, 0.28, -120, 145)], line([0.34, 0.05], [0.8, 0.04], 6)],
  6: [[...line([0.66, 0.03], [0.34, 0.4], 8), ...around(0.48, 0.7, 0.29, 0.27, 195, 530)]],
  7: [[...line([0.14, 0.07], [0.86, 0.05]), ...line([0.86, 0.05], [0.42, 0.98])]],
  8: [[...around(0.5, 0.26, 0.25, 0.24, 80, -245), ...around(0.5, 0.74, 0.3, 0.25, -75, 272)]],
  9: [[...around(0.46, 0.3, 0.28, 0.27, -5, -352), ...line([0.74, 0.3], [0.66, 0.98])]],
  A: [line([0.5, 0.02], [0.1, 0.98]), line([0.5, 0.02], [0.9, 0.98]), line([0.26, 0.64], [0.76, 0.62])],
  "~": [Array.from({ length: 70 }, (_, i) => [0.5 + 0.7 * Math.sin(i * 2.7), 0.5 + 0.45 * Math.cos(i * 1.9)])],
};

/** The labels of the chips below the pad, and the lines of characters that they write. */
export const EXAMPLES = [
  { name: "5", lines: ["5"] },
  { name: "1984", lines: ["1984"] },
  { name: "two numbers", lines: ["37", "205"] },
  { name: "an A", lines: ["A"] },
  { name: "a scribble", lines: ["~"] },
];

/** The strokes of these lines on a pad of this size in pixels, each point {x, y}. */
export function strokesOf(lines, width, height) {
  const room = height / lines.length;
  const longest = Math.max(...lines.map((characters) => characters.length));
  const tall = Math.min(0.66 * room, (0.86 * width) / (0.82 * longest));
  const wide = 0.72 * tall;
  return lines.flatMap((characters, row) => [...characters].flatMap((character, at) => {
    const left = width / 2 + (at - characters.length / 2) * 0.82 * tall + (0.82 * tall - wide) / 2;
    const top = (row + 0.5) * room - tall / 2 + 0.04 * tall * Math.sin(5 * at); // nobody writes perfectly straight
    return SHAPES[character].map((points) => points.map(([x, y]) => ({ x: left + x * wide, y: top + y * tall })));
  }));
}
