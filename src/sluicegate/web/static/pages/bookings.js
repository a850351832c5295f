// SPDX-License-Identifier: Apache-2.0
// The list of bookings keeps itself up to date and can be walked with keys. Without it a link loads it again.
"use strict";
(() => {
  const EVERY_MS = 5000;
  const list = document.querySelector("#list");
  const search = document.querySelector("#q");
  const news = document.querySelector("#news");
  const live = document.querySelector("#live");
  const keys = document.querySelector("#keys");
  document.documentElement.classList.add("scripted");
  if (!list || !list.dataset.live) return;

  const remembered = (box, name) => {
    try {
      box.checked = localStorage.getItem(name) !== "off";
      box.addEventListener("change", () => localStorage.setItem(name, box.checked ? "on" : "off"));
    } catch { /* a browser that keeps nothing */ }
  };
  remembered(live, "bookings-live");
  remembered(keys, "bookings-keys");

  const rows = body => new Map([...body.querySelectorAll("tr[data-case]")].map(row => [row.dataset.case, row]));

  // Rows stay the elements that they are wherever they say the same, so that focus and selection stay too.
  const renew = fresh => {
    const body = list.tBodies[0];
    const held = rows(body);
    let changed = false;
    let place = body.firstElementChild;
    for (const [name, row] of rows(fresh)) {
      let mine = held.get(name);
      held.delete(name);
      if (!mine) {
        mine = document.importNode(row, true);
        mine.classList.add("fresh");
        changed = true;
      } else if (text(mine) !== text(row)) {
        for (const at of row.cells.length === mine.cells.length ? row.cells.keys() : []) {
          if (text(mine.cells[at]) !== text(row.cells[at])) mine.cells[at].replaceWith(document.importNode(row.cells[at], true));
        }
        changed = true;
      }
      if (mine === place) place = place.nextElementSibling;
      else body.insertBefore(mine, place);
    }
    for (const gone of held.values()) if (!gone.contains(document.activeElement)) gone.remove();
    return changed;
  };
  const text = part => part.textContent.replace(/\s+/g, " ").trim();

  const stop = () => { live.checked = false; news.textContent = list.dataset.asleep; made(list.dataset.asleep); clearInterval(timer); };
  const made = said => { document.querySelector("#made").textContent = said; };
  const look = async () => {
    if (!live.checked || document.hidden) return;
    try {
      const answer = await fetch(list.dataset.live, { credentials: "same-origin" });
      if (answer.redirected || !answer.ok) return stop();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("#list");
      if (fresh && renew(fresh.tBodies[0])) news.textContent = list.dataset.news;
      const said = page.querySelector("#made");
      if (said) made(said.textContent);
    } catch { /* the next try may reach it */ }
  };
  const timer = setInterval(look, EVERY_MS);

  const links = () => [...list.querySelectorAll("tbody th a")];
  const step = by => {
    const every = links();
    const row = document.activeElement.closest && document.activeElement.closest("tr[data-case]");
    const at = row ? every.indexOf(row.querySelector("th a")) : by > 0 ? -1 : every.length;
    const next = every[Math.min(Math.max(at + by, 0), every.length - 1)];
    if (next) next.focus();
  };
  document.addEventListener("keydown", event => {
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (!keys.checked || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/") search.focus();
    else return;
    event.preventDefault();
  });
})();
