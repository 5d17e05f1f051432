// The three plots: hours of the day, five levels, working time. Fixed nodes; only sizes and text move.

import { el, say, set, show, style, unit, word } from './dom.js';
import { count, DASH, FRESH, span } from './words.js';

const HOURS = 24, FIRST = 8, LAST = 17;
const key = (h) => String(h).padStart(2, '0');

export function buildTrend(root) {
  const part = { svg: el('svg', { role: 'img', 'aria-label': '今日各小时申请、受理、办结件数' }), bars: [], labels: [] };
  for (let h = 0; h < HOURS; h += 1) {
    part.bars.push(el('rect'));
    part.labels.push(word('text', {}, String(h)));
  }
  part.sub = el('polyline', { class: 'sub' });
  part.con = el('polyline', { class: 'con' });
  part.use = el('polyline', { class: 'use' });
  part.axis = el('line', { class: 'axis' });
  part.top = word('text');
  part.topLine = el('line', { class: 'axis', 'stroke-dasharray': '2 6' });
  part.svg.append(part.topLine, ...part.bars, part.axis, part.sub, part.use, part.con, ...part.labels, part.top);
  root.append(part.svg);
  return part;
}

function ceil(n) { // The next round number.
  let step = 10;
  for (;;) { for (const m of [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8]) if (m * step >= n) return m * step; step *= 10; }
}

export function paintTrend(part, root, store, hour) {
  const days = store.get('usual', 'days', 'accepted'), usual = (h) => (days ? store.get('usual', key(h), 'accepted') / days : 0);
  const get = (h, name) => store.get('hour', key(h), name);
  let from = FIRST, to = LAST, most = 10;
  for (let h = 0; h < HOURS; h += 1) {
    const n = Math.max(get(h, 'submitted'), get(h, 'accepted'), get(h, 'concluded'), usual(h));
    if (n) { from = Math.min(from, h); to = Math.max(to, h); most = Math.max(most, n); }
  }
  most = ceil(most);
  const u = unit(), wide = root.clientWidth, tall = root.clientHeight, foot = 28 * u, head = 10 * u, left = 66 * u;
  if (wide <= left) return; // Not shown.
  const slot = (wide - left) / (to - from + 1), base = tall - foot;
  const x = (h) => left + (h - from + 0.5) * slot, y = (n) => base - (n / most) * (base - head);
  part.bars.forEach((bar, h) => {
    const n = get(h, 'accepted'), shown = h >= from && h <= to;
    set(bar, 'x', (x(h) - slot * 0.3).toFixed(1));
    set(bar, 'y', y(n).toFixed(1));
    set(bar, 'width', shown ? (slot * 0.6).toFixed(1) : '0');
    set(bar, 'height', shown ? Math.max(0, base - y(n)).toFixed(1) : '0');
    set(bar, 'class', h === hour ? 'part' : '');
    set(part.labels[h], 'x', x(h).toFixed(1));
    set(part.labels[h], 'y', (tall - 4 * u).toFixed(1));
    say(part.labels[h], shown ? String(h) : '');
  });
  const mean = [];
  for (let h = from; days && h <= to; h += 1) mean.push(`${x(h).toFixed(1)},${y(usual(h)).toFixed(1)}`);
  set(part.use, 'points', mean.join(' '));
  const path = (name) => {
    const points = [];
    for (let h = from; h <= Math.min(to, hour); h += 1) points.push(`${x(h).toFixed(1)},${y(get(h, name)).toFixed(1)}`);
    return points.length > 1 ? points.join(' ') : '';
  };
  set(part.con, 'points', path('concluded'));
  set(part.sub, 'points', path('submitted'));
  for (const [line, at] of [[part.axis, base], [part.topLine, head]]) {
    set(line, 'x1', left.toFixed(1)); set(line, 'x2', wide.toFixed(1));
    set(line, 'y1', at.toFixed(1)); set(line, 'y2', at.toFixed(1));
  }
  say(part.top, count(most));
  set(part.top, 'x', (left / 2).toFixed(1));
  set(part.top, 'y', (head + 14 * u).toFixed(1));
}

export function buildStars(root) {
  return [5, 4, 3, 2, 1].map((stars) => {
    const part = { stars, lab: word('span', { class: 'lab' }), fill: el('i'), n: word('span', { class: 'n' }) };
    root.append(el('div', { class: 'bar', 'data-k': stars }, part.lab, el('span', { class: 'rail' }, part.fill), part.n));
    return part;
  });
}

export function paintStars(parts, sub, store, gone) {
  const rated = store.unit('rated');
  for (const part of parts) {
    const n = store.get('stars', String(part.stars), 'n');
    say(part.lab, String(store.get('stars', String(part.stars), 'name') || ''));
    say(part.n, gone ? DASH : count(n));
    style(part.fill, 'width', n && !gone ? `max(4px, ${((n / rated) * 100).toFixed(2)}%)` : '0px');
  }
  say(sub, gone ? '' : rated ? `${count(rated)} 次` : '暂无评价');
}

// Whole per cent; what is there but less than one is never called 0.
const percent = (part) => (part > 0 && part < 0.01 ? '<1' : String(Math.round(part * 100)));

export function buildBuckets(root) {
  return Array.from({ length: 7 }, () => {
    const part = { n: word('span', { class: 'n' }), fill: el('i'), lab: word('span', { class: 'lab' }) };
    part.box = el('div', { class: 'col' }, el('div', { class: 'rail' }, part.n, part.fill), part.lab);
    root.append(part.box);
    return part;
  });
}

export function paintBuckets(parts, root, sub, store, gone) {
  const rows = store.rows('bucket');
  const most = Math.max(1, ...rows.map((row) => row[2])), all = rows.reduce((sum, row) => sum + row[2], 0);
  say(sub, all ? `决定 ${count(all)} 件 · %` : '暂无决定');
  const room = root.clientHeight - 58 * unit();
  parts.forEach((part, i) => {
    const row = rows[i];
    show(part.box, Boolean(row));
    if (!row) return;
    say(part.lab, i === rows.length - 1 ? `≥${row[0]}` : i === 0 ? `<${rows[1]?.[0] ?? 1}日` : `${row[0]}–`);
    say(part.n, gone ? DASH : all ? percent(row[2] / all) : '');
    style(part.fill, 'height', `${gone ? 0 : Math.max(row[2] ? 2 : 0, (row[2] / most) * room).toFixed(1)}px`);
  });
}

export function paintAges(panels, store) {
  const age = store.scopeAge(), level = store.level(age);
  for (const panel of panels) {
    set(panel.box, 'data-f', level);
    say(panel.age, level === 'live' ? '' : level === 'wait' ? FRESH.wait.join(' ') : `${FRESH[level].join(' ')} ${span(age)}`);
  }
}
