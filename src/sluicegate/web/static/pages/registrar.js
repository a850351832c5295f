// SPDX-License-Identifier: Apache-2.0
// Signs the text on the page with a registrar's own key file, and works out digests of papers. Neither leaves
// the browser: no request is made here. The key file is PKCS #8 in PEM (RFC 5958), closed by PBES2 (RFC 8018).
(() => {
  "use strict";
  const subtle = window.isSecureContext && window.crypto && window.crypto.subtle;
  if (!subtle) return;
  document.documentElement.classList.add("scripted");

  const hex = (bytes) => Array.from(new Uint8Array(bytes), (one) => one.toString(16).padStart(2, "0")).join("");
  const from64 = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const to64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

  for (const paper of document.querySelectorAll("[data-paper]")) {
    paper.querySelector("[data-pick]").addEventListener("change", async (event) => {
      const file = event.target.files[0];
      if (!file) return;
      const digest = paper.querySelector("[data-digest]");
      digest.value = hex(await subtle.digest("SHA-256", await file.arrayBuffer()));
      const title = paper.querySelector("[data-title]");
      if (!title.value) title.value = file.name;
    });
  }

  const box = document.querySelector("[data-sign]");
  if (!box) return;
  const said = box.querySelector("[data-said]");
  const picked = box.querySelector("[data-key-file]");
  const phrase = box.querySelector("[data-key-pass]");
  const tell = (text, good) => {
    said.textContent = text;
    said.className = good ? "done" : "errors";
    said.hidden = false;
  };

  // DER (X.690): a value's tag, its bytes, and the values inside it.
  const value = (bytes, at) => {
    let start = at + 2;
    let length = bytes[at + 1];
    if (length & 0x80) {
      const count = length & 0x7f;
      length = 0;
      for (let i = 0; i < count; i += 1) length = length * 256 + bytes[start + i];
      start += count;
    }
    if (!(start + length <= bytes.length)) throw new Error("file");
    return { tag: bytes[at], body: bytes.subarray(start, start + length), end: start + length };
  };
  const inside = (one) => {
    const found = [];
    for (let at = 0; at < one.body.length; at = found.at(-1).end) found.push(value(one.body, at));
    return found;
  };
  const number = (one) => one.body.reduce((sum, byte) => sum * 256 + byte, 0);
  const PBES2 = "2a864886f70d01050d", PBKDF2 = "2a864886f70d01050c";
  const HASHES = { "2a864886f70d0207": "SHA-1", "2a864886f70d0209": "SHA-256", "2a864886f70d020b": "SHA-512" };
  const CIPHERS = { "60864801650304012a": 256, "608648016503040102": 128 };
  const MOST_ROUNDS = 10_000_000;

  const opened = async (der, passphrase) => {
    const [how, closed] = inside(value(der, 0));
    const [scheme, given] = inside(how);
    if (hex(scheme.body) !== PBES2) throw new Error("file");
    const [derive, cipher] = inside(given);
    const [kdf, settings] = inside(derive);
    const [salt, rounds, ...more] = inside(settings);
    const prf = more.find((one) => one.tag === 0x30);
    const hash = prf ? HASHES[hex(inside(prf)[0].body)] : "SHA-1";
    const [mode, iv] = inside(cipher);
    const length = CIPHERS[hex(mode.body)];
    if (hex(kdf.body) !== PBKDF2 || !hash || !length || number(rounds) > MOST_ROUNDS) throw new Error("file");
    const secret = await subtle.importKey("raw", new TextEncoder().encode(passphrase), "PBKDF2", false, ["deriveKey"]);
    const algorithm = { name: "PBKDF2", salt: salt.body, iterations: number(rounds), hash };
    const key = await subtle.deriveKey(algorithm, secret, { name: "AES-CBC", length }, false, ["decrypt"]);
    try {
      return await subtle.decrypt({ name: "AES-CBC", iv: iv.body }, key, closed.body);
    } catch {
      throw new Error("pass");
    }
  };

  const private_ = async (text, passphrase) => {
    const found = /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text);
    if (!found) throw new Error("file");
    let der;
    try {
      der = from64(found[2].replace(/\s+/g, ""));
    } catch {
      throw new Error("file");
    }
    const plain = found[1] ? await opened(der, passphrase) : der;
    try {
      return await subtle.importKey("pkcs8", plain, "Ed25519", false, ["sign"]);
    } catch (error) {
      if (error.name === "NotSupportedError") throw new Error("unable");
      throw new Error(found[1] ? "pass" : "file");
    }
  };

  const sign = async () => {
    const file = picked.files[0];
    if (!file || file.size > 10_000) throw new Error("file");
    const key = await private_(await file.text(), phrase.value);
    const message = new TextEncoder().encode(box.querySelector("[data-text]").textContent);
    const signature = await subtle.sign("Ed25519", key, message);
    const listed = from64(box.dataset.key.split("+").slice(2).join("+")).subarray(1); // after the kind of key
    const known = await subtle.importKey("raw", listed, "Ed25519", false, ["verify"]);
    if (!(await subtle.verify("Ed25519", known, signature, message))) throw new Error("key");
    return to64(signature);
  };

  const words = { file: "badFile", pass: "badPass", key: "badKey" };
  box.querySelector("[data-make]").addEventListener("click", async (event) => {
    event.target.disabled = true;
    said.hidden = true;
    try {
      box.querySelector("#signature").value = await sign();
      tell(box.dataset.signed, true);
      box.querySelector("[data-send]").focus();
    } catch (error) {
      tell(box.dataset[words[error.message] || "unable"], false);
    }
    phrase.value = "";
    event.target.disabled = false;
  });

  const drop = box.querySelector("[data-drop]");
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length === 1) picked.files = event.dataTransfer.files;
  });
})();
