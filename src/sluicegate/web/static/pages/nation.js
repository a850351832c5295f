// SPDX-License-Identifier: Apache-2.0
// The nation on any day without asking the server again: everything comes from the data in the page.
const told = JSON.parse(document.getElementById('moving').textContent);
const byId = id => document.getElementById(id);
const [slider, map, panel, earlier, later, play, field] =
  ['slider', 'map', 'told', 'earlier', 'later', 'play', 'on'].map(byId);
const language = document.documentElement.lang;
const words = new Intl.DateTimeFormat(language, {dateStyle: 'long', timeZone: 'UTC'});
const numbers = new Intl.NumberFormat(language === 'es' ? 'es-US' : 'en-US');
const first = Date.parse(told.first), DAY = 86400000;
const iso = n => new Date(first + n * DAY).toISOString().slice(0, 10);
const numberOf = text => Math.round((Date.parse(text) - first) / DAY);
const inWords = n => words.format(first + n * DAY);
const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');

/** How a place looks on a day: the last stretch that has begun. */
function lookOf(place, n) {
  const stretches = told.places[place];
  let at = 0;
  while (at + 2 < stretches.length && stretches[at + 2] <= n) at += 2;
  return stretches[at + 1];
}

const lands = [...map.querySelectorAll('a.land')];
const letters = new Map([...map.querySelectorAll('[data-letter]')].map(one => [one.dataset.letter, one]));
const rows = new Map([...document.querySelectorAll('[data-row]')].map(one => [one.dataset.row, one]));
const shown = new Map();
let names = null;
let now = numberOf(field.value);

const fallen = look => look.mark.replace(/\bown\b/, 'above');
/** A state's own row reaches its counties from above, unless the state is one county. */
const byState = (land, look) => look.on === 'own' && !land.dataset.fips && land.querySelectorAll('path').length > 1;
const groundOf = (land, look) => byState(land, look) ? told.above : look.ground;
const whoseOf = (land, look) => look.by ? `${groundOf(land, look)}: ${look.by}` : groundOf(land, look);

function paintLand(land, look) {
  const mark = byState(land, look) ? fallen(look) : look.mark;
  land.setAttribute('class', `land ${mark}${land.dataset.fips ? ' county' : ''}`);
  const name = rows.get(land.dataset.place).querySelector('a').textContent;
  land.firstElementChild.textContent = filled(told.says, {...look, name, whose: whoseOf(land, look)});
}

function markOf(look) {
  const made = document.createElement('span');
  made.className = `mark ${look.mark}`;
  const letter = document.createElement('b');
  letter.textContent = look.letter;
  made.append(document.createElement('i'), letter);
  return made;
}

function text(kind, content, name = '') {
  const made = document.createElement(kind);
  made.textContent = content;
  if (name) made.className = name;
  return made;
}

/** The row in force, and how well it is known. */
function ruleOf(look) {
  return [text('code', look.rule), ...(look.doubt ? [' ', text('span', look.doubt, 'unverified')] : [])];
}

function paintRow(row, look) {
  const [, wanted, held, beside, whose] = row.cells;
  row.classList.toggle('unasked', look.name === 'none');
  wanted.replaceChildren(look.asked, ...(look.asker ? [text('span', ` (${look.asker})`, 'dim')] : []));
  const [first, second] = told.view === 'gap' ? [[], [markOf(look)]] : [[markOf(look)], []];
  held.replaceChildren(...first, look.force);
  beside.replaceChildren(...second, look.gap);
  whose.replaceChildren(look.ground, ...(look.rule ? [`: ${look.by}, `, ...ruleOf(look)] : []));
}

function counts() {
  const made = {sharing: 0, apart: 0, all: 0, keys: {}, grounds: {own: 0, above: 0, default: 0}};
  for (const index of shown.values()) {
    const look = told.looks[index];
    const key = told.view === 'gap' ? look.name : look.mode;
    made.all += 1;
    made.sharing += look.shares;
    made.apart += look.apart;
    made.keys[key] = (made.keys[key] ?? 0) + 1;
    made.grounds[look.on] += 1;
  }
  return made;
}

function paintCounts() {
  const made = counts();
  byId('sharing').textContent = numbers.format(made.sharing);
  byId('stopped').textContent = numbers.format(made.all - made.sharing);
  byId('apart').textContent = numbers.format(made.apart);
  for (const line of document.querySelectorAll('[data-key]')) {
    line.lastElementChild.textContent = numbers.format(made.keys[line.dataset.key] ?? 0);
  }
  for (const one of document.querySelectorAll('[data-ground]')) {
    one.textContent = numbers.format(made.grounds[one.dataset.ground]);
  }
  return made;
}

function paintStep(link, n) {
  link.hidden = n === undefined;
  if (link.hidden) return;
  link.querySelector('span:not([aria-hidden], .hidden-visually)').textContent = inWords(n);
  link.href = withDay(link.href, n);
}

function withDay(address, n) {
  const made = new URL(address, location.href);
  made.searchParams.set('on', iso(n));
  return made.pathname + made.search;
}

const before = n => told.changes.findLast(one => one < n);
const after = n => told.changes.find(one => one > n);

/** Show a day: only what looks otherwise than before is touched. */
function show(n, {quiet = false} = {}) {
  now = Math.max(0, Math.min(told.last, n));
  const changed = new Set();
  for (const place of Object.keys(told.places)) {
    const index = lookOf(place, now);
    if (shown.get(place) === index) continue;
    shown.set(place, index);
    changed.add(place);
  }
  for (const land of lands) {
    if (changed.has(land.dataset.place)) paintLand(land, told.looks[shown.get(land.dataset.place)]);
  }
  for (const place of changed) {
    const look = told.looks[shown.get(place)];
    paintRow(rows.get(place), look);
    if (letters.has(place)) letters.get(place).textContent = look.letter;
  }
  const made = paintCounts();
  const day = inWords(now);
  byId('day').textContent = day;
  slider.value = now;
  slider.setAttribute('aria-valuetext', day);
  field.value = iso(now);
  paintStep(earlier, before(now));
  paintStep(later, after(now));
  if (!quiet) said(made, day);
}

let waiting = 0;
/** What is written once the day stands still: the address, the links, and what a screen reader is told. */
function said(made, day) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    byId('status').textContent = filled(told.status, {
      day, sharing: numbers.format(made.sharing), apart: numbers.format(made.apart)});
    for (const link of document.querySelectorAll('a[data-goes]')) link.href = withDay(link.href, now);
    for (const link of document.querySelectorAll('.languages a')) link.href = withDay(link.href, now);
    history.replaceState(null, '', withDay(location.href, now));
  }, 250);
}

slider.addEventListener('input', () => { stop(); show(Number(slider.value)); });
slider.addEventListener('keydown', event => {
  const to = {
    ArrowRight: after(now), ArrowUp: after(now), ArrowLeft: before(now), ArrowDown: before(now),
    PageUp: now + 365, PageDown: now - 365, Home: 0, End: told.last,
  };
  if (!(event.key in to)) return;
  event.preventDefault();
  stop();
  if (to[event.key] !== undefined) show(to[event.key]);
});
for (const [link, where] of [[earlier, before], [later, after]]) {
  link.addEventListener('click', event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    stop();
    const to = where(now);
    if (to === undefined) return;
    show(to);
    if (link.hidden) slider.focus();
  });
}
field.addEventListener('change', () => {
  if (field.value && field.validity.valid) { stop(); show(numberOf(field.value)); }
});

// Play, only where it is asked for, and not where less motion is wished.
let playing = 0;
const start = play.textContent;
function stop() {
  clearInterval(playing);
  playing = 0;
  play.textContent = start;
}
play.addEventListener('click', () => {
  if (playing) { stop(); return; }
  if (after(now) === undefined) show(0);
  play.textContent = play.dataset.stop;
  playing = setInterval(() => {
    const to = after(now);
    if (to === undefined) stop(); else show(to);
  }, 900);
});

// What is under the pointer or has the focus, in words.
async function countyNames() {
  names ??= fetch(map.dataset.names).then(answer => answer.json());
  return names;
}

/** Names of the shapes of a piece in the order in which they are drawn. */
async function nameOf(shape, land) {
  const state = (await countyNames())[land.dataset.state];
  if (land.dataset.fips) return null;
  const own = new Set(lands.filter(one => one.dataset.state === land.dataset.state).map(one => one.dataset.fips));
  const rest = state.filter(([code]) => !own.has(code));
  return rest[[...land.querySelectorAll('path')].indexOf(shape)]?.[1];
}

function tell(land, name) {
  const place = land.dataset.place;
  if (!place) { panel.replaceChildren(land.firstElementChild.textContent); return; }
  const look = told.looks[shown.get(place)];
  const title = rows.get(place).querySelector('a').textContent;
  const sentence = filled(told.says, {...look, name: '', whose: whoseOf(land, look)}).replace(/^[:\s]+/, '');
  panel.replaceChildren(text('strong', name && name !== title ? `${name}, ${title}` : title), sentence,
    ...(look.rule ? [' ', ...ruleOf(look)] : []));
}

panel.hidden = false;
let pointed = null;
// Only where the pointer itself moves: what scrolls under it while the keyboard is used says nothing.
map.addEventListener('pointermove', async event => {
  const shape = event.target.closest('path, circle');
  if (shape === pointed) return;
  const land = shape?.closest('.land');
  pointed?.classList.remove('pointed');
  pointed = null;
  if (!land) return;
  pointed = shape;
  shape.classList.add('pointed');
  tell(land, null);
  const name = await nameOf(shape, land);
  if (pointed === shape) tell(land, name);
});
map.addEventListener('focusin', event => tell(event.target.closest('.land'), null));

// One stop for the Tab key; arrow keys go to the nearest piece that way.
const middles = new Map();
function middle(land) {
  if (!middles.has(land)) {
    const box = (land.querySelector('circle') ?? land).getBBox();
    middles.set(land, [box.x + box.width / 2, box.y + box.height / 2]);
  }
  return middles.get(land);
}
const ways = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
function nearest(from, [wx, wy]) {
  const [x, y] = middle(from);
  let best = null, least = Infinity;
  for (const land of lands) {
    const [dx, dy] = [middle(land)[0] - x, middle(land)[1] - y];
    const along = dx * wx + dy * wy, aside = Math.abs(dx * wy) + Math.abs(dy * wx);
    const cost = along + 2.5 * aside;
    if (along > 0.5 && aside <= along * 2 && cost < least) [best, least] = [land, cost];
  }
  return best;
}
map.addEventListener('keydown', event => {
  const land = event.target.closest('a.land');
  if (!land || !(event.key in ways)) return;
  event.preventDefault();
  const next = nearest(land, ways[event.key]);
  if (!next) return;
  land.setAttribute('tabindex', '-1');
  next.setAttribute('tabindex', '0');
  next.focus();
});
lands.find(one => !one.dataset.fips)?.setAttribute('tabindex', '0');

// Ticks under the slider: years, and days on which something changed.
function ticks() {
  const svg = byId('ticks'), wide = svg.clientWidth, knob = 8;
  const at = n => knob + (wide - 2 * knob) * n / told.last;
  const line = (n, y1, y2, name) => {
    const made = document.createElementNS(svg.namespaceURI, 'line');
    for (const [key, value] of Object.entries({x1: at(n), x2: at(n), y1, y2})) made.setAttribute(key, value);
    if (name) made.setAttribute('class', name);
    return made;
  };
  const parts = [];
  const [from, to] = [Number(told.first.slice(0, 4)), Number(iso(told.last).slice(0, 4))];
  const every = [1, 2, 5, 10].find(step => (to - from + 1) / step * 44 <= wide) ?? 20;
  for (let year = from; year <= to; year += every) {
    const n = numberOf(`${year}-01-01`);
    if (n < 0 || n > told.last) continue;
    const label = document.createElementNS(svg.namespaceURI, 'text');
    label.setAttribute('x', Math.max(14, at(n)));
    label.setAttribute('y', 22);
    label.textContent = year;
    parts.push(line(n, 0, 11, 'year'), label);
  }
  parts.push(...told.changes.slice(1).map(n => line(n, 0, 6)));
  svg.replaceChildren(...parts);
}

document.documentElement.classList.add('scripted');
show(now, {quiet: true});
ticks();
addEventListener('resize', ticks);
performance.mark('nation-ready');
