// Convolution as matrix multiplication, fast enough to read during drawing.
//
// Every output is a sum over K = channels × kernel height × kernel width inputs. The weights of four output channels
// are interleaved, as are the inputs of three places, so that seven loads contribute to twelve sums.

import { outputSides } from "./sides.js";

const CHANNELS = 4;
const PLACES = 3;
const PANELS = 16; // of three places each, packed together: they fit into the processor's cache

/**
 * A function from {dims: [n, channels, height, width], data} to the convolved tensor.
 * `weights` is {dims: [outputs, channels / group, kernel height, kernel width], data}; `scale` and `shift`, one per
 * output channel, combine normalisation and bias; `relu` clips at 0.
 */
export function convolution(weights, attributes, scale, shift, relu) {
  if (weights.dims.length !== 4) throw new Error("a convolution along one axis is not supported");
  const [outputs, channels, kernelHeight, kernelWidth] = weights.dims;
  const groups = attributes.group ?? 1;
  if ((attributes.dilations ?? []).some((by) => by !== 1)) throw new Error("a dilated convolution is not supported");
  const kernel = [kernelHeight, kernelWidth];
  const [stepY, stepX] = attributes.strides ?? [1, 1];
  const depth = channels * kernelHeight * kernelWidth;
  const each = outputs / groups;
  const packedWeights = Array.from({ length: groups }, (_, group) => {
    const own = weights.data.subarray(group * each * depth, (group + 1) * each * depth);
    return packWeights(own, each, depth, scale.subarray(group * each, (group + 1) * each));
  });
  const panels = new Float32Array(PANELS * PLACES * depth);
  let page = new Float32Array(0);

  return ({ dims: [count, inputs, height, width], data }) => {
    if (inputs !== channels * groups) throw new Error(`a convolution of ${channels * groups} channels got ${inputs}`);
    const sides = outputSides([height, width], kernel, attributes);
    const [outHeight, outWidth] = sides.output;
    const [top, left] = sides.before;
    const pageWidth = (outWidth - 1) * stepX + kernelWidth;
    const pageHeight = (outHeight - 1) * stepY + kernelHeight;
    const pageSize = pageWidth * pageHeight;
    if (page.length < channels * pageSize) page = new Float32Array(channels * pageSize);
    const places = outHeight * outWidth;
    const result = new Float32Array(count * outputs * places);
    for (let index = 0; index < count * groups; index++) {
      const group = index % groups;
      const input = data.subarray(index * channels * height * width, (index + 1) * channels * height * width);
      lay(input, channels, height, width, page, pageHeight, pageWidth, top, left);
      const output = result.subarray(index * each * places, (index + 1) * each * places);
      const biases = shift.subarray(group * each, (group + 1) * each);
      for (let first = 0; first < places; first += PANELS * PLACES) {
        const some = Math.min(PANELS * PLACES, places - first);
        const start = (at) => Math.floor(at / outWidth) * stepY * pageWidth + (at % outWidth) * stepX;
        const starts = Array.from({ length: some }, (_, place) => start(first + place));
        gather(page, pageSize, pageWidth, channels, kernel, starts, panels);
        multiply(packedWeights[group], panels, output, biases, each, depth, places, first, some, relu);
      }
    }
    return { dims: [count, outputs, outHeight, outWidth], data: result };
  };
}

/** Weights times their scale, four output channels interleaved, padded with 0. */
function packWeights(weights, outputs, depth, scale) {
  const packed = new Float32Array(Math.ceil(outputs / CHANNELS) * CHANNELS * depth);
  for (let m = 0; m < outputs; m++) {
    const start = (m - (m % CHANNELS)) * depth + (m % CHANNELS);
    for (let k = 0; k < depth; k++) packed[start + k * CHANNELS] = weights[m * depth + k] * scale[m];
  }
  return packed;
}

/** The input channels, zero-padded to the reach of all kernels. */
function lay(input, channels, height, width, page, pageHeight, pageWidth, top, left) {
  const shown = Math.min(width, pageWidth - left);
  page.fill(0, 0, channels * pageHeight * pageWidth);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < Math.min(height, pageHeight - top); y++) {
      const from = (c * height + y) * width;
      page.set(input.subarray(from, from + shown), (c * pageHeight + top + y) * pageWidth + left);
    }
  }
}

/** The inputs of the kernel at each place, from its start on the page; three places interleaved. */
function gather(page, pageSize, pageWidth, channels, [kernelHeight, kernelWidth], starts, panels) {
  const depth = channels * kernelHeight * kernelWidth;
  for (let place = 0; place < Math.ceil(starts.length / PLACES) * PLACES; place++) {
    const start = starts[Math.min(place, starts.length - 1)];
    let to = (place - (place % PLACES)) * depth + (place % PLACES);
    for (let c = 0; c < channels; c++) {
      for (let ky = 0; ky < kernelHeight; ky++) {
        const from = start + c * pageSize + ky * pageWidth;
        for (let kx = 0; kx < kernelWidth; kx++, to += PLACES) panels[to] = page[from + kx];
      }
    }
  }
}

/** Multiplies panels of four channels by panels of three places. */
function multiply(weights, panels, output, biases, outputs, depth, places, first, some, relu) {
  for (let m = 0; m < outputs; m += CHANNELS) {
    for (let n = 0; n < some; n += PLACES) {
      let s00 = 0, s01 = 0, s02 = 0;
      let s10 = 0, s11 = 0, s12 = 0;
      let s20 = 0, s21 = 0, s22 = 0;
      let s30 = 0, s31 = 0, s32 = 0;
      const end = (m + CHANNELS) * depth;
      for (let p = m * depth, q = n * depth; p < end; p += CHANNELS, q += PLACES) {
        const x0 = panels[q], x1 = panels[q + 1], x2 = panels[q + 2];
        const w0 = weights[p];
        s00 += w0 * x0; s01 += w0 * x1; s02 += w0 * x2;
        const w1 = weights[p + 1];
        s10 += w1 * x0; s11 += w1 * x1; s12 += w1 * x2;
        const w2 = weights[p + 2];
        s20 += w2 * x0; s21 += w2 * x1; s22 += w2 * x2;
        const w3 = weights[p + 3];
        s30 += w3 * x0; s31 += w3 * x1; s32 += w3 * x2;
      }
      const wide = Math.min(PLACES, some - n);
      const at = m * places + first + n;
      store(output, at, wide, s00, s01, s02, biases[m], relu);
      if (m + 1 < outputs) store(output, at + places, wide, s10, s11, s12, biases[m + 1], relu);
      if (m + 2 < outputs) store(output, at + 2 * places, wide, s20, s21, s22, biases[m + 2], relu);
      if (m + 3 < outputs) store(output, at + 3 * places, wide, s30, s31, s32, biases[m + 3], relu);
    }
  }
}

function store(output, at, wide, a, b, c, bias, relu) {
  output[at] = finished(a + bias, relu);
  if (wide > 1) output[at + 1] = finished(b + bias, relu);
  if (wide > 2) output[at + 2] = finished(c + bias, relu);
}

function finished(value, relu) {
  return relu && value < 0 ? 0 : value;
}
