// SPDX-License-Identifier: Apache-2.0
// Shows the pair of prints as the form above it says, at once; keys, dragging, and one pair singled out.
// Without this script the same form asks the server.

const pair = document.getElementById("pair");
const form = document.getElementById("showing");
const STANDARD = { zoom: "1", look: "plain", marks: "paired" };

function state() {
  const held = {};
  for (const name of ["zoom", "look", "marks"]) held[name] = form.elements[name].value;
  for (const name of ["lines", "turned"]) held[name] = form.elements[name].checked;
  return held;
}

function middle() {
  return {
    x: (pair.scrollLeft + pair.clientWidth / 2) / pair.scrollWidth,
    y: (pair.scrollTop + pair.clientHeight / 2) / pair.scrollHeight,
  };
}

function show() {
  const now = state();
  const at = middle();
  pair.className = `pair zoom-${now.zoom} look-${now.look} marks-${now.marks}`;
  pair.classList.toggle("lines", now.lines);
  pair.classList.toggle("turned", now.turned);
  pair.scrollLeft = at.x * pair.scrollWidth - pair.clientWidth / 2;
  pair.scrollTop = at.y * pair.scrollHeight - pair.clientHeight / 2;
  const query = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries(STANDARD)) if (query.get(name) === value) query.delete(name);
  history.replaceState(null, "", `?${query}${location.hash}`);
  for (const link of document.querySelectorAll(".fingers a, .tabs a")) carry(link, query);
}

// Links to other fingers and candidates keep how the prints are shown.
function carry(link, query) {
  const own = new URLSearchParams(new URL(link.href).search);
  const next = new URLSearchParams(query);
  next.set("candidate", own.get("candidate") ?? "1");
  if (own.has("finger")) next.set("finger", own.get("finger"));
  else next.delete("finger");
  link.search = `?${next}`;
}

function step(name, by) {
  const select = form.elements[name];
  const last = select.options.length - 1;
  select.selectedIndex = Math.min(last, Math.max(0, select.selectedIndex + by));
}

function flip(name, value) {
  const select = form.elements[name];
  select.value = select.value === value ? STANDARD[name] : value;
}

const KEYS = {
  "+": () => step("zoom", 1),
  "=": () => step("zoom", 1),
  "-": () => step("zoom", -1),
  l: () => { form.elements.lines.checked = !form.elements.lines.checked; },
  t: () => { form.elements.turned.checked = !form.elements.turned.checked; },
  i: () => flip("look", "invert"),
  c: () => flip("look", "strong"),
  m: () => { const marks = form.elements.marks; marks.selectedIndex = (marks.selectedIndex + 1) % marks.options.length; },
  0: () => {
    for (const [name, value] of Object.entries(STANDARD)) form.elements[name].value = value;
    for (const name of ["lines", "turned"]) form.elements[name].checked = false;
  },
};

function single(number) {
  for (const one of pair.querySelectorAll(".hot")) one.classList.remove("hot");
  if (number) for (const one of pair.querySelectorAll(`[data-n="${number}"]`)) one.classList.add("hot");
}

function dragging(event) {
  if (event.button !== 0 || event.pointerType !== "mouse") return;
  const from = { x: event.clientX + pair.scrollLeft, y: event.clientY + pair.scrollTop };
  const move = (to) => {
    pair.classList.add("dragging");
    pair.scrollLeft = from.x - to.clientX;
    pair.scrollTop = from.y - to.clientY;
  };
  const end = () => {
    pair.classList.remove("dragging");
    window.removeEventListener("pointermove", move);
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", end, { once: true });
  window.addEventListener("pointercancel", end, { once: true });
}

document.documentElement.classList.add("scripted");
form.addEventListener("change", show);
form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
// Keys count only while the prints have the focus, so that they disturb no reader and no typing.
pair.addEventListener("keydown", (event) => {
  const act = KEYS[event.key.toLowerCase()];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
  show();
});
pair.addEventListener("pointerover", (event) => single(event.target.closest("[data-n]")?.dataset.n));
pair.addEventListener("pointerleave", () => single(null));
pair.addEventListener("pointerdown", dragging);
