// What somebody writes who has types made of the server's description: tsc refuses it where they do not fit.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type OtherDigit = components["schemas"]["OtherDigit"];

declare const process: { argv: string[] };
const [address, picture] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: address });

const { data, error } = await client.POST("/v1/read", {
  params: { query: { expect: "digit", max_error: 0.01 } },
  body: { image: picture },
  headers: { "Content-Type": "application/json" },
});
if (error !== undefined) throw new Error(`${error.code}: ${error.detail}`);
if (typeof data === "string") throw new Error("lines of JSON, which nobody asked for");
const [reading] = data.readings;
const [number] = reading.numbers;
const others: OtherDigit[] = number.digits[0].alternatives;
const text: string = number.text;
const confidence: number = number.confidence;
const reason: string | null = reading.reason;

const digits = await client.POST("/v1/digits", { body: { images: [Array(784).fill(0)] } });
if (digits.error !== undefined) throw new Error(digits.error.detail);
const sure: boolean = digits.data.sure[0];

console.log(JSON.stringify({ text, confidence, sure: reading.sure, reason, others: others.map((one) => one.label), blank: sure }));
