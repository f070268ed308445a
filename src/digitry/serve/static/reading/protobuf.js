// The few protobuf messages of ONNX that make up a network: bytes → graph, weights and metadata.

const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;
const INT64 = 7;
const FLOAT16 = 10;

/** An ONNX file as {nodes, constants, input, output, metadata}; throws an Error if it is truncated or has external weights. */
export function parseModel(buffer) {
  const model = { nodes: [], constants: new Map(), inputs: [], outputs: [], metadata: new Map() };
  for (const { number, value } of fields(new Uint8Array(buffer))) {
    if (number === 7) parseGraph(value, model);
    if (number === 14) {
      const entry = byNumber(value);
      model.metadata.set(text(entry[1]?.[0]), text(entry[2]?.[0]));
    }
  }
  const inputs = model.inputs.filter((name) => !model.constants.has(name));
  if (!model.nodes.length || inputs.length !== 1 || model.outputs.length !== 1) {
    throw new Error("not an ONNX model with one input and one output, or a truncated one");
  }
  const { nodes, constants, metadata } = model;
  return { nodes, constants, input: inputs[0], output: model.outputs[0], metadata };
}

function parseGraph(bytes, model) {
  for (const { number, value } of fields(bytes)) {
    if (number === 1) model.nodes.push(parseNode(value));
    if (number === 5) {
      const [name, tensor] = parseTensor(value);
      model.constants.set(name, tensor);
    }
    if (number === 11) model.inputs.push(text(byNumber(value)[1][0]));
    if (number === 12) model.outputs.push(text(byNumber(value)[1][0]));
  }
}

function parseNode(bytes) {
  const found = byNumber(bytes);
  const attributes = Object.fromEntries((found[5] ?? []).map(parseAttribute));
  const names = (number) => (found[number] ?? []).map(text);
  return { operator: text(found[4]?.[0]), inputs: names(1), outputs: names(2), attributes };
}

function parseAttribute(bytes) {
  const found = byNumber(bytes);
  const read = {
    1: () => number32(found[2][0]),
    2: () => found[3][0],
    3: () => text(found[4][0]),
    7: () => integers(found[8]),
  }[found[20]?.[0]];
  // Attributes of other kinds belong to operators that are refused later, by name.
  return [text(found[1][0]), read ? read() : null];
}

function parseTensor(bytes) {
  const found = byNumber(bytes);
  const name = text(found[8]?.[0]);
  if (found[13] || found[14]?.[0]) throw new Error(`the weights ${name} are kept in another file`);
  const dims = integers(found[1]);
  const raw = found[9]?.[0];
  const kind = found[2]?.[0];
  if (kind === INT8 || kind === UINT8) {
    throw new Error("this model is stored in 8 bits, which the page cannot read; pictures sent to the server are read");
  }
  if (!raw || ![FLOAT, INT64, FLOAT16].includes(kind)) {
    throw new Error(`the weights ${name} are of kind ${kind}; known: raw float32, float16 and int64`);
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const size = dims.reduce((product, side) => product * side, 1);
  const bytesEach = { [FLOAT]: 4, [INT64]: 8, [FLOAT16]: 2 }[kind];
  if (raw.byteLength !== size * bytesEach) throw new Error(`the weights ${name} are truncated`);
  const read = {
    [FLOAT]: (at) => view.getFloat32(4 * at, true),
    [INT64]: (at) => Number(view.getBigInt64(8 * at, true)),
    [FLOAT16]: (at) => half(view.getUint16(2 * at, true)),
  }[kind];
  const data = new Float32Array(size);
  for (let at = 0; at < size; at++) data[at] = read(at);
  return [name, { dims, data }];
}

/** The value of a half-precision float: sign, five bits of exponent, ten of fraction. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * (1 + fraction / 1024) * 2 ** (exponent - 15) : sign * fraction * 2 ** -24;
}

function byNumber(bytes) {
  const found = {};
  for (const { number, value } of fields(bytes)) (found[number] ??= []).push(value);
  return found;
}

/** The field numbers and values of a message: numbers or bytes. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= bytes.length) break;
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw new Error("not an ONNX model, or a truncated one");
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key & 7;
    if (wire === 0) {
      yield { number: key >> 3, value: varint() };
      continue;
    }
    const length = { 1: () => 8, 2: varint, 5: () => 4 }[wire]?.() ?? -1;
    if (length < 0 || at + length > bytes.length) throw new Error("not an ONNX model, or a truncated one");
    yield { number: key >> 3, value: bytes.subarray(at, at + length) };
    at += length;
  }
}

/** The integers of a repeated field, separate or packed. */
function integers(values = []) {
  return values.flatMap((value) => {
    if (typeof value === "number") return [value];
    const numbers = [];
    for (let at = 0, sum = 0, factor = 1; at < value.length; at++) {
      sum += (value[at] & 127) * factor;
      factor *= 128;
      if (value[at] < 128) [sum, factor] = (numbers.push(sum), [0, 1]);
    }
    return numbers;
  });
}

function number32(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

function text(bytes) {
  return bytes ? new TextDecoder().decode(bytes) : "";
}
