// An ONNX file written by digitry → a network that runs here, with the same answers as ONNX Runtime.

import { contract as shared } from "./constants.js";
import { convolution } from "./convolution.js";
import { foldedNormalisation, OPERATORS } from "./operators.js";
import { parseModel } from "./protobuf.js";

const { METADATA_KEY } = shared;

export class Network {
  /** `buffer`: the bytes of an ONNX file, the same as used in Python. Throws an Error if it cannot be run here. */
  constructor(buffer) {
    const model = parseModel(buffer);
    const contract = model.metadata.get(METADATA_KEY);
    /** The contract: `class_names`, `input_shape`, … as written by Python; null in a file from elsewhere. */
    this.contract = contract ? JSON.parse(contract) : null;
    this.input = model.input;
    this.output = model.output;
    this.constants = model.constants;
    this.steps = planned(model);
  }

  /** One tensor {dims, data: Float32Array} in, one out. */
  run(tensor) {
    const values = new Map([[this.input, tensor]]);
    const valueOf = (name) => values.get(name) ?? this.constants.get(name);
    for (const step of this.steps) values.set(step.output, step.apply(...step.inputs.map(valueOf)));
    return values.get(this.output);
  }
}

/** The steps to run in order: constants are computed now, and convolutions absorb what follows them. */
function planned({ nodes, constants, output }) {
  const uses = new Map([[output, 1]]);
  for (const name of nodes.flatMap((node) => node.inputs)) uses.set(name, (uses.get(name) ?? 0) + 1);
  const taken = new Set();
  const next = (name, operator) => {
    const node = nodes.find((one) => one.operator === operator && one.inputs[0] === name);
    return node && uses.get(name) === 1 ? node : null;
  };
  const steps = [];
  for (const node of nodes) {
    if (taken.has(node)) continue;
    const apply = OPERATORS[node.operator];
    const fixed = node.inputs.map((name) => constants.get(name));
    if (node.operator === "Conv") {
      const normalisation = next(node.outputs[0], "BatchNormalization");
      const relu = next((normalisation ?? node).outputs[0], "Relu");
      for (const inner of [normalisation, relu]) if (inner) taken.add(inner);
      const last = relu ?? normalisation ?? node;
      const work = convolutionOf(node, normalisation, Boolean(relu), constants);
      steps.push({ inputs: [node.inputs[0]], output: last.outputs[0], apply: work });
    } else if (!apply) {
      const known = ["Conv", ...Object.keys(OPERATORS)].join(", ");
      throw new Error(`the network uses the operator ${node.operator}, which is not supported; supported: ${known}`);
    } else if (fixed.every((tensor) => tensor)) {
      constants.set(node.outputs[0], apply(node.attributes, ...fixed));
    } else {
      steps.push({ inputs: node.inputs, output: node.outputs[0], apply: apply.bind(null, node.attributes) });
    }
  }
  return steps;
}

function convolutionOf(node, normalisation, relu, constants) {
  const [weights, bias] = node.inputs.slice(1).map((name) => constants.get(name));
  if (!weights) throw new Error("a convolution without fixed weights is not supported");
  const statistics = normalisation?.inputs.slice(1).map((name) => constants.get(name));
  const folded = statistics && foldedNormalisation(normalisation.attributes, ...statistics);
  const scale = folded?.scale ?? new Float32Array(weights.dims[0]).fill(1);
  const shift = scale.map((factor, m) => (bias ? bias.data[m] * factor : 0) + (folded?.shift[m] ?? 0));
  return convolution(weights, node.attributes, scale, shift, relu);
}
