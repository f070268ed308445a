// A module Worker that reads drawings: new Worker("…/worker.js", { type: "module" }); messages as in attend.js.

import { attend } from "./attend.js";

attend(self);
