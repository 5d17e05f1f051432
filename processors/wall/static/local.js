// Of one 区镇 or centre: its windows as cards, by type, and hour by hour.

import { badge, paintBadge, statusOf } from './badge.js';
import { el, say, set, show, style, unit, word } from './dom.js';
import { count, DASH, kindName } from './words.js';

const STARS_MIN = 5; // No score of a window under five ratings.
const HOURS = 24, FIRST = 8, LAST = 17;
export const STRIP_MAX = 40;
const two = (n) => String(n).padStart(2, '0');

// The hour of the scope's day that runs, or the last one.
export function hourOf(store, city) {
  if (store.day === '') return 0;
  return city.iso === store.day ? Number(city.time.slice(0, 2)) : city.iso > store.day ? 23 : 0;
}

export function windowCard(store, row) {
  const at = (name) => row[store.col('window', name)];
  const hour = store.hour, last = at('last_hour'), rated = at('rated');
  const busy = last >= 0 && last >= hour - 1;
  const seats = store.get('centre', at('centre'), 'open') + store.get('centre', at('centre'), 'paused') > 0;
  const seat = at('open') > 0 ? '开放' : at('paused') > 0 ? '暂停' : '关闭';
  const idle = last < 0 ? '今日' : `${last + 1}时起`;
  return {
    row, table: 'window', name: `${at('no')} ${kindName(store.kinds[at('kind')])}`, beat: store.beat(at('centre')), on: 1, all: 1, to: '',
    busy: (seats ? seat === '开放' : busy) ? 1 : 0, state: seats ? seat : busy ? '有业务' : '空闲', since: seats || busy ? '' : idle,
    open: store.get('strip', row[0], two(hour)), stars: rated >= STARS_MIN ? (at('star_sum') / rated).toFixed(1) : rated ? `评${rated}` : DASH, mark: rated && rated < STARS_MIN ? '' : '★',
  };
}

// --- 窗口分类 -----------------------------------------------------------------------------------

const GROUPS = [['民生', ['comp:livelihood']], ['建设', ['comp:construction']], ['市政', ['comp:municipal']], ['其他', []], ['专业', []]];
const CHIPS_MAX = 12, CHIP_WIDE = 124, BESIDE_CHIPS = 590;
const groupOf = (kind) => {
  const found = GROUPS.findIndex(([, kinds]) => kinds.includes(kind));
  return found >= 0 ? found : String(kind ?? '').startsWith('professional:') ? 4 : 3;
};

export function buildGroups(root) {
  root.append(el('div', { class: 'line th' }, ...['类型', '窗口', '受理', '窗均', '差评', '错窗', '状态', '各窗受理（问题在前）'].map((name) => word('span', {}, name))));
  return GROUPS.map(([name]) => {
    const part = { windows: word('span'), accepted: word('span'), mean: word('span'), bad: word('span'), wrong: word('span'), badge: badge(), more: word('span', { class: 'more' }) };
    part.chips = Array.from({ length: CHIPS_MAX }, () => {
      const chip = { no: word('b'), n: word('span') };
      chip.box = el('span', { class: 'chip' }, chip.no, chip.n);
      chip.box.hidden = true;
      return chip;
    });
    part.box = el('div', { class: 'line', 'data-cell': `group:${name}`, 'data-f': 'wait' }, word('b', {}, name), part.windows, part.accepted, part.mean, part.bad, part.wrong,
      part.badge.box, el('span', { class: 'chips' }, ...part.chips.map((chip) => chip.box), part.more));
    root.append(part.box);
    return part;
  });
}

export function paintGroups(parts, root, sub, store) {
  const at = Object.fromEntries(['level', 'accepted', 'kind', 'centre', 'no', 'negatives', 'wrong_window'].map((name) => [name, store.col('window', name)]));
  const groups = GROUPS.map(() => []);
  for (const row of store.rows('window')) groups[groupOf(store.kinds[row[at.kind]])].push(row);
  const fit = Math.max(1, Math.min(CHIPS_MAX, Math.floor((root.clientWidth / unit() - BESIDE_CHIPS - 60) / CHIP_WIDE)));
  const age = store.scopeAge(), scope = store.level(age);
  parts.forEach((part, i) => {
    const rows = groups[i].sort((a, b) => b[at.level] - a[at.level] || b[at.accepted] - a[at.accepted] || (a[0] < b[0] ? -1 : 1));
    const gone = scope === 'lost' || scope === 'wait', sum = (name) => rows.reduce((all, row) => all + row[at[name]], 0);
    const told = (n) => (gone ? DASH : count(n));
    set(part.box, 'data-f', scope);
    say(part.windows, told(rows.length));
    say(part.accepted, told(sum('accepted')));
    say(part.mean, gone || !rows.length ? DASH : (sum('accepted') / rows.length).toFixed(1));
    say(part.bad, told(sum('negatives')));
    say(part.wrong, told(sum('wrong_window')));
    paintBadge(part.badge, statusOf(scope, Math.max(0, ...rows.map((row) => row[at.level])), 1, 1, sum('accepted')));
    part.chips.forEach((chip, n) => {
      const row = n < fit ? rows[n] : undefined;
      show(chip.box, Boolean(row) && !gone);
      if (!row) return;
      set(chip.box, 'class', `chip l${row[at.level]}`);
      say(chip.no, `${['', '▲', '◆'][row[at.level]]}${row[at.no]}`);
      say(chip.n, count(row[at.accepted]));
    });
    say(part.more, rows.length > fit && !gone ? `+${rows.length - fit}` : '');
  });
  const rank = store.rows('rank')[0], told = rank && scope !== 'lost' && scope !== 'wait';
  say(sub, told ? `窗均受理 ${(rank[store.col('rank', 'accepted')] / rank[store.col('rank', 'windows')]).toFixed(1)} 件，${rank[store.col('rank', 'of')]} 个区镇中第 ${rank[store.col('rank', 'place')]}（仅供参考）` : '');
}

// --- 时段热力 -----------------------------------------------------------------------------------

export function buildStrip(root) {
  const part = { svg: el('svg', { role: 'img', 'aria-label': '各窗口各小时受理件数' }), cells: [], hours: [], desks: [] };
  for (let i = 0; i < STRIP_MAX * HOURS; i += 1) part.cells.push(el('rect', { class: 'heat' }));
  for (let h = 0; h < HOURS; h += 1) part.hours.push(word('text', {}, ''));
  for (let i = 0; i < STRIP_MAX; i += 1) part.desks.push(word('text', {}, ''));
  part.svg.append(...part.cells, ...part.hours, ...part.desks);
  root.append(part.svg);
  return part;
}

export function paintStrip(part, root, store, hour) {
  const u = unit(), wide = root.clientWidth, tall = root.clientHeight, left = 44 * u, foot = 30 * u, head = 5 * u;
  if (wide <= left) return; // Not shown.
  const rows = store.rows('window').slice(0, STRIP_MAX), no = store.col('window', 'no');
  let from = FIRST, to = LAST, most = 1;
  for (const row of rows) {
    for (let h = 0; h < HOURS; h += 1) {
      const n = store.get('strip', row[0], two(h));
      if (n) { from = Math.min(from, h); to = Math.max(to, h); most = Math.max(most, n); }
    }
  }
  const high = (tall - foot - head) / (to - from + 1), slot = (wide - left) / Math.max(1, rows.length);
  const everyHour = Math.ceil((25 * u) / high), everyDesk = Math.ceil((40 * u) / slot);
  part.hours.forEach((label, h) => {
    const shown = h >= from && h <= to && (h - from) % everyHour === 0;
    say(label, shown ? String(h) : '');
    set(label, 'x', (left / 2).toFixed(1));
    set(label, 'y', (head + (h - from + 0.5) * high + 8 * u).toFixed(1));
  });
  part.desks.forEach((label, i) => {
    const row = rows[i];
    say(label, row && i % everyDesk === 0 ? String(row[no]) : '');
    set(label, 'x', (left + (i + 0.5) * slot).toFixed(1));
    set(label, 'y', (tall - 5 * u).toFixed(1));
  });
  part.cells.forEach((cell, i) => {
    const row = rows[Math.floor(i / HOURS)], h = i % HOURS, shown = row && h >= from && h <= to;
    const n = shown ? store.get('strip', row[0], two(h)) : 0;
    set(cell, 'width', shown ? Math.max(1, slot - 3 * u).toFixed(1) : '0');
    set(cell, 'height', shown ? Math.max(1, high - 3 * u).toFixed(1) : '0');
    if (!shown) return;
    set(cell, 'x', (left + Math.floor(i / HOURS) * slot + 1.5 * u).toFixed(1));
    set(cell, 'y', (head + (h - from) * high + 1.5 * u).toFixed(1));
    set(cell, 'class', h > hour ? 'heat ahead' : 'heat');
    style(cell, 'fill-opacity', n ? (0.22 + 0.78 * (n / most)).toFixed(2) : '0');
  });
}
