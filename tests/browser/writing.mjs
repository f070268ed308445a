// How people write digits on the page: their strokes, and a hand that draws them with the mouse.

// Polylines in a box of 1×1, x to the right, y down: how people write, roughly.
const around = (x, y, rx, ry, from, to) => Array.from({ length: 17 }, (_, i) => {
  const angle = ((from + ((to - from) * i) / 16) * Math.PI) / 180;
  return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
});
export const DIGITS = {
  0: [around(0.5, 0.5, 0.32, 0.48, -90, 270)],
  1: [[[0.5, 0.02], [0.48, 0.98]]],
  2: [[...around(0.5, 0.28, 0.3, 0.26, 200, 380), [0.15, 0.95], [0.88, 0.95]]],
  3: [[...around(0.42, 0.27, 0.3, 0.25, 210, 440), ...around(0.42, 0.73, 0.34, 0.26, -80, 150)]],
  4: [[[0.3, 0.02], [0.15, 0.58], [0.85, 0.58]], [[0.68, 0.25], [0.65, 0.98]]],
  5: [[[0.82, 0.04], [0.3, 0.04], [0.24, 0.45], ...around(0.45, 0.68, 0.34, 0.29, -110, 140)]],
  6: [[[0.66, 0.02], [0.35, 0.35], ...around(0.48, 0.7, 0.29, 0.28, 180, 530)]],
  7: [[[0.12, 0.06], [0.88, 0.06], [0.42, 0.98]]],
  8: [[...around(0.5, 0.26, 0.26, 0.24, 80, -250), ...around(0.5, 0.74, 0.31, 0.25, -80, 270)]],
  9: [[...around(0.48, 0.3, 0.29, 0.28, -10, -350), [0.77, 0.3], [0.7, 0.98]]],
};

/** Draws strokes in a box around the middle `x` (0 to 1) of the canvas, with the mouse; `after` is awaited at each point. */
export async function draw(page, strokes, x = 0.5, after = () => {}) {
  await page.locator("#canvas").scrollIntoViewIfNeeded();
  const box = await page.locator("#canvas").boundingBox();
  const side = 0.7 * box.height;
  const place = ([a, b]) => [box.x + x * box.width + (a - 0.5) * 0.75 * side, box.y + 0.15 * box.height + b * side];
  for (const stroke of strokes) {
    await page.mouse.move(...place(stroke[0]));
    await page.mouse.down();
    for (const point of stroke.slice(1)) {
      await page.mouse.move(...place(point), { steps: 4 });
      await after();
    }
    await page.mouse.up();
  }
}

/** Until the networks are loaded. */
export const isReady = (page) => page.waitForFunction(() => document.documentElement.dataset.ready === "yes");
