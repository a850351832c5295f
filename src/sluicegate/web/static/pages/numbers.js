// SPDX-License-Identifier: Apache-2.0
// Counts the number of the page again from public files, and says step by step what was found.
"use strict";
{
  const byId = (id) => document.getElementById(id), read = (id) => JSON.parse(byId(id).textContent);
  const task = read("task"), words = read("words"), verdict = byId("verdict"), steps = byId("steps");
  const siteKey = byId("key").value.trim();
  document.documentElement.classList.add("scripted");
  const say = (key, values = {}) => (words[`numbers.step.${key}`] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  function add(parent, tag, text, name = "") {
    const made = document.createElement(tag);
    made.textContent = text;  // never markup: what stands in a file is a stranger's text
    if (name) made.className = name;
    parent.append(made);
    return made;
  }
  function step(key, state, values, detail = "") {
    const made = add(steps, "li", "");
    made.dataset.state = state;
    add(made, "strong", say(state));
    add(made, "span", say(key, values));
    if (detail) add(made, "code", detail).lang = "en";
  }
  function judged(state, ...lines) {
    verdict.replaceChildren();
    verdict.dataset.state = state;
    lines.forEach((line, n) => add(verdict, n ? "p" : "h3", line));
  }
  async function get(path) {
    const answer = await fetch(task.base + path, { cache: "no-store", redirect: "error" });
    if (answer.status === 404) return null;
    if (!answer.ok) throw new TypeError("fetch");
    return new Uint8Array(await answer.arrayBuffer());
  }
  function failed(error) {
    if (error instanceof TypeError) return judged("ask", say("gone"));
    if (!(error instanceof SluicegateVerifier.NotVerified)) return judged("ask", say("unable"));
    const detail = error.message.slice(error.step.length + 2);
    const made = add(steps, "li", "");
    made.dataset.state = "bad";
    add(made, "strong", say("bad"));
    if (["same", "key", "policy"].includes(error.step)) add(made, "span", say(error.step));
    add(made, "code", detail).lang = "en";
    if (error.step === "key" || error.step === "policy") return judged("ask", say("key_bad"));
    return judged("bad", say("fails"), say("fails_do"));
  }
  async function count() {
    steps.replaceChildren();
    judged("busy", say("busy"));
    const policy = byId("policy").value.trim() ? `${byId("policy").value.trimEnd()}\n` : undefined;
    try {
      if (!globalThis.crypto?.subtle) throw new Error("no cryptography");
      const key = byId("key").value.trim();
      const value = await SluicegateRecount.recount({ ...task, get, key, policy }, step);
      const shown = typeof value === "number" ? value.toLocaleString(document.documentElement.lang) : "–";
      judged("good", task.hidden ? say("holds_hidden") : say("holds", { value: shown }),
        ...(key === siteKey ? [say("sitekey")] : []));
    } catch (error) { failed(error); }
  }
  byId("again").addEventListener("click", count);
  count();
}
