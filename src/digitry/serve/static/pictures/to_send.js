// A chosen file → the picture that is shown and sent: turned, cropped and shrunk on the device.

const MOST_PIXELS = 6e6; // the network for pages sees a quarter of these; the rest is for single digits
const SMALL_FILE = 2 ** 21; // bytes; a file that is not larger and was not changed is sent as it is
const QUALITY = 0.92;

/** The file as decoded by this browser, upright; null if only the server may be able to decode it. */
export async function decoded(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    return null;
  }
}

/** A view of a decoded picture: turned by `turn` clockwise quarters, then cropped to `part` [x, y, width, height], if any. */
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

/** What is sent of a picture: its file, if small and unchanged, else its view as a JPEG of limited size in bytes. */
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
