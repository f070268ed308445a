// Handles messages to a reader one by one, and drops those that a newer drawing has made obsolete.

import { OVERTAKEN } from "./messages.js";
import { Reader } from "./reader.js";
import { saliency } from "./saliency.js";

export { OVERTAKEN };

/**
 * Answers messages at a port (a Worker's own, or that of a MessageChannel): {id, type, …} → {id, result}, or
 * {id, error} with the error in words.
 *
 *   load      {digit, number?, shipped?: ArrayBuffer, sureConfidence?}              → {classNames}
 *   numbers   {number, shipped?: ArrayBuffer}, where `load` had none                → {}
 *   read      {ink: Uint8Array, width, height, expect?, maxError?, isQuick?}       → as `Reader.read`
 *   saliency  {canonical: Uint8Array, stride?, budget?}                            → as `saliency`
 *
 * A newer `read` overtakes older ones, and any saliency, waiting or in progress: they get `OVERTAKEN`.
 */
export function attend(port) {
  const waiting = [];
  let reader = null;
  let busy = false;

  const answers = {
    load: async (message) => {
      reader = await Reader.load(message);
      return { classNames: reader.classNames };
    },
    numbers: async (message) => {
      loaded().addNumbers(message);
      return {};
    },
    read: async ({ ink, width, height, ...options }) => loaded().read(ink, width, height, options),
    saliency: async ({ canonical, stride, budget }) => {
      const found = loaded();
      const pause = async () => {
        await letMessagesIn();
        return waiting.some((message) => message.type === "read");
      };
      const readDigits = (images) => found.readDigits(images);
      return (await saliency(readDigits, canonical, { stride, budget, pause })) ?? overtaken();
    },
  };

  const loaded = () => reader ?? fail("load the networks first");

  async function work() {
    busy = true;
    for (;;) {
      await letMessagesIn();
      const message = waiting.shift();
      if (!message) break;
      const { id, type } = message;
      try {
        if ((type === "read" || type === "saliency") && waiting.some((newer) => newer.type === "read")) overtaken();
        const answer = Object.hasOwn(answers, type) ? answers[type] : () => fail(`no message of type ${type} is known`);
        port.postMessage({ id, result: await answer(message) });
      } catch (error) {
        port.postMessage({ id, error: error.message });
      }
    }
    busy = false;
  }

  port.onmessage = ({ data }) => {
    waiting.push(data);
    if (!busy) work();
  };
}

function overtaken() {
  fail(OVERTAKEN);
}

function fail(reason) {
  throw new Error(reason);
}

/** Lets messages that have arrived be handled: an iteration of the event loop. */
function letMessagesIn() {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
