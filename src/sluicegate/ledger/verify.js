// SPDX-License-Identifier: Apache-2.0
// The verifier of receipts for a browser or Node: the steps of verify.py beside it, and the same verdict on
// every file. One file, no dependency, no network. It is a plain script without import or export, so that it
// is read alike as <script src="verify.js"> in a page opened from a disk (where browsers refuse modules) and as
// `import "./verify.js"`. It leaves one name behind, globalThis.SluicegateVerifier = {verify, NotVerified, parts}.
// Sources: see verify.py; Ed25519 and SHA-256 are the platform's (Web Cryptography API).
"use strict";
{
  const HEADER = "Sluicegate receipt v1", FINAL_HEADER = "Sluicegate final receipt v1";
  const HEAD = [
    "Booking: TCN {tcn}, case {case}", "Agency: CRI {cri}, ORI {ori}", "Received: {received}",
    "Program: {program}, root {root}", "Wording: {wording_id}, SHA-256 {wording_digest}",
    "Asked for: {asked_for}. In force: {mode}, rule {rule_id}. Legal basis: {legal_basis}.",
  ];
  const ABSENT = "none on record", GATES = ["G1", "G2", "G3", "G4"];
  const MAX_NOTE_BYTES = 16384, MAX_POLICY_BYTES = 65536, MAX_SIGNATURES = 64, MAX_DEPTH = 32;
  const ED25519 = 1, COSIGNATURE = 4;
  const BASE85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
  const MEANING = {
    "G1 open": "the prints WERE cleared to go to the partner.",
    "G1 closed": "the prints were NOT cleared to go to the partner.",
    "G2 open": "an answer of the partner was cleared to come back to the agency.",
    "G2 closed": "no answer of the partner was cleared to come back to the agency.",
    "G3 open": "later look-ups by the partner were allowed to find this booking.",
    "G3 closed": "later look-ups by the partner were NOT allowed to find this booking.",
    "G4 open": "the partner was allowed to keep prints that matched nobody.",
    "G4 closed": "the partner was NOT allowed to keep prints that matched nobody.",
  };
  // [^\n] and not a dot, which in this language stops at other characters too; the spaces are Python's.
  const N = "0|[1-9][0-9]{0,17}", L = "[^\\n]+", S = "\\s\\x1c-\\x1f\\x85", NAME = `[^${S}+]{1,200}`;
  const GATE_LINES = GATES.map((g) => `${g} (?<${g}>open|closed): (?<words${g}>${L})\\n`).join("");
  const KEY = new RegExp(`^(${NAME})\\+([0-9a-f]{8})\\+([^${S}]{44})$`, "u");
  const SIGNATURE = new RegExp(`^\u2014 (${NAME}) ([^${S}]+)$`, "u");
  const CHECKPOINT = new RegExp(`^(${L})\\n(${N})\\n(${L})\\n(?:${L}\\n)*$`, "u");
  const AT_ONCE = new RegExp(
    `^(?<head>${HEADER}\\n(?:${L}\\n){6})${GATE_LINES}\\nLedger entry (?<index>${N}), salt (?<salt>${L})\\n` +
    `(?<entry>${L})\\n\\nc2sp\\.org/tlog-proof@v1\\nindex \\k<index>\\n(?<path>(?:${L}\\n){0,63})\\n` +
    "(?<note>(?:[^\\n]*\\n)+)$", "u");
  const FINAL = new RegExp(
    `^(?<head>${FINAL_HEADER}\\n(?:${L}\\n){6})${GATE_LINES}\\nLedger entry (?<index>${N}) of (?<size>${N}) in ` +
    `(?<log>[^${S},]+), made (?<at>[^${S},]+), salt (?<salt>[^${S}]{44})\\n(?<rest>${L})\\n` +
    `(?<path>(?:[^${S}]{40,80}\\n){0,32})\\nStatement (?<number>${N}), made (?<stated>[^${S},]+)\\n` +
    `(?<above>(?:[^${S}]{40,80}\\n){0,32})\\n(?<note>(?:[^\\n]*\\n)+)$`, "u");

  class NotVerified extends Error {
    constructor(step, message) { super(`${step}: ${message}`); this.step = step; }
  }
  const refuse = (step, message) => { throw new NotVerified(step, message); };

  // bytes and text
  const utf8 = (text) => new TextEncoder().encode(text);
  const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
  const same = (a, b) => hex(a) === hex(b);
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
  function unbase64(text, size, step) {
    let raw;
    try { raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)); } catch { raw = new Uint8Array(); }
    if (raw.length !== size || base64(raw) !== text) {
      refuse(step, `a base64 value is not the one spelling of ${size} bytes`);
    }
    return raw;
  }
  function decoded(data, step) {
    if (typeof data === "string") {
      if (/\p{Cs}/u.test(data)) refuse(step, "it is not UTF-8 text");
      return data;
    }
    try { return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data); } catch {
      return refuse(step, "it is not UTF-8 text");
    }
  }
  function unpack(text) {  // RFC 1924: five characters to four bytes, 40 to a hash, two hashes to a line
    const digits = text.replaceAll("\n", "");
    const lines = digits.match(/.{1,80}/gs) ?? [], bytes = [];
    for (let at = 0; at < digits.length; at += 5) {
      const value = [...digits.slice(at, at + 5)].reduce((sum, c) => sum * 85 + BASE85.indexOf(c), 0);
      const known = [...digits.slice(at, at + 5)].every((c) => BASE85.includes(c));
      if (!known || value > 0xffffffff) refuse("layout", "a hash of a proof is damaged");
      bytes.push(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
    }
    if (digits.length % 40 || lines.map((line) => `${line}\n`).join("") !== text) {
      refuse("layout", "a hash of a proof is damaged");
    }
    return Array.from({ length: bytes.length / 32 }, (_, n) => Uint8Array.from(bytes.slice(32 * n, 32 * n + 32)));
  }

  // RFC 8785, as verify.py has it: whole numbers, keys in the order of their code points
  const byCodePoint = (a, b) => {
    const [x, y] = [[...a], [...b]], at = x.findIndex((c, n) => c !== y[n]);
    return at < 0 ? x.length - y.length : at >= y.length ? 1 : x[at].codePointAt() - y[at].codePointAt();
  };
  function spell(value, depth = 0) {
    if (depth > MAX_DEPTH) throw new RangeError("nested too deep");
    if (Array.isArray(value)) return `[${value.map((one) => spell(one, depth + 1)).join(",")}]`;
    if (value !== null && typeof value === "object") {
      const keys = Object.keys(value).sort(byCodePoint);
      return `{${keys.map((key) => `${spell(key)}:${spell(value[key], depth + 1)}`).join(",")}}`;
    }
    if (typeof value === "number" && !Number.isSafeInteger(value)) throw new RangeError("not a whole number");
    if (typeof value === "string" && /\p{Cs}/u.test(value)) throw new RangeError("not Unicode");
    return JSON.stringify(value);
  }
  function readJson(text) {
    try {
      const value = JSON.parse(text);
      if (spell(value) === text) return value;
    } catch { /* told below */ }
    return refuse("entry", "it is not canonical JSON");
  }
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const own = (value, key) => (Object.hasOwn(value, key) ? value[key] : undefined);

  // Merkle tree of RFC 9162 section 2.1
  const leafHash = (data) => sha256([0], data);
  const nodeHash = (left, right) => sha256([1], left, right);
  async function climb(leaf, index, size, path) {
    let [fn, sn, computed] = [BigInt(index), BigInt(size) - 1n, leaf];
    if (fn > sn) refuse("inclusion", "the entry's number is not below the size of the tree");
    for (const sibling of path) {
      if (sn === 0n) refuse("inclusion", "the proof is too long");
      if (fn & 1n || fn === sn) {
        computed = await nodeHash(sibling, computed);
        while (!(fn & 1n) && fn) [fn, sn] = [fn >> 1n, sn >> 1n];
      } else computed = await nodeHash(computed, sibling);
      [fn, sn] = [fn >> 1n, sn >> 1n];
    }
    if (sn !== 0n) refuse("inclusion", "the proof is too short");
    return computed;
  }
  async function checkInclusion(leaf, index, size, path, root) {
    if (!same(await climb(leaf, index, size, path), root)) {
      refuse("inclusion", "salt, entry and proof do not lead to the root of the checkpoint");
    }
  }

  // keys, notes, checkpoints, policies (C2SP)
  const keyId = async (name, raw, kind) => (await sha256(utf8(`${name}\n`), [kind], raw)).slice(0, 4);
  async function readKey(text, kind = ED25519) {
    const found = KEY.exec(text.replace(/\n$/, ""));
    if (!found || /[\p{C}\p{Z}]/u.test(found[1])) refuse("key", "a verifier key is written name+id+key");
    const raw = unbase64(found[3], 33, "key"), id = await keyId(found[1], raw.slice(1), kind);
    if (raw[0] !== kind || hex(id) !== found[2]) {
      refuse("key", "the key is not an Ed25519 key of its purpose, or its id is not its own");
    }
    return { name: found[1], id, raw: raw.slice(1), kind };
  }
  async function keyOf(key, origin) {
    if (origin !== key.name && !origin.startsWith(`${key.name}/`)) {
      refuse("checkpoint", "it is of a log that is not of the given key");
    }
    return { ...key, name: origin, id: await keyId(origin, key.raw, key.kind) };
  }
  function splitNote(data, step) {
    const note = decoded(data, step), size = typeof data === "string" ? utf8(data).length : data.length;
    if (size > MAX_NOTE_BYTES || /[\x00-\x09\x0b-\x1f]/.test(note)) {
      refuse(step, `it is longer than ${MAX_NOTE_BYTES} bytes, or holds a control character`);
    }
    const gap = note.lastIndexOf("\n\n"), lines = note.slice(gap + 2).split("\n");
    if (gap < 0 || lines.pop() !== "" || !lines.length || lines.length > MAX_SIGNATURES) {
      refuse(step, "it is not a signed note");
    }
    const found = lines.map((line) => SIGNATURE.exec(line));
    if (found.includes(null)) refuse(step, "a signature line is damaged");
    return { text: note.slice(0, gap + 1), signatures: found.map(([, name, encoded]) => [name, encoded]) };
  }
  async function holds(key, signature, message) {
    let made;
    try { made = await crypto.subtle.importKey("raw", key.raw, "Ed25519", false, ["verify"]); } catch (error) {
      if (error.name === "NotSupportedError") throw error;  // an old browser proves nothing about the receipt
      return false;
    }
    return crypto.subtle.verify("Ed25519", made, signature, message);
  }
  function by(key, signatures, size, step) {
    const length = 4 * Math.ceil((4 + size) / 3);
    const named = signatures.filter(([name, text]) => name === key.name && [...text].length === length);
    const raw = named.map(([, text]) => unbase64(text, 4 + size, step));
    return raw.filter((one) => same(one.slice(0, 4), key.id)).map((one) => one.slice(4));
  }
  async function openNote(data, key, step) {
    const { text, signatures } = splitNote(data, step), found = by(key, signatures, 64, step);
    for (const signature of found) {
      if (!await holds(key, signature, utf8(text))) {
        refuse(step, "the signature does not hold: text or signature was changed");
      }
    }
    if (!found.length) refuse(step, "it is not signed by the given key");
    return text;
  }
  function readCheckpoint(text) {
    const found = CHECKPOINT.exec(text);
    if (!found) refuse("checkpoint", "it does not have its three lines: name, size, root");
    return { origin: found[1], size: found[2], root: unbase64(found[3], 32, "checkpoint") };
  }
  async function openCheckpoint(data, key) {
    const checkpoint = readCheckpoint(await openNote(data, key, "checkpoint"));
    if (checkpoint.origin !== key.name) refuse("checkpoint", "its origin is not the name of the key");
    return checkpoint;
  }
  function readGroup(parts, known, used) {
    const members = parts.slice(3);
    if (!members.length || new Set(members).size !== members.length ||
        !members.every((one) => known.has(one) && !used.has(one))) {
      refuse("policy", "a group takes names defined above it, each once in the whole policy");
    }
    members.forEach((one) => used.add(one));
    const word = { any: "1", all: `${members.length}` }[parts[2]] ?? parts[2];
    if (!/^[1-9][0-9]{0,3}$/.test(word) || +word > members.length) {
      refuse("policy", "a group takes from one to all of its members");
    }
    return [+word, members];
  }
  async function readPolicy(data) {
    const text = decoded(data, "policy"), size = typeof data === "string" ? utf8(data).length : data.length;
    if (size > MAX_POLICY_BYTES || /[\x00-\x08\x0b-\x1f\x7f]/.test(text)) {
      refuse("policy", `it is longer than ${MAX_POLICY_BYTES} bytes, or holds a control character`);
    }
    const logs = [], witnesses = new Map(), groups = new Map(), quorums = [], used = new Set();
    for (const line of text.split("\n")) {
      const parts = line.split(/[ \t]+/).filter((part) => part), [first, name, key] = parts;
      const known = new Set([...witnesses.keys(), ...groups.keys()]), fresh = !known.has(name) && name !== "none";
      if (!parts.length || first.startsWith("#")) continue;
      if (first === "log" && [2, 3].includes(parts.length)) logs.push(await readKey(name));
      else if (first === "witness" && [3, 4].includes(parts.length) && fresh) {
        witnesses.set(name, await readKey(key, COSIGNATURE));
      } else if (first === "group" && parts.length > 2 && fresh) groups.set(name, readGroup(parts, known, used));
      else if (first === "quorum" && parts.length === 2 && (known.has(name) || name === "none")) quorums.push(name);
      else refuse("policy", "a line is none of log, witness, group, quorum, or names wrongly");
    }
    const twice = [logs, [...witnesses.values()]].some((keys) =>
      new Set(keys.map((one) => hex(one.raw))).size !== keys.length);
    if (quorums.length !== 1 || twice) refuse("policy", "it has one quorum line, and no key twice");
    return { logs, witnesses, groups, quorum: quorums[0] };
  }
  function met(policy, signed, name = policy.quorum) {
    if (!policy.groups.has(name)) return name === "none" || signed.has(name);
    const [needed, members] = policy.groups.get(name);
    return members.filter((one) => met(policy, signed, one)).length >= needed;
  }
  async function checkCosignatures(data, policy) {
    const { text, signatures } = splitNote(data, "witnesses"), { origin } = readCheckpoint(text), times = new Map();
    if (policy.logs.length) {
      const key = policy.logs.find((one) => one.name === origin && by(one, signatures, 64, "checkpoint").length);
      if (!key) refuse("checkpoint", "it is not signed by a log of the policy");
      await openNote(data, key, "checkpoint");
    }
    for (const [name, key] of policy.witnesses) {
      for (const raw of by(key, signatures, 72, "witnesses")) {
        const time = BigInt(`0x${hex(raw.slice(0, 8))}`);
        const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
        if (time >= 2n ** 63n || !await holds(key, raw.slice(8), message)) {
          refuse("witnesses", "a cosignature does not hold: checkpoint or cosignature was changed");
        }
        if (time > (times.get(name) ?? -1n)) times.set(name, time);
      }
    }
    if (!met(policy, times)) {
      const told = `${times.size} of the policy's ${policy.witnesses.size} witnesses cosigned the checkpoint`;
      refuse("witnesses", `${told}; that is not the quorum`);
    }
    return times;
  }

  // receipts
  const escaped = (c) => `\\u${c.codePointAt().toString(16).padStart(4, "0")}`;
  const safe = (c) => (/[\p{C}\p{Z}]/u.test(c) && c !== " " ? escaped(c) : c);
  const said = (value) => (typeof value === "string" ? value : spell(value));
  const shown = (value) => (value === undefined || value === null || value === "" ? ABSENT :
    [...said(value)].map(safe).join(""));
  const plain = (text) => [...text].map((c) => (c <= "~" ? c : escaped(c))).join("");
  function alike(told, written) {  // a character newer than the writer's Unicode tables is told escaped
    if (told === written) return true;
    return !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Z}]/u.test(told.replaceAll(" ", "")) && plain(told) === plain(written);
  }
  function readEntry(text) {
    const entry = readJson(text), types = { at: "string", body: "object", kind: "string", seq: "number" };
    if (!isObject(entry) || Object.keys(entry).join() !== Object.keys(types).join() || !isObject(entry.body) ||
        Object.entries(types).some(([name, type]) => typeof entry[name] !== type)) {
      refuse("entry", "it does not have its four parts: at, body, kind, seq");
    }
    return entry;
  }
  function readReceipt(text) {
    const final = text.startsWith(`${FINAL_HEADER}\n`), found = (final ? FINAL : AT_ONCE).exec(text)?.groups;
    if (!found) refuse("layout", `it is not laid out as a ${final ? FINAL_HEADER : HEADER}`);
    const head = found.head.slice(0, -1).split("\n");
    const entryJson = final ? spell(wholeEntry(head, found)) : found.entry;
    const stated = final && { log: found.log, size: found.size, at: found.stated, number: found.number };
    const salt = unbase64(found.salt, 32, "layout"), entry = readEntry(entryJson);
    const path = final ? unpack(found.path) :
      found.path.split("\n").filter((line) => line).map((line) => unbase64(line, 32, "layout"));
    if (stated) stated.path = unpack(found.above);
    return { head, found, salt, entryJson, entry, index: found.index, path, note: found.note, stated };
  }
  function toldIn(head) {
    const told = {};
    HEAD.forEach((form, at) => {
      const [start, ...rest] = form.split(/\{(\w+)\}/), line = head[at + 1];
      if (!line.startsWith(start)) refuse("layout", `it is not laid out as a ${FINAL_HEADER}`);
      let left = line.slice(start.length);
      for (let n = 0; n < rest.length; n += 2) {
        const end = rest[n + 1] && left.includes(rest[n + 1]) ? left.indexOf(rest[n + 1]) : left.length;
        const value = left.slice(0, end);
        left = rest[n + 1] ? left.slice(end + rest[n + 1].length) : "";
        told[rest[n]] = value === ABSENT ? null : value;
      }
    });
    return told;
  }
  function wholeEntry(head, found) {
    const more = readJson(found.rest), body = toldIn(head), decision = {};
    if (!isObject(more) || Object.entries(more).some(([name, value]) => own(body, name) === value)) {
      refuse("entry", "what the lines do not tell is not an object, or tells it again");
    }
    for (const gate of GATES) decision[gate] = { outcome: found[gate] };
    const other = own(more, "decision");
    if (other !== undefined && (!isObject(other) || !Object.keys(other).length)) {
      refuse("entry", "it does not decide the four gates");
    }
    for (const [gate, one] of Object.entries(other ?? {})) {
      if (!GATES.includes(gate) || !isObject(one) || !Object.keys(one).length || Object.hasOwn(one, "outcome")) {
        refuse("entry", "it does not decide the four gates");
      }
      decision[gate] = Object.fromEntries([["outcome", found[gate]], ...Object.entries(one)]);
    }
    const merged = Object.fromEntries([...Object.entries(body), ...Object.entries(more), ["decision", decision]]);
    if (!Number.isSafeInteger(Number(found.index))) refuse("entry", "it is not canonical JSON");
    return { at: found.at, body: merged, kind: "decided", seq: Number(found.index) };
  }
  function decisionsOf(entry) {
    const found = entry.kind === "decided" ? own(entry.body, "decision") : undefined;
    if (!isObject(found) || Object.keys(found).sort().join() !== GATES.join()) {
      refuse("entry", "it does not decide the four gates");
    }
    if (!GATES.every((gate) => isObject(found[gate]) && ["open", "closed"].includes(own(found[gate], "outcome")))) {
      refuse("entry", "the decision of a gate is neither open nor closed");
    }
    return found;
  }
  function headLines(entry, header) {
    return [header, ...HEAD.map((form) => form.replace(/\{(\w+)\}/g, (_, name) => {
      const text = shown(own(entry.body, name)), digest = ["root", "wording_digest"].includes(name);
      const brief = header === HEADER && digest && [...text].length === 64;
      return brief ? `${[...text].slice(0, 16).join("")}...` : text;
    }))];
  }
  async function atOnce(data, key, policy) {
    if (policy || !key) {
      refuse("witnesses", "this receipt was made at once, before any witness saw it; verify it with the key and " +
        "without a policy, or ask for the final one");
    }
    const { signatures } = splitNote(data, "receipt signature");
    const name = signatures.map(([one]) => one).find((one) => one.startsWith(`${key.name}/`));
    const signer = name === undefined ? key : await keyOf(key, name);
    const receipt = readReceipt(await openNote(data, signer, "receipt signature"));
    const { size, root } = await openCheckpoint(receipt.note, signer);
    const leaf = await leafHash(await sha256(receipt.salt, utf8(receipt.entryJson)));
    await checkInclusion(leaf, receipt.index, size, receipt.path, root);
    return receipt;
  }
  async function final(data, key, policy) {
    splitNote(data, "layout");
    const receipt = readReceipt(decoded(data, "layout")), { stated, note } = receipt;
    const master = readCheckpoint(splitNote(note, "checkpoint").text);
    const signer = key && await keyOf(key, master.origin), only = policy?.logs.length === 1 && policy.logs[0];
    const asked = only && signer && only.name === signer.name && same(only.raw, signer.raw);
    if (key && !asked) await openCheckpoint(note, signer);
    else if (!key && !policy?.logs.length) {
      refuse("checkpoint", "neither a key nor a policy names the log that must have signed it");
    }
    receipt.cosigned = policy ? await checkCosignatures(note, policy) : new Map();
    const bureau = master.origin.slice(0, Math.max(master.origin.lastIndexOf("/"), 0));
    if (master.origin.slice(master.origin.lastIndexOf("/") + 1) !== "master" ||
        !stated.log.startsWith(`${bureau}/`) || stated.log === master.origin) {
      refuse("statement", "it is not one of a master log about another log of the same bureau");
    }
    const leaf = await leafHash(await sha256(receipt.salt, utf8(receipt.entryJson)));
    const root = base64(await climb(leaf, receipt.index, stated.size, receipt.path));
    const parts = { at: stated.at, kind: "checkpoint", log: stated.log, root };
    const statement = `${spell(parts).slice(0, -1)},"size":${stated.size},"v":1}`;
    await checkInclusion(await leafHash(utf8(statement)), stated.number, master.size, stated.path, master.root);
    return receipt;
  }
  async function verifyReceipt(data, key, policy) {
    const start = utf8(`${FINAL_HEADER}\n`), bytes = typeof data === "string" ? utf8(data) : data;
    const receipt = await (same(bytes.slice(0, start.length), start) ? final : atOnce)(data, key, policy);
    const decisions = decisionsOf(receipt.entry), lines = headLines(receipt.entry, receipt.head[0]);
    if (`${receipt.entry.seq}` !== receipt.index) {
      refuse("entry", "it bears another number than its place in the ledger");
    }
    if (!receipt.head.every((line, at) => alike(line, lines[at]))) {
      refuse("words", "the text does not say what the entry says");
    }
    for (const gate of GATES) {
      const outcome = receipt.found[gate];
      if (outcome !== decisions[gate].outcome) {
        refuse("gates", `the text says that ${gate} is ${outcome}, the entry does not`);
      }
      if (receipt.stated && receipt.found[`words${gate}`] !== MEANING[`${gate} ${outcome}`]) {
        refuse("gates", `the sentence of ${gate} is not the one of a final receipt`);
      }
    }
    return receipt;
  }

  // words
  const moment = (seconds) => (seconds > 253402300799n ? `${seconds} seconds after 1970` :
    `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`);
  function formOf(receipt) {
    if (!receipt.stated) {
      return ["This is a receipt AT ONCE. It proves that the ledger promised this entry, under its signature.",
        "It does not prove that everybody is shown the same ledger: no witness had seen it yet. " +
        "The final receipt of the same booking does."];
    }
    if (!receipt.cosigned.size) {
      return ["This is a FINAL receipt, but NO WITNESS WAS ASKED: no policy was given, or it needs none. " +
        "So far it proves what the ledger's own signature proves, and no more."];
    }
    const names = [...receipt.cosigned.keys()].sort(byCodePoint);
    const who = names.map((name) => `${shown(name)} at ${moment(receipt.cosigned.get(name))}`).join(", ");
    return ["This is a FINAL receipt. It proves that this entry is in the one ledger that the witnesses saw.",
      `Cosigned by ${names.length} of the policy's witnesses: ${who}.`];
  }
  function report(receipt, key) {
    const told = receipt.stated || readCheckpoint(splitNote(receipt.note, "checkpoint").text);
    const lines = [`VERIFIED: entry ${receipt.index} in the ledger ${told.log ?? told.origin} of ${told.size} ` +
      `entries, made ${shown(receipt.entry.at)}.`];
    if (key) lines.push(`By the key ${key.name}.`);
    lines.push(...formOf(receipt), ...receipt.head.slice(1).map(shown));
    for (const gate of GATES) {
      lines.push(`${gate} ${receipt.found[gate]}: ${MEANING[`${gate} ${receipt.found[gate]}`]}`);
      if (!receipt.stated) lines.push(`   In their words: ${shown(receipt.found[`words${gate}`])}`);
    }
    return [...lines, "This shows what was decided and entered, not what may have left by another way."];
  }

  // {receipt, key, policy}: text or bytes, key and policy may be absent. Resolves to the lines of the report,
  // each gate's outcome and sentence, its facts, and the form; rejects with NotVerified, whose `step` names the
  // check that failed.
  async function verify({ receipt, key, policy }) {
    const read = key === undefined ? undefined : await readKey(decoded(key, "key"));
    const held = await verifyReceipt(receipt, read, policy === undefined ? undefined : await readPolicy(policy));
    const gates = Object.fromEntries(GATES.map((gate) => [gate, held.found[gate]]));
    const told = Object.fromEntries(GATES.map((gate) => [gate, shown(held.found[`words${gate}`])]));
    const lines = report(held, read), facts = [lines[0], ...held.head.slice(1).map(shown)];
    return { lines, facts, gates, told, final: !!held.stated, cosigned: held.cosigned?.size ?? 0 };
  }
  // For recount.js beside it: the steps that it shares, each refusing with NotVerified as above.
  const parts = Object.freeze({
    checkCosignatures, isObject, keyOf, leafHash, nodeHash, openCheckpoint, own, readCheckpoint, readKey,
    readPolicy, refuse, same, sha256, splitNote, base64, hex, utf8, moment,
  });
  globalThis.SluicegateVerifier = Object.freeze({ verify, NotVerified, parts });
}
