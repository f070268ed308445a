// Tables → a workbook for spreadsheets: an uncompressed ZIP of five kinds of small XML files.

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const SPACE = "http://schemas.openxmlformats.org";
const MAIN = `${SPACE}/spreadsheetml/2006/main`;
const TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const RELATIONS = `${SPACE}/officeDocument/2006/relationships`;
const LONGEST_NAME = 31; // characters of a sheet's name that every spreadsheet allows
const PLAIN = /^-?(0|[1-9]\d{0,14})(\.\d+)?$/; // what is written as a number: nothing is lost, as it would be of "007"

/** [{name, rows: texts}] → the bytes of a workbook with a sheet each, a Uint8Array. */
export function workbook(tables) {
  const names = namesOf(tables);
  const all = (write) => tables.map((_, at) => write(at + 1)).join("");
  const files = {
    "[Content_Types].xml": `<Types xmlns="${SPACE}/package/2006/content-types"><Default Extension="rels"
      ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml"
      ContentType="${TYPE}.sheet.main+xml"/>${all((n) => `<Override PartName="/xl/worksheets/sheet${n}.xml"
      ContentType="${TYPE}.worksheet+xml"/>`)}</Types>`,
    "_rels/.rels": `<Relationships xmlns="${SPACE}/package/2006/relationships"><Relationship Id="rId1"
      Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>${all((n) =>
      `<sheet name="${escaped(names[n - 1])}" sheetId="${n}" r:id="rId${n}"/>`)}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships xmlns="${SPACE}/package/2006/relationships">${all((n) =>
      `<Relationship Id="rId${n}" Type="${RELATIONS}/worksheet" Target="worksheets/sheet${n}.xml"/>`)}</Relationships>`,
  };
  tables.forEach(({ rows }, at) => { files[`xl/worksheets/sheet${at + 1}.xml`] = sheet(rows); });
  return zip(Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(HEAD + text)]));
}

function sheet(rows) {
  const cell = (text) => {
    if (text === "") return "<c/>";
    return PLAIN.test(text) ? `<c><v>${text}</v></c>` : `<c t="inlineStr"><is><t>${escaped(text)}</t></is></c>`;
  };
  const lines = rows.map((row) => `<row>${row.map(cell).join("")}</row>`).join("");
  return `<worksheet xmlns="${MAIN}"><sheetData>${lines}</sheetData></worksheet>`;
}

/** Names for the sheets: unique, not too long, without characters that are not allowed. */
function namesOf(tables) {
  const taken = new Set();
  return tables.map(({ name }) => {
    const plain = name.replace(/\.[a-z]+$/i, "").replace(/[[\]:*?/\\]/g, "_").replace(/^'+|'+$/g, "") || "numbers";
    for (let count = 1; ; count++) {
      const end = count > 1 ? ` (${count})` : "";
      const found = plain.slice(0, LONGEST_NAME - end.length) + end;
      if (taken.has(found.toLowerCase())) continue;
      taken.add(found.toLowerCase());
      return found;
    }
  });
}

function escaped(text) {
  const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "").replace(/[&<>"]/g, (sign) => signs[sign]);
}

/** Files, [name, bytes] each, as a ZIP that stores them as they are. */
function zip(files) {
  const [parts, directory] = [[], []];
  let offset = 0;
  for (const [name, bytes] of files) {
    const title = new TextEncoder().encode(name);
    // Version 2.0, no flags, stored, the earliest date in ZIP; then checksum, both sizes, length of the name.
    const shared = [20, 2, 0, 2, 0, 2, 0, 2, 0x21, 2, crc32(bytes), 4, bytes.length, 4, bytes.length, 4, title.length, 2, 0, 2];
    parts.push(packed([0x04034b50, 4, ...shared]), title, bytes);
    directory.push(packed([0x02014b50, 4, 20, 2, ...shared, 0, 2, 0, 2, 0, 2, 0, 4, offset, 4]), title);
    offset += 30 + title.length + bytes.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const count = files.length;
  const end = packed([0x06054b50, 4, 0, 2, 0, 2, count, 2, count, 2, length, 4, offset, 4, 0, 2]);
  return joined([...parts, ...directory, end]);
}

/** Numbers in little-endian order, each given with its size in bytes. */
function packed(values) {
  const bytes = [];
  for (let at = 0; at < values.length; at += 2) {
    for (let byte = 0; byte < values[at + 1]; byte++) bytes.push(Math.floor(values[at] / 256 ** byte) % 256);
  }
  return Uint8Array.from(bytes);
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
