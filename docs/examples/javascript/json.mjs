// JSON.parse alone rounds integers above 2**53, moves keys such as "12" and mistreats "__proto__".
// so integers are read as BigInt and objects as Map.

const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

// s marks a string and n a number, so that a number passes JSON.parse as a string
// and no key looks like an index or "__proto__".
const mark = (token) => (token.startsWith('"') ? `"s${token.slice(1)}` : `"n${token}"`);

// BigInt refuses 1.0 and 1e3, which are no integers here
function unmark(_key, value) {
  if (typeof value === "string") return value.startsWith("s") ? value.slice(1) : BigInt(value.slice(1));
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key.slice(1), item]));
}

export const readJson = (text) => JSON.parse(text.replace(STRING_OR_NUMBER, mark), unmark);

// writes what decide returns: plain objects with our own keys
export function writeJson(value) {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(writeJson).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, item]) => `"${key}": ${writeJson(item)}`).join(", ")}}`;
}
