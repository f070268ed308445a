// A page of ink, {ink, width, height}: uint8, 0 is paper, 255 full ink.

const MARGIN = 4; // pixels of paper around a part

/** A box of the page with some paper around it, as a page. */
export function cut({ ink, width, height }, [x, y, wide, tall]) {
  const [left, top] = [Math.max(x - MARGIN, 0), Math.max(y - MARGIN, 0)];
  const [right, bottom] = [Math.min(x + wide + MARGIN, width), Math.min(y + tall + MARGIN, height)];
  const part = new Uint8Array((right - left) * (bottom - top));
  for (let row = top; row < bottom; row++) {
    part.set(ink.subarray(row * width + left, row * width + right), (row - top) * (right - left));
  }
  return { ink: part, width: right - left, height: bottom - top };
}

/** The page as a picture file, dark on white. */
export function pictureOf({ ink, width, height }) {
  const image = new ImageData(width, height);
  for (let i = 0; i < ink.length; i++) image.data.set([255 - ink[i], 255 - ink[i], 255 - ink[i], 255], 4 * i);
  const paper = new OffscreenCanvas(width, height);
  paper.getContext("2d").putImageData(image, 0, 0);
  return paper.convertToBlob();
}
