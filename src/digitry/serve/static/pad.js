// The first module to run, before the page is shown: from then on no stroke is lost, whatever is still loading.

import { Drawing } from "./drawing.js";

export const drawing = new Drawing(document.getElementById("canvas"));
drawing.paint();
