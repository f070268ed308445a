// The operators of a network, one function per ONNX operator: (attributes, tensors) → tensor.
// A tensor is {dims, data: Float32Array}. Convolutions are in convolution.js.

import { ACTIVATIONS } from "./activations.js";
import { combined, joined, padded, repeated, sliced, transposed } from "./places.js";
import { outputSides } from "./sides.js";

export const OPERATORS = {
  ...Object.fromEntries(Object.entries(ACTIVATIONS).map(([name, make]) => [name, (attributes, x) => each(x, make(attributes))])),
  Add: (_, a, b) => combined(a, b, (x, y) => x + y),
  AveragePool: pooled(averageOf),
  BatchNormalization: (attributes, x, ...statistics) => normalised(x, foldedNormalisation(attributes, ...statistics)),
  Cast: ({ to }, x) => (to === 1 || to === 9 ? x : refuse(`a cast to kind ${to}`)),
  Clip: (_, x, low, high) => each(x, (value) => Math.min(Math.max(value, low?.data[0] ?? -Infinity), high?.data[0] ?? Infinity)),
  Concat: joined,
  Div: (_, a, b) => combined(a, b, (x, y) => x / y),
  Flatten: ({ axis = 1 }, x) => ({ dims: [size(x.dims.slice(0, axis)), size(x.dims.slice(axis))], data: x.data }),
  Gemm: gemm,
  GlobalAveragePool: globally(averageOf),
  GlobalMaxPool: globally(highestOf),
  Greater: (_, a, b) => combined(a, b, (x, y) => (x > y ? 1 : 0)),
  Identity: (_, x) => x,
  InstanceNormalization: instanceNormalisation,
  LayerNormalization: layerNormalisation,
  LogSoftmax: (attributes, x) => each(softmax(attributes, x), Math.log),
  MatMul: (_, a, b) => product(a, b, false),
  Max: (_, a, b) => combined(a, b, Math.max),
  MaxPool: pooled(highestOf),
  Min: (_, a, b) => combined(a, b, Math.min),
  Mul: (_, a, b) => combined(a, b, (x, y) => x * y),
  PRelu: (_, a, b) => combined(a, b, (x, y) => (x > 0 ? x : x * y)),
  Pad: padded,
  Pow: (_, a, b) => combined(a, b, Math.pow),
  ReduceL2: (attributes, x) => each(mean(attributes, each(x, (value) => value * value)), (value, at, all) => Math.sqrt(value * (x.data.length / all.length))),
  ReduceMean: mean,
  Reshape: reshaped,
  Resize: repeated,
  Slice: sliced,
  Softmax: softmax,
  Sub: (_, a, b) => combined(a, b, (x, y) => x - y),
  Transpose: transposed,
  Where: chosen,
};

/** Normalisation with fixed statistics as one scale and one shift per channel. */
export function foldedNormalisation({ epsilon = 1e-5 }, scale, shift, mean, variance) {
  const factor = scale.data.map((value, c) => value / Math.sqrt(variance.data[c] + epsilon));
  return { scale: factor, shift: shift.data.map((value, c) => value - mean.data[c] * factor[c]) };
}

function refuse(what) {
  throw new Error(`${what} is not supported`);
}

function size(dims) {
  return dims.reduce((product, side) => product * side, 1);
}

function each(x, change) {
  return { dims: x.dims, data: x.data.map(change) };
}

/** `a` where the condition is not 0, else `b`, all three broadcast together. */
function chosen(_, condition, a, b) {
  const both = [a, b].map((tensor) => combined(condition, tensor, (_, value) => value));
  const [yes, one, other] = [condition, ...both].map((tensor) => combined(tensor, combined(both[0], both[1], () => 0), (value) => value));
  return { dims: yes.dims, data: yes.data.map((value, at) => (value ? one.data[at] : other.data[at])) };
}

function normalised({ dims, data }, { scale, shift }) {
  const channels = dims[1];
  const area = size(dims.slice(2));
  const channel = (at) => Math.floor(at / area) % channels;
  return { dims, data: data.map((value, at) => value * scale[channel(at)] + shift[channel(at)]) };
}

/** Rows of `length` numbers, standardised to mean 0 and variance 1. */
function evened({ dims, data }, length, epsilon) {
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += length) {
    const row = data.subarray(start, start + length);
    const middle = row.reduce((sum, value) => sum + value, 0) / length;
    const spread = Math.sqrt(row.reduce((sum, value) => sum + (value - middle) ** 2, 0) / length + epsilon);
    result.set(row.map((value) => (value - middle) / spread), start);
  }
  return { dims, data: result };
}

function layerNormalisation({ axis = -1, epsilon = 1e-5 }, x, scale, shift) {
  const even = evened(x, size(x.dims.slice(axis < 0 ? axis + x.dims.length : axis)), epsilon);
  const scaled = combined(even, scale, (value, by) => value * by);
  return shift ? combined(scaled, shift, (value, by) => value + by) : scaled;
}

function instanceNormalisation({ epsilon = 1e-5 }, x, scale, shift) {
  return normalised(evened(x, size(x.dims.slice(2)), epsilon), { scale: scale.data, shift: shift.data });
}

function gemm({ alpha = 1, beta = 1, transA = 0, transB = 0 }, a, b, bias) {
  if (alpha !== 1 || beta !== 1 || transA) refuse("a Gemm with factors or a transposed input");
  const result = product(a, b, Boolean(transB));
  return bias ? combined(result, bias, (x, y) => x + y) : result;
}

/** The last axis of `a` times a matrix, or its transpose. */
function product(a, b, transposedB) {
  if (b.dims.length !== 2) refuse(`a product with ${b.dims.join("×")}`);
  const [depth, width] = transposedB ? [b.dims[1], b.dims[0]] : b.dims;
  if (a.dims.at(-1) !== depth) refuse(`a product of ${a.dims.join("×")} with ${b.dims.join("×")}`);
  const rows = a.data.length / depth;
  const data = new Float32Array(rows * width);
  const sums = new Float64Array(width);
  const [alongK, alongM] = transposedB ? [1, depth] : [width, 1];
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let k = 0; k < depth; k++) {
      const value = a.data[row * depth + k];
      if (value === 0) continue;
      for (let m = 0, at = k * alongK; m < width; m++, at += alongM) sums[m] += value * b.data[at];
    }
    data.set(sums, row * width);
  }
  return { dims: [...a.dims.slice(0, -1), width], data };
}

function pooled(summarise) {
  return (attributes, { dims: [count, channels, height, width], data }) => {
    const [tall, wide] = attributes.kernel_shape;
    const [stepY, stepX] = attributes.strides ?? [1, 1];
    if (attributes.ceil_mode || attributes.count_include_pad) refuse("pooling that counts what lies outside");
    const { output, before } = outputSides([height, width], [tall, wide], attributes);
    const result = new Float32Array(count * channels * output[0] * output[1]);
    let to = 0;
    for (let page = 0; page < count * channels; page++) {
      for (let y = 0; y < output[0]; y++) {
        const top = y * stepY - before[0];
        for (let x = 0; x < output[1]; x++) {
          const left = x * stepX - before[1];
          const rows = [Math.max(top, 0), Math.min(top + tall, height)];
          const columns = [Math.max(left, 0), Math.min(left + wide, width)];
          result[to++] = summarise(data, page * height * width, width, rows[0], rows[1], columns[0], columns[1]);
        }
      }
    }
    return { dims: [count, channels, ...output], data: result };
  };
}

function highestOf(data, page, width, top, bottom, left, right) {
  let most = -Infinity;
  for (let y = top; y < bottom; y++) {
    for (let at = page + y * width + left; at < page + y * width + right; at++) if (data[at] > most) most = data[at];
  }
  return most;
}

function averageOf(data, page, width, top, bottom, left, right) {
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let at = page + y * width + left; at < page + y * width + right; at++) sum += data[at];
  }
  return sum / ((bottom - top) * (right - left));
}

function globally(summarise) {
  return (_, { dims: [count, channels, ...sides], data }) => {
    const area = size(sides);
    const found = Float32Array.from({ length: count * channels }, (_unused, page) =>
      summarise(data, page * area, area, 0, 1, 0, area),
    );
    return { dims: [count, channels, ...sides.map(() => 1)], data: found };
  };
}

/** The mean along one axis. */
function mean({ axes, keepdims = 1 }, { dims, data }) {
  if (axes?.length !== 1) refuse("a mean along several sides");
  const side = axes[0] < 0 ? axes[0] + dims.length : axes[0];
  const along = dims[side];
  const after = size(dims.slice(side + 1));
  const result = new Float32Array(data.length / along);
  for (let to = 0; to < result.length; to++) {
    const from = Math.floor(to / after) * along * after + (to % after);
    let sum = 0;
    for (let k = 0; k < along; k++) sum += data[from + k * after];
    result[to] = sum / along;
  }
  const left = keepdims ? dims.map((length, at) => (at === side ? 1 : length)) : dims.filter((_, at) => at !== side);
  return { dims: left, data: result };
}

function reshaped(_, x, shape) {
  const dims = Array.from(shape.data, (side, at) => (side === 0 ? x.dims[at] : side));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = x.data.length / -size(dims);
  if (size(dims) !== x.data.length) refuse(`bringing ${x.dims.join("×")} into ${dims.join("×")}`);
  return { dims, data: x.data };
}

function softmax({ axis = -1 }, x) {
  const side = axis < 0 ? axis + x.dims.length : axis;
  if (side !== x.dims.length - 1) {
    const perm = x.dims.map((_, at) => at);
    [perm[side], perm[perm.length - 1]] = [perm.length - 1, side];
    return transposed({ perm }, softmax({}, transposed({ perm }, x)));
  }
  const width = x.dims.at(-1);
  const data = new Float32Array(x.data.length);
  for (let start = 0; start < data.length; start += width) {
    const row = x.data.subarray(start, start + width);
    const most = row.reduce((best, value) => Math.max(best, value), -Infinity);
    const powers = Float64Array.from(row, (value) => Math.exp(value - most));
    const sum = powers.reduce((total, value) => total + value, 0);
    data.set(powers.map((value) => value / sum), start);
  }
  return { dims: x.dims, data };
}
