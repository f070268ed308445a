// Elementwise ONNX operators: attributes → the function from number to number.

const bend = (alpha) => (x) => (x > 0 ? x : alpha * Math.expm1(x));

export const ACTIVATIONS = {
  Abs: () => Math.abs,
  Cos: () => Math.cos,
  Elu: ({ alpha = 1 }) => bend(alpha),
  Erf: () => erf,
  Exp: () => Math.exp,
  HardSigmoid: ({ alpha = 0.2, beta = 0.5 }) => (x) => Math.min(Math.max(alpha * x + beta, 0), 1),
  LeakyRelu: ({ alpha = 0.01 }) => (x) => (x > 0 ? x : alpha * x),
  Log: () => Math.log,
  Neg: () => (x) => -x,
  Relu: () => (x) => (x < 0 ? 0 : x),
  Selu: ({ alpha = 1.6732632, gamma = 1.050701 }) => (x) => gamma * bend(alpha)(x),
  Sigmoid: () => (x) => 1 / (1 + Math.exp(-x)),
  Sin: () => Math.sin,
  Softplus: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  Softsign: () => (x) => x / (1 + Math.abs(x)),
  Sqrt: () => Math.sqrt,
  Tanh: () => Math.tanh,
};

/** The error function to seven places: Abramowitz and Stegun's formula 7.1.26. */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const row = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const value = 1 - row.reduce((sum, factor) => sum * t + factor, 0) * t * Math.exp(-x * x);
  return x < 0 ? -value : value;
}
