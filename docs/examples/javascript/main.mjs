// answers each scenario, one a line, with its decision, one a line, at once and in order.

import { readJson, writeJson } from "./json.mjs";

const { argv, stdin, stdout } = process;
const option = argv.indexOf("--engine");
const { decide } = await import(option < 0 ? "./engine.mjs" : argv[option + 1]);

function answer(line) {
  try {
    return decide(readJson(line));
  } catch (error) {
    return { error: { path: "", message: error.message } };
  }
}

// whoever stops reading ends us quietly
stdout.on("error", () => process.exit(0));

// not node's readline: it also splits at U+2028, which may stand inside a name
stdin.setEncoding("utf8");
let rest = "";
for await (const chunk of stdin) {
  rest += chunk;
  if (!chunk.includes("\n")) continue;
  const lines = rest.split("\n");
  rest = lines.pop();
  for (const line of lines) stdout.write(writeJson(answer(line)) + "\n");
}
if (rest !== "") stdout.write(writeJson(answer(rest)) + "\n");
