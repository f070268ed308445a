// A chosen file → the picture that is shown and sent: turned, cut, and made small on the device.

const MOST_PIXELS = 6e6; // the network for pages looks at a quarter of these; the rest is for single digits
const SMALL_FILE = 2 ** 21; // bytes; a file that is no larger, and nothing was done to, is sent as it is
const QUALITY = 0.92;

/** The file as this browser decodes it, upright; null where it cannot, and only the server may. */
export async function decoded(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    return null;
  }
}

/** What of a decoded picture is looked at: `turn` quarters clockwise, then the `part` [x, y, width, height] or all of it. */
export function viewOf({ bitmap, turn, part }) {
  const [wide, tall] = turn % 2 ? [bitmap.height, bitmap.width] : [bitmap.width, bitmap.height];
  const [x, y, width, height] = part ?? [0, 0, wide, tall];
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  const view = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const context = view.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.scale(scale, scale);
  context.translate(wide / 2 - x, tall / 2 - y);
  context.rotate((turn * Math.PI) / 2);
  context.drawImage(bitmap, -bitmap.width / 2, -bitmap.height / 2);
  return view;
}

/** What is sent of a picture: its file, where that is small and whole, else its view as a JPEG of at most so many bytes. */
export async function toSend({ file, bitmap, view, turn, part }, mostBytes) {
  const isWhole = !turn && !part && bitmap && bitmap.width * bitmap.height <= MOST_PIXELS;
  if (!bitmap || (isWhole && file.size <= Math.min(SMALL_FILE, mostBytes))) return file;
  let blob;
  for (const quality of [QUALITY, 0.8, 0.6]) {
    blob = await view.convertToBlob({ type: "image/jpeg", quality });
    if (blob.size <= mostBytes) break;
  }
  return blob;
}
