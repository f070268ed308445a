// ONNX operators that move or combine numbers: (attributes, tensors) → tensor.
// A tensor is {dims, data: Float32Array}.

const size = (dims) => dims.reduce((product, side) => product * side, 1);

/** The stride along each axis. */
const stepsOf = (dims) => dims.map((_, side) => size(dims.slice(side + 1)));

/** A tensor of these dims, gathered from `data` with strides `steps`, from `start` on. */
function gathered(data, dims, steps, start = 0) {
  const result = new Float32Array(size(dims));
  const place = dims.map(() => 0);
  let from = start;
  for (let at = 0; at < result.length; at++) {
    result[at] = data[from];
    for (let side = dims.length - 1; side >= 0; side--) {
      from += steps[side];
      if (++place[side] < dims[side]) break;
      from -= dims[side] * steps[side];
      place[side] = 0;
    }
  }
  return { dims, data: result };
}

export function transposed({ perm }, { dims, data }) {
  const steps = stepsOf(dims);
  return gathered(data, perm.map((side) => dims[side]), perm.map((side) => steps[side]));
}

/** Combines two tensors elementwise, broadcast as in NumPy. */
export function combined(a, b, combine) {
  const rank = Math.max(a.dims.length, b.dims.length);
  const filled = [a, b].map(({ dims }) => [...Array(rank - dims.length).fill(1), ...dims]);
  const dims = filled[0].map((side, at) => (side === 1 ? filled[1][at] : side));
  if (filled.some((one) => one.some((side, at) => side !== 1 && side !== dims[at]))) {
    throw new Error(`combining ${a.dims.join("×")} with ${b.dims.join("×")} is not supported`);
  }
  const [one, other] = [a, b].map((tensor, at) => stretched(tensor, filled[at], dims));
  return { dims, data: one.map((value, at) => combine(value, other[at])) };
}

function stretched({ data }, dims, wanted) {
  if (dims.every((side, at) => side === wanted[at])) return data;
  return gathered(data, wanted, stepsOf(dims).map((step, side) => (dims[side] === 1 ? 0 : step))).data;
}

export function sliced(_, { dims, data }, starts, ends, axes, leaps) {
  const [to, steps] = [[...dims], stepsOf(dims)];
  let start = 0;
  Array.from(starts.data).forEach((first, index) => {
    const side = (axes?.data[index] ?? index + dims.length) % dims.length;
    if ((leaps?.data[index] ?? 1) !== 1) throw new Error("a slice with steps is not supported");
    const within = (place) => Math.min(Math.max(place < 0 ? place + dims[side] : place, 0), dims[side]);
    start += within(first) * steps[side];
    to[side] = within(ends.data[index]) - within(first);
  });
  return gathered(data, to, steps, start);
}

export function padded({ mode = "constant" }, { dims, data }, pads, value) {
  if (mode !== "constant") throw new Error(`padding by ${mode} is not supported`);
  const before = Array.from(pads.data.subarray(0, dims.length));
  const to = dims.map((side, at) => before[at] + side + pads.data[dims.length + at]);
  const result = new Float32Array(size(to)).fill(value?.data[0] ?? 0);
  const [steps, from] = [stepsOf(to), stepsOf(dims)];
  data.forEach((one, at) => {
    result[from.reduce((sum, step, side) => sum + ((Math.floor(at / step) % dims[side]) + before[side]) * steps[side], 0)] = one;
  });
  return { dims: to, data: result };
}

export function joined({ axis }, ...tensors) {
  const { dims } = tensors[0];
  const side = axis < 0 ? axis + dims.length : axis;
  const to = dims.map((length, at) => (at === side ? tensors.reduce((sum, one) => sum + one.dims[side], 0) : length));
  const result = new Float32Array(size(to));
  const rows = size(dims.slice(0, side));
  let start = 0;
  for (const one of tensors) {
    const length = one.data.length / rows;
    for (let row = 0; row < rows; row++) {
      result.set(one.data.subarray(row * length, (row + 1) * length), (row * result.length) / rows + start);
    }
    start += length;
  }
  return { dims: to, data: result };
}

/** Repeats every number. */
export function repeated({ mode }, { dims, data }, _, scales) {
  const times = Array.from(scales.data);
  const isWhole = times.every((by) => Number.isInteger(by));
  if (mode !== "nearest" || !isWhole) throw new Error("resizing between pixels is not supported");
  const steps = stepsOf(dims).flatMap((step) => [step, 0]);
  const { data: result } = gathered(data, dims.flatMap((side, at) => [side, times[at]]), steps);
  return { dims: dims.map((side, at) => side * times[at]), data: result };
}
