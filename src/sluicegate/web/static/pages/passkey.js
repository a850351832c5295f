// SPDX-License-Identifier: Apache-2.0
// Passkeys (W3C Web Authentication, Level 3). Pages work without this; then password and code are used.
(() => {
  "use strict";
  const box = document.querySelector("[data-passkey]");
  if (!box || !window.PublicKeyCredential || !window.isSecureContext) return;
  document.documentElement.classList.add("scripted");

  const bytes = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (c) => c.charCodeAt(0));
  };
  const text = (buffer) => {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };
  const send = async (address, value) => {
    const headers = { "Content-Type": "application/json", "X-CSRF": box.dataset.csrf || "" };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(value) });
    if (!answer.ok) throw new Error("refused");
    return answer.json();
  };
  const shared = (made, response) => ({ id: made.id, rawId: text(made.rawId), type: made.type, response });

  const enter = async () => {
    const options = await send("/desk/passkey/new", {});
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = (options.excludeCredentials || []).map((one) => ({ ...one, id: bytes(one.id) }));
    const made = await navigator.credentials.create({ publicKey: options });
    const { clientDataJSON, attestationObject } = made.response;
    return send("/desk/passkey/enter", shared(made, {
      clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) }));
  };
  const signIn = async () => {
    const options = await send("/desk/passkey/ask", {});
    options.challenge = bytes(options.challenge);
    options.allowCredentials = [];
    const made = await navigator.credentials.get({ publicKey: options });
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
    return send("/desk/passkey/sign-in", { ...shared(made, {
      clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData),
      signature: text(signature), userHandle: userHandle ? text(userHandle) : null }), next: box.dataset.next });
  };

  const button = box.querySelector("button");
  const failed = box.querySelector(".errors");
  button.addEventListener("click", async () => {
    button.disabled = true;
    failed.hidden = true;
    try {
      const done = await (box.dataset.passkey === "enter" ? enter() : signIn());
      location.assign(box.dataset.passkey === "enter" ? box.dataset.next : done.next);
    } catch {
      failed.hidden = false;
      button.disabled = false;
    }
  });
})();
