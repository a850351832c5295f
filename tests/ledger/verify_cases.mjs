// SPDX-License-Identifier: Apache-2.0
// Runs cases through verify.js: node verify_cases.mjs VERIFY_JS < cases.json > verdicts.json
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

await import(pathToFileURL(process.argv[2]));
const bytes = (text) => (text === null ? undefined : new Uint8Array(Buffer.from(text, "base64")));
const verdicts = [];
for (const [receipt, key, policy] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const held = await SluicegateVerifier.verify({ receipt: bytes(receipt), key: bytes(key), policy: bytes(policy) });
    verdicts.push(held.lines);
  } catch (error) {
    if (!(error instanceof SluicegateVerifier.NotVerified)) throw error;
    verdicts.push(error.message);
  }
}
process.stdout.write(JSON.stringify(verdicts));
