// The output size of a kernel, and the padding before the input, as defined by ONNX.

/** For [height, width] of the input and of the kernel: {output: [height, width], before: [top, left]}. */
export function outputSides(input, kernel, { strides = [1, 1], auto_pad: padding = "NOTSET", pads = [0, 0, 0, 0] }) {
  const output = [];
  const before = [];
  for (const side of [0, 1]) {
    const step = strides[side];
    if (padding === "SAME_UPPER") {
      output[side] = Math.ceil(input[side] / step);
      const missing = Math.max((output[side] - 1) * step + kernel[side] - input[side], 0);
      before[side] = Math.floor(missing / 2);
    } else if (padding === "VALID" || padding === "NOTSET") {
      const around = padding === "VALID" ? [0, 0] : [pads[side], pads[side + 2]];
      before[side] = around[0];
      output[side] = Math.floor((input[side] + around[0] + around[1] - kernel[side]) / step) + 1;
    } else throw new Error(`the padding ${padding} is not supported`);
    if (output[side] < 1) throw new Error(`an input of ${input.join("×")} is smaller than a kernel`);
  }
  return { output, before };
}
