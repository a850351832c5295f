// SPDX-License-Identifier: Apache-2.0
// Checks a receipt in the browser and says it gate by gate. It asks nothing of any server.
"use strict";
{
  const byId = (id) => document.getElementById(id);
  const words = JSON.parse(byId("words").textContent), verdict = byId("verdict"), area = byId("receipt");
  const siteKeys = byId("key").value.trim(), LARGEST = 100000;
  let file = null;
  document.documentElement.classList.add("scripted");
  const say = (key, values = {}) => (words[`receipt.say.${key}`] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  function add(parent, tag, text, name = "") {
    const made = document.createElement(tag);
    made.textContent = text;  // never markup: what stands in a receipt is a stranger's text
    if (name) made.className = name;
    parent.append(made);
    return made;
  }
  function begin(state, title) {
    verdict.replaceChildren();
    verdict.hidden = false;
    verdict.dataset.state = state;
    if (title) add(verdict, "h2", title);
  }
  async function take(chosen) {
    if (!chosen) return;
    const bytes = new Uint8Array(await chosen.slice(0, LARGEST).arrayBuffer());
    area.value = new TextDecoder().decode(bytes);
    file = { bytes, text: area.value };  // the bytes themselves are verified, not what a field made of them
    await check();
  }
  function given() {
    if (file && file.text === area.value) return file.bytes;
    return area.value.trim() === "" ? undefined : area.value.replace(/\n*$/, "\n");
  }
  const isFinal = (receipt) =>
    (typeof receipt === "string" ? receipt : new TextDecoder().decode(receipt.slice(0, 100))).startsWith("Sluicegate final receipt");
  async function withAnyKey(receipt, keys, policy) {  // a bureau's key is replaced from time to time
    let told = null;
    for (const key of keys.length ? keys : [undefined]) {
      try {
        return await SluicegateVerifier.verify({ receipt, key, policy });
      } catch (error) {
        if (!(error instanceof SluicegateVerifier.NotVerified)) throw error;
        if (!told || !["receipt signature", "checkpoint"].includes(error.step)) told = error;
      }
    }
    throw told;
  }
  function held(found, ignored) {
    begin("good", say("good"));
    const shared = found.gates.G1 === "open";
    const answer = add(verdict, "p", "", "answer");
    add(answer, "span", say(found.gates.G1), `gate ${found.gates.G1}`);
    add(answer, "strong", say(shared ? "shared" : "withheld"));
    const list = add(verdict, "dl", "", "gates");
    for (const [gate, outcome] of Object.entries(found.gates)) {
      const term = add(list, "dt", `${say("gate")} ${gate} `), text = add(list, "dd", say(`${gate}${outcome}`));
      add(term, "span", say(outcome), `gate ${outcome}`);
      if (!found.final) add(text, "q", found.told[gate]).lang = "en";
    }
    const form = found.final ? (found.cosigned ? "final" : "unwitnessed") : "once";
    add(verdict, "p", say(form, { count: found.cosigned }), found.cosigned ? "good" : "ask");
    if (ignored) add(verdict, "p", say("ignored"));
    add(verdict, "p", say(byId("key").value.trim() === siteKeys ? "siteskey" : "ownkey"));
    add(verdict, "p", say("limit"));
    const more = add(verdict, "details", "");
    add(more, "summary", say("facts"));
    const facts = add(more, "ul", "");
    facts.lang = "en";
    for (const line of found.facts) add(facts, "li", line);
  }
  function refused({ step, message }) {
    const unjudged = step === "key" || step === "policy";
    begin(unjudged ? "ask" : "bad", say(["key", "policy", "witnesses"].includes(step) ? step : "bad"));
    add(verdict, "p", say("step", { step: say(`steps.${step}`) }));
    add(add(verdict, "p", ""), "code", message.slice(step.length + 2)).lang = "en";
    add(verdict, "p", say(unjudged ? "unjudged" : "bad_do"));
  }
  async function check() {
    const receipt = given(), policy = byId("policy").value.trim() ? `${byId("policy").value.trimEnd()}\n` : undefined;
    const keys = byId("key").value.split("\n").map((line) => line.trim()).filter((line) => line);
    if (receipt === undefined || (!keys.length && !policy)) {
      begin("ask", say("missing"));
      area.focus();
      return;
    }
    begin("busy", say("busy"));
    try {
      const ignored = policy !== undefined && !isFinal(receipt);
      held(await withAnyKey(receipt, keys, ignored ? undefined : policy), ignored);
    } catch (error) {
      if (error instanceof SluicegateVerifier.NotVerified) refused(error);
      else {
        begin("ask", say("unable"));
        add(verdict, "p", say("unable_do"));
      }
    }
    verdict.focus({ preventScroll: true });
    verdict.scrollIntoView({ block: "nearest" });
  }
  byId("check").addEventListener("click", check);
  byId("clear").addEventListener("click", () => {
    area.value = "";
    byId("file").value = "";
    file = null;
    verdict.hidden = true;
    area.focus();
  });
  byId("file").addEventListener("change", (event) => take(event.target.files[0]));
  area.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("over"); });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    area.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
}
