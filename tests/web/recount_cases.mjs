// SPDX-License-Identifier: Apache-2.0
// Counts again under Node: node recount_cases.mjs VERIFY_JS RECOUNT_JS < cases.json > verdicts.json
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

for (const script of process.argv.slice(2)) await import(pathToFileURL(script));
const verdicts = [];
for (const { root, ...task } of JSON.parse(readFileSync(0, "utf8"))) {
  const told = [], place = (name) => `${root}/${name}`;
  const get = async (name) => (existsSync(place(name)) ? new Uint8Array(readFileSync(place(name))) : null);
  try {
    const counted = await SluicegateRecount.recount({ ...task, policy: task.policy ?? undefined, get }, (step) => told.push(step));
    verdicts.push({ counted, told });
  } catch (error) {
    if (!(error instanceof SluicegateVerifier.NotVerified)) throw error;
    verdicts.push({ refused: error.step, message: error.message, told });
  }
}
process.stdout.write(JSON.stringify(verdicts));
