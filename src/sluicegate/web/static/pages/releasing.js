// SPDX-License-Identifier: Apache-2.0
// Reads a chosen or dropped file into its field, in the browser. No request is made here and nothing is kept.
(() => {
  "use strict";
  document.documentElement.classList.add("scripted");
  const MOST = 400_000;

  for (const picked of document.querySelectorAll("[data-into]")) {
    const field = document.getElementById(picked.dataset.into);
    const said = picked.parentElement.querySelector("[data-said]");
    const take = async (file) => {
      if (!file) return;
      if (file.size > MOST) {
        said.textContent = "That file is too large for this form.";
        return;
      }
      field.value = await file.text();
      said.textContent = `${file.name} was read.`;
    };
    picked.addEventListener("change", () => take(picked.files[0]));
    field.addEventListener("dragover", (event) => {
      event.preventDefault();
      field.classList.add("over");
    });
    field.addEventListener("dragleave", () => field.classList.remove("over"));
    field.addEventListener("drop", (event) => {
      event.preventDefault();
      field.classList.remove("over");
      take(event.dataTransfer.files[0]);
    });
  }
})();
