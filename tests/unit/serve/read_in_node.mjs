// Does what jobs.json in a folder asks for with the page's own modules, and writes answers.json beside it.
// Run by test_reading_in_javascript.py: node read_in_node.mjs MODULES FOLDER

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, folder] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(modules, name)).href);
const [{ Network }, { Reader }, { saliency }, { attend }] = await Promise.all(
  ["onnx.js", "reader.js", "saliency.js", "attend.js"].map(load),
);

const buffer = (name) => {
  const bytes = readFileSync(join(folder, name));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
};
const encoded = (data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
const picture = (one) => one && { width: one.width, height: one.height, data: encoded(one.data) };
const files = () => ({
  digit: buffer("digit.onnx"),
  number: buffer("number.onnx"),
  shipped: existsSync(join(folder, "shipped.onnx")) ? buffer("shipped.onnx") : null,
});

const jobs = JSON.parse(readFileSync(join(folder, "jobs.json"), "utf8"));
const reader = await Reader.load({ ...files(), ...jobs.load });

const work = {
  digits: ({ file }) => encoded(reader.readDigits(new Uint8Array(buffer(file)))),

  drawing: ({ file, width, height, expect, maxError }) => {
    const reading = reader.read(new Uint8Array(buffer(file)), width, height, { expect, maxError });
    const { canonical, crop, strips } = reading.stages;
    return {
      ...reading,
      stages: { canonical: canonical && encoded(canonical), crop: picture(crop), strips: strips.map(picture) },
    };
  },

  network: ({ file, input, dims }) => {
    try {
      const network = new Network(buffer(file));
      const answer = network.run({ dims, data: new Float32Array(buffer(input)) });
      return { dims: answer.dims, data: encoded(answer.data), names: network.contract.class_names };
    } catch (error) {
      return { error: error.message };
    }
  },

  saliency: async ({ file, stride, budget }) => {
    const digit = new Uint8Array(buffer(file));
    const found = await saliency((images) => reader.readDigits(images), digit, { stride, budget });
    return { ...found, answerDrop: encoded(found.answerDrop), marginDrop: encoded(found.marginDrop) };
  },

  // Messages as a page posts them, all at once after the networks are there; answers in the order in which they came.
  desk: ({ messages }) =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      const answers = [];
      attend(port2);
      port1.onmessage = ({ data }) => {
        answers.push({ id: data.id, text: data.result?.numbers?.[0]?.text ?? null, error: data.error ?? null });
        if (data.id === "load") messages.forEach((message) => port1.postMessage(complete(message)));
        if (answers.length <= messages.length) return;
        port1.close();
        resolve(answers);
      };
      port1.postMessage({ id: "load", type: "load", ...files(), ...jobs.load });
    }),
};

function complete(message) {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) =>
      key === "ink" || key === "canonical" ? [key, new Uint8Array(buffer(value))] : [key, value],
    ),
  );
}

const answers = [];
for (const { kind, ...job } of jobs.jobs) answers.push(await work[kind](job));
writeFileSync(join(folder, "answers.json"), JSON.stringify(answers));
