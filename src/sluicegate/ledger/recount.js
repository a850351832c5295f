// SPDX-License-Identifier: Apache-2.0
// Counts a published number again from public files, for a browser or Node; verify.js is loaded before it.
// Like verify.js a plain script without dependency. It reads files only through the `get` that it is given
// and believes no byte of them: tiles (C2SP tlog-tiles) and statements count where they lead to the root of a
// signed checkpoint (RFC 9162 section 2.1), a day's file where its sets have the roots and sizes that were
// stated, an export where its manifest was stated. It leaves globalThis.SluicegateRecount = {recount}.
"use strict";
{
  const V = globalThis.SluicegateVerifier.parts;
  const WIDTH = 256, HEIGHT = 8, WHOLE_BUNDLES = 64, MANIFEST = "manifest.json", DATA = "statistics.json";
  const SETS = ["shared", "withheld", "pending"];
  const { refuse } = V;

  // tiles
  const pathOf = (level, index, width) => {
    let name = `${index % 1000}`.padStart(3, "0");
    for (let rest = Math.floor(index / 1000); rest; rest = Math.floor(rest / 1000)) {
      name = `x${`${rest % 1000}`.padStart(3, "0")}/${name}`;
    }
    return `tile/${level}/${name}${width === WIDTH ? "" : `.p/${width}`}`;
  };
  async function levelsOf(held) {  // the hashes of a tile, and above them those of every whole subtree in it
    const levels = [held];
    for (let n = 0; n < HEIGHT; n += 1) {
      const below = levels[n], above = [];
      for (let at = 0; at + 1 < below.length; at += 2) above.push(await V.nodeHash(below[at], below[at + 1]));
      levels.push(above);
    }
    return levels;
  }
  function unbundle(data, width, path) {
    const entries = [];
    for (let at = 0; at < data.length;) {
      const end = at + 2 + data[at] * 256 + (data[at + 1] ?? 0);
      if (at + 2 > data.length || end > data.length) refuse("statements", `${path}: its last entry is cut off`);
      entries.push(data.slice(at + 2, end));
      at = end;
    }
    if (entries.length < width) refuse("statements", `${path}: it holds ${entries.length} entries, not ${width}`);
    return entries;
  }
  async function tiled(get, { size: told, root }) {
    const size = Number(told), held = new Map();
    if (!Number.isSafeInteger(size)) refuse("checkpoint", "it tells a size that no log has");
    const widthOf = (level, index) => Math.min(WIDTH, Math.floor(size / WIDTH ** level) - index * WIDTH);
    async function bytes(level, index, width) {
      const path = pathOf(level, index, width), data = await get(path);
      if (data) return { path, data };
      const full = width < WIDTH && await get(pathOf(level, index, WIDTH));  // a partial one may be gone by then
      return full ? { path, data: full } : refuse("statements", `${path}: it is missing`);
    }
    async function hashes(level, index, width) {
      const { path, data } = await bytes(level, index, width);
      if (data.length !== width * 32 && data.length !== WIDTH * 32) refuse("statements", `${path}: its size is wrong`);
      return levelsOf(Array.from({ length: width }, (_, n) => data.slice(32 * n, 32 * n + 32)));
    }
    async function edge() {  // the rightmost tiles must give the root; only then are others held against them
      let peaks = [];
      for (let level = 0, count = size; count; level += 1, count = Math.floor(size / WIDTH ** level)) {
        const width = count % WIDTH, index = Math.floor(count / WIDTH), own = [];
        if (!width) continue;
        const levels = await hashes(level, index, width);
        held.set(`${level}/${index}`, levels);
        for (let bit = 0; bit < HEIGHT; bit += 1) if (width >> bit & 1) own.unshift(levels[bit][(width >> bit) - 1]);
        peaks = [...own, ...peaks];
      }
      let top = peaks.pop() ?? await V.sha256([]);
      while (peaks.length) top = await V.nodeHash(peaks.pop(), top);
      if (!V.same(top, root)) refuse("statements", "the hashes do not lead to the root of the signed summary");
    }
    async function tile(level, index) {
      const known = held.get(`${level}/${index}`);
      if (known) return known;
      const above = (await tile(level + 1, Math.floor(index / WIDTH)))[0][index % WIDTH];
      const levels = await hashes(level, index, WIDTH);
      if (!V.same(levels[HEIGHT][0], above)) {
        refuse("statements", `${pathOf(level, index, WIDTH)}: its hashes are not those that the tile above stands for`);
      }
      held.set(`${level}/${index}`, levels);
      return levels;
    }
    async function bundle(index) {
      const width = widthOf(0, index), { path, data } = await bytes("entries", index, width);
      const entries = unbundle(data, width, path).slice(0, width), leaves = (await tile(0, index))[0];
      for (let n = 0; n < width; n += 1) {
        if (!V.same(await V.leafHash(entries[n]), leaves[n])) {
          refuse("statements", `${path}: statement ${index * WIDTH + n} is not the one that the tree holds`);
        }
      }
      return entries;
    }
    await edge();
    return { size, bundle };
  }

  // statements
  const parsed = (data, step, what) => {
    try { return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)); } catch {
      return refuse(step, `${what} is not JSON`);
    }
  };
  async function statementsOf(log, wanted) {
    const every = Math.ceil(log.size / WIDTH), whole = every <= WHOLE_BUNDLES, found = [];
    const indices = whole ? [...Array(every).keys()] :
      [...new Set(wanted.map((number) => Math.floor(number / WIDTH)))].sort((a, b) => a - b);
    for (const index of indices) {
      if (index >= every) refuse("statements", "a statement that this page names is not under the signed summary");
      (await log.bundle(index)).forEach((data, n) => {
        found.push({ number: index * WIDTH + n, told: parsed(data, "statements", "a statement") });
      });
    }
    return { whole, found };
  }
  async function opened({ get, key, policy }) {
    const read = await V.readKey(key), note = await get("checkpoint");
    if (!note) refuse("checkpoint", "the signed summary is missing");
    const { origin } = V.readCheckpoint(V.splitNote(note, "checkpoint").text);
    if (origin !== `${read.name}/master`) refuse("checkpoint", "it is of another log than the master log of the key");
    const checkpoint = await V.openCheckpoint(note, await V.keyOf(read, origin));
    const cosigned = policy ? await V.checkCosignatures(note, await V.readPolicy(policy)) : null;
    const names = V.splitNote(note, "checkpoint").signatures.map(([name]) => name).filter((name) => name !== origin);
    return { checkpoint, cosigned, names: [...new Set(names)] };
  }

  // a jurisdiction's month, from the sets of its days
  async function rootOf(elements) {
    let level = [];
    for (const one of elements) level.push(await V.leafHash(one));
    if (!level.length) return V.sha256([]);
    while (level.length > 1) {
      const above = [];
      for (let at = 0; at + 1 < level.length; at += 2) above.push(await V.nodeHash(level[at], level[at + 1]));
      if (level.length & 1) above.push(level[level.length - 1]);
      level = above;
    }
    return level[0];
  }
  function elementsOf(told, path, name) {
    if (!Array.isArray(told) || !told.every((one) => typeof one === "string" && /^[0-9a-f]{64}$/.test(one))) {
      refuse("files", `${path}: the set ${name} is not a list of digests`);
    }
    if (told.some((one, at) => at && one <= told[at - 1])) {
      refuse("files", `${path}: the set ${name} is not in ascending order, or tells a booking twice`);
    }
    return told.map((text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16)));
  }
  const dayPath = ({ jurisdiction, day, revision }) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(jurisdiction) || !/^\d{4}-\d\d-\d\d$/.test(day)) {
      refuse("statements", "a statement names no jurisdiction or no day");
    }
    return `days/${day}/${jurisdiction}${revision ? `.${revision}` : ""}.json`;
  };
  async function dayOf(get, said) {
    const path = dayPath(said), data = await get(path);
    if (!data) refuse("files", `${path}: it is missing`);
    const told = parsed(data, "files", path);
    for (const name of ["jurisdiction", "day", "begins", "ends", "revision", "previous", "refused"]) {
      if (!V.isObject(told) || told[name] !== said[name]) refuse("files", `${path}: its ${name} is not what was stated`);
    }
    for (const name of SETS) {
      const elements = elementsOf(V.own(told, name), path, name);
      const wanted = V.isObject(said[name]) ? said[name] : {};
      if (elements.length !== wanted.size || V.base64(await rootOf(elements)) !== wanted.root) {
        refuse("files", `${path}: the set ${name} does not lead to the root that was stated`);
      }
    }
    const all = SETS.flatMap((name) => told[name]);
    if (new Set(all).size !== all.length) refuse("files", `${path}: a booking is in two sets`);
    if (said.received !== all.length || !(said.refused >= 0 && said.refused <= told.withheld.length)) {
      refuse("files", `${path}: received is not shared + withheld + pending, or more were refused than withheld`);
    }
    return { received: all.length, shared: told.shared.length, withheld: told.withheld.length,
      pending: told.pending.length, refused: said.refused };
  }
  function newestDays(found, { jurisdiction, month }) {
    const days = new Map();
    for (const { number, told } of found) {
      if (told.kind === "day" && told.jurisdiction === jurisdiction) days.set(told.day, { ...told, number });
    }
    const ordered = [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
    return { ordered, within: ordered.filter(({ day }) => day.startsWith(`${month}-`)) };
  }
  function chained({ ordered, within }, whole) {  // each names the day before it, so none can be left out
    const before = new Map(ordered.map((one, at) => [one.day, ordered[at - 1]?.day ?? null]));
    within.forEach((one, at) => {
      if ((whole || at) && one.previous !== before.get(one.day)) {
        refuse("complete", `${one.day} names another day before it than the log has: one is missing`);
      }
    });
  }
  async function ofDays(task, tell, { found, whole }) {
    const days = newestDays(found, task), { within } = days;
    const numbers = within.map(({ number }) => number).sort((a, b) => a - b);
    tell("statements", "good", { count: within.length, numbers: numbers.join(", ") });
    chained(days, whole);
    const shownNumbers = [...task.statements].sort((a, b) => a - b).join();
    if (numbers.join() !== shownNumbers) refuse("complete", "the log tells other days than this page counted");
    tell(whole ? "complete" : "partly", whole ? "good" : "open", { count: found.length });
    const sums = { received: 0, shared: 0, withheld: 0, refused: 0, pending: 0 };
    for (const said of within) {
      for (const [name, number] of Object.entries(await dayOf(task.get, said))) sums[name] += number;
    }
    tell("files", "good", { count: within.length });
    tell("count", "good", sums);
    return V.own(sums, task.figure) ?? refuse("count", "there is no such figure");
  }

  // a figure of a month's publication
  async function ofExport(task, tell, { found, whole }) {
    const base = `statistics/${task.folder}/`, manifest = await task.get(base + MANIFEST);
    if (!manifest) refuse("manifest", `${base}${MANIFEST}: it is missing`);
    const digest = V.hex(await V.sha256(manifest));
    const said = found.filter(({ told }) => told.kind === "statistics" && told.manifest === digest).pop();
    if (!said || said.told.month !== task.month) refuse("manifest", "the master log does not state these figures");
    const later = found.filter(({ number, told }) =>
      told.kind === "statistics" && told.month === task.month && number > said.number);
    if (later.length) refuse("complete", "a later publication of this month is stated");
    tell("stated", "good", { number: said.number, digest: digest.slice(0, 16) });
    tell(whole ? "complete" : "partly", whole ? "good" : "open", { count: found.length });
    const data = await task.get(base + DATA), listed = parsed(manifest, "manifest", MANIFEST).files;
    const entry = Array.isArray(listed) ? listed.find(({ name }) => name === DATA) : undefined;
    if (!data || entry?.sha256 !== V.hex(await V.sha256(data)) || entry.size !== data.length) {
      refuse("manifest", `${base}${DATA}: it is not the file that the manifest names`);
    }
    tell("manifest", "good", { digest: entry.sha256.slice(0, 16) });
    return figureIn(parsed(data, "manifest", DATA), task, tell);
  }
  function figureIn(told, { jurisdiction, figure, additive, month }, tell) {
    if (told.month !== month || !Array.isArray(told.figures)) refuse("figure", "the file is of another month");
    const at = (place, name) => told.figures.find((one) => one.place === place && one.measure === name);
    const line = at(jurisdiction, figure);
    if (!line) refuse("figure", "the file has no such figure");
    if ("hidden" in line) tell("hidden", "good", { commitment: line.commitment });
    else tell("figure", "good", { value: line.value ?? "-" });
    const [total, ...rest] = additive, shown = (place, name) => at(place, name)?.value;
    const inside = told.places.filter(({ parent }) => parent === jurisdiction).map(({ id }) => id);
    const sums = [[shown(jurisdiction, total), rest.map((name) => shown(jurisdiction, name))]];
    if (inside.length && additive.includes(figure)) sums.push([line.value, inside.map((one) => shown(one, figure))]);
    const whole = sums.filter(([sum, values]) => [sum, ...values].every(Number.isInteger));
    for (const [sum, values] of whole) {
      if (sum !== values.reduce((a, b) => a + b, 0)) refuse("sums", "a total is not the sum of its parts");
    }
    if (whole.length) tell("sums", "good", { count: whole.length });
    else tell("nosums", "open", {});
    return "hidden" in line ? null : line.value ?? null;
  }

  // {kind, jurisdiction, month, figure, value, statements, folder, additive, get, key, policy}; `get(path)` resolves
  // to the bytes of a public file or null. `tell(step, state, values)` hears of each step as it is done. Resolves
  // to the number counted (null: not shown); rejects with NotVerified, whose `step` names what does not hold.
  async function recount(task, tell = () => {}) {
    const { checkpoint, cosigned, names } = await opened(task);
    tell("checkpoint", "good", { origin: checkpoint.origin, size: checkpoint.size });
    if (cosigned) tell("witnesses", "good", { count: cosigned.size, names: [...cosigned.keys()].join(", ") });
    else tell(names.length ? "unasked" : "nowitness", "open", { count: names.length, names: names.join(", ") });
    const read = await statementsOf(await tiled(task.get, checkpoint), task.statements);
    const counted = await (task.kind === "day" ? ofDays : ofExport)(task, tell, read);
    if (counted !== task.value) {
      refuse("same", `this page says ${task.value ?? "not shown"}, the files give ${counted ?? "not shown"}`);
    }
    return counted;
  }
  globalThis.SluicegateRecount = Object.freeze({ recount });
}
