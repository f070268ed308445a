// A module Worker that reads drawings: new Worker("…/worker.js", { type: "module" }); messages as in desk.js.

import { attend } from "./desk.js";

attend(self);
