// Where and why: the tiles of the 区镇, the list of what to look at, the windows.

import { el, flash, say, set, show, style, unit, word } from './dom.js';
import { brief, count, DASH, kindName, shortSpan, span, STATUS } from './words.js';

export const TILES_MAX = 40;
const LINES_MAX = 12;
const TILE_WIDE_MIN = 214, TILE_TALL_MIN = 86, GAP = 8, LINE_TALL = 34;
const BESIDE_NAME = 122, NAME_PX = 24, NAME_PX_MAX = 26, NAME_PX_MIN = 20;

const badge = () => {
  const mark = word('i'), name = word('span'), since = word('span', { class: 'since' });
  return { box: el('span', { class: 'badge' }, mark, name, since), mark, name, since };
};
function paintBadge(part, status, name = STATUS[status][1], since = '') {
  say(part.mark, STATUS[status][0]);
  say(part.name, name);
  say(part.since, since);
  set(part.box, 'class', `badge ${STATUS[status][2]}`);
}

export function buildTiles(root) {
  const tiles = [];
  for (let i = 0; i < TILES_MAX; i += 1) {
    const part = {
      name: word('span', { class: 'name' }), badge: badge(), big: word('b', { class: 'big' }, DASH), open: word('span', { class: 'f-open' }),
      time: word('span', { class: 'f-time' }), bad: word('span', { class: 'f-bad' }), wrong: word('span', { class: 'f-wrong' }), stop: word('span', { class: 'stop' }),
    };
    const figures = el('div', { class: 'l3' }, part.time, part.bad, part.wrong);
    const stopped = el('div', { class: 'l3' }, part.stop);
    const box = el('article', { class: 'tile', 'data-f': 'wait' },
      el('div', { class: 'l1' }, part.name, part.badge.box), el('div', { class: 'l2' }, part.big, part.open), figures, stopped);
    box.hidden = true;
    root.append(box);
    tiles.push({ box, figures, stopped, key: null, ...part });
  }
  return tiles;
}

// Columns so that tiles are nearest to twice as wide as tall, wide enough for the longest name
// beside its status; where that cannot be, the names are set smaller.
export function shapeTiles(root, names) {
  if (!names.length) return;
  const u = unit(), n = names.length, longest = Math.max(...names.map((name) => name.length));
  const wide = root.clientWidth / u, tall = root.clientHeight / u;
  const named = Math.max(TILE_WIDE_MIN, longest * NAME_PX + BESIDE_NAME);
  let best = null;
  for (let columns = 1; columns <= n; columns += 1) {
    const rows = Math.ceil(n / columns);
    const w = (wide + GAP) / columns - GAP, h = (tall + GAP) / rows - GAP;
    const off = Math.abs(Math.log(w / h / 2)) + (columns * rows - n) * 0.2 + (h < TILE_TALL_MIN ? 9 : 0)
      + (w < named ? 1.5 : 0) + (w < TILE_WIDE_MIN ? 4 : 0);
    if (!best || off < best.off) best = { off, columns, rows, w };
  }
  style(root, 'grid-template-columns', `repeat(${best.columns}, minmax(0, 1fr))`);
  style(root, 'grid-template-rows', `repeat(${best.rows}, minmax(0, 1fr))`);
  const fit = Math.floor((best.w - BESIDE_NAME) / longest);
  style(root, '--fit', String(Math.max(NAME_PX_MIN, Math.min(NAME_PX_MAX, fit))));
}

const statusOf = (fresh, level, on, all, business) => {
  if (level === 2 && (fresh === 'live' || fresh === 'late')) return 'bad'; // Red is not hidden by 5 s.
  if (fresh !== 'live') return fresh;
  if (level === 1) return 'warn';
  if (all && on < all) return 'part';
  return business ? 'ok' : 'none';
};

export function paintTiles(tiles, store) {
  const rows = store.rows('town').slice(0, TILES_MAX);
  tiles.forEach((tile, i) => {
    const row = rows[i];
    show(tile.box, Boolean(row));
    if (!row) { tile.box.removeAttribute('data-cell'); return; }
    paintTile(tile, store, row);
  });
  return rows.map((row) => row[1]);
}

function paintTile(tile, store, row) {
  const town = row[0], get = (name) => row[store.col('town', name)];
  const age = store.age(store.townBeat(town)), fresh = store.level(age);
  const [on, all] = store.coverage(town);
  const status = statusOf(fresh, get('level'), on, all, get('accepted') + get('submitted'));
  const gone = fresh === 'lost' || fresh === 'wait', stopped = gone || fresh === 'stale';
  set(tile.box, 'data-cell', `town:${town}`);
  set(tile.box, 'data-f', fresh);
  set(tile.box, 'data-s', status);
  say(tile.name, get('name'));
  paintBadge(tile.badge, status, status === 'part' ? `${on}/${all}` : STATUS[status][1], fresh === 'late' ? (status === 'late' ? shortSpan(age) : '延迟') : status === 'part' ? '在线' : '');
  const same = tile.key === town;
  tile.key = town;
  if (say(tile.big, gone ? DASH : count(get('accepted'))) && same && fresh === 'live') flash(tile.big);
  tile.big.classList.toggle('long', get('accepted') > 9999);
  say(tile.open, gone ? DASH : count(get('in_progress')));
  say(tile.time, brief(get('decision_minutes'), get('decision_n')));
  say(tile.bad, count(get('negatives')));
  say(tile.wrong, count(get('wrong_window')));
  const reason = String(get('reason') || '');
  tile.bad.classList.toggle('hot', reason.includes('差评'));
  tile.wrong.classList.toggle('hot', reason.includes('错窗'));
  show(tile.figures, !stopped);
  show(tile.stopped, stopped);
  const last = gone && fresh !== 'wait' && get('accepted') ? `最后 ${count(get('accepted'))} · ` : '';
  say(tile.stop, fresh === 'wait' ? '等待数据' : age === null ? '从未收到心跳' : last ? `${last}${shortSpan(age)}前` : `数据停在 ${shortSpan(age)}前`);
}

// --- 关注 ---------------------------------------------------------------------------------------

export function buildWatch(root) {
  return Array.from({ length: LINES_MAX }, () => {
    const part = { badge: badge(), place: word('span', { class: 'place' }), why: word('span', { class: 'why' }) };
    const box = el('div', { class: 'line', 'data-f': 'wait' }, part.badge.box, part.place, part.why);
    box.hidden = true;
    root.append(box);
    return { box, ...part };
  });
}

const GRAVITY = { bad: 0, lost: 1, stale: 2, warn: 3, late: 4 };

function matters(store, fresh, age) {
  const found = [];
  if (fresh !== 'live' && fresh !== 'wait') {
    found.push({ status: fresh, at: -1, place: '全市', why: age === null ? '没有可信的数据时间' : `数据停在 ${span(age)}前，所示不是当前数字`, fresh });
    return found;
  }
  const townAt = store.col('centre', 'town');
  for (const row of store.rows('centre')) {
    const own = store.age(store.beat(row[0])), level = store.level(own);
    if (level === 'live' || level === 'wait') continue;
    const town = row[townAt] === row[0] ? '' : `（${store.get('town', row[townAt], 'name')}）`;
    found.push({ status: level, at: GRAVITY[level], size: -(own ?? 1e9), place: row[1], why: own === null ? `从未收到心跳${town}` : `线路静默 ${span(own)}${town}`, fresh: level });
  }
  for (const row of store.rows('town')) {
    const level = row[store.col('town', 'level')];
    if (!level) continue;
    const status = level === 2 ? 'bad' : 'warn';
    const reason = row[store.col('town', 'reason')];
    found.push({ status, at: GRAVITY[status], size: -row[store.col('town', 'negatives')], place: row[1], why: reason + worst(store, row[0], reason), fresh: 'live' });
  }
  return found.sort((a, b) => a.at - b.at || a.size - b.size);
}

// The window behind it: 60-second question "why".
function worst(store, town, reason) {
  const code = reason.startsWith('差评') ? 'negatives' : 'wrong_window';
  const centreAt = store.col('window', 'centre'), at = store.col('window', code);
  let top = null;
  for (const row of store.rows('window')) {
    if (store.get('centre', row[centreAt], 'town') === town && row[at] && (!top || row[at] > top[at])) top = row;
  }
  return top ? `，其中 ${top[store.col('window', 'no')]} 号窗 ${count(top[at])}` : '';
}

export function paintWatch(lines, root, sub, store) {
  const age = store.age(), fresh = store.level(age);
  const found = matters(store, fresh, age), fit = Math.min(LINES_MAX, Math.floor((root.clientHeight + 1) / (LINE_TALL * unit())));
  if (!found.length) {
    found.push(fresh === 'wait' ? { status: 'wait', place: '全市', why: '还没有收到账本的心跳', fresh }
      : { status: 'ok', place: '全市', why: '没有需要关注的区镇与线路', fresh });
  }
  lines.forEach((line, i) => {
    const one = found[i];
    show(line.box, Boolean(one) && i < fit);
    if (!one) { line.box.removeAttribute('data-cell'); return; }
    set(line.box, 'data-cell', `watch:${i}`);
    set(line.box, 'data-f', fresh === 'live' ? one.fresh : fresh);
    paintBadge(line.badge, one.status);
    say(line.place, one.place);
    say(line.why, one.why);
  });
  say(sub, found.length > fit ? `${found.length} 项，另有 ${found.length - fit} 项按 T 看表` : '先看红色 ◆，再看灰色 ◌');
}

// --- 窗口 ---------------------------------------------------------------------------------------

export function buildWindows(root) {
  root.append(el('div', { class: 'line th' }, ...['窗口', '受理', '负荷', '差评', '错窗', '状态'].map((name) => word('span', {}, name))));
  return Array.from({ length: LINES_MAX }, () => {
    const part = { place: word('span'), kind: word('span', { class: 'kind' }), badge: badge() };
    for (const name of ['accepted', 'load', 'bad', 'wrong']) part[name] = word('span');
    const box = el('div', { class: 'line', 'data-f': 'wait' }, el('span', { class: 'place' }, part.place, part.kind), part.accepted, part.load, part.bad, part.wrong, part.badge.box);
    box.hidden = true;
    root.append(box);
    return { box, ...part };
  });
}

export function windowName(store, row) {
  return `${store.get('centre', row[store.col('window', 'centre')], 'name') || row[store.col('window', 'centre')] || ''} ${row[store.col('window', 'no')]} 号`;
}

export function paintWindows(lines, root, store) {
  const at = Object.fromEntries(['level', 'accepted', 'kind', 'centre', 'negatives', 'wrong_window'].map((name) => [name, store.col('window', name)]));
  const rows = store.rows('window'), mean = new Map();
  for (const row of rows) {
    const seen = mean.get(row[at.kind]) ?? [0, 0];
    mean.set(row[at.kind], [seen[0] + row[at.accepted], seen[1] + 1]);
  }
  const fit = Math.min(LINES_MAX, Math.max(0, Math.floor((root.clientHeight + 1) / (LINE_TALL * unit())) - 1));
  const top = rows.sort((a, b) => b[at.level] - a[at.level] || b[at.accepted] - a[at.accepted] || (a[0] < b[0] ? -1 : 1)).slice(0, fit);
  lines.forEach((line, i) => {
    const row = top[i];
    show(line.box, Boolean(row));
    if (!row) { line.box.removeAttribute('data-cell'); return; }
    const fresh = store.level(store.age(store.beat(row[at.centre])));
    const gone = fresh === 'lost' || fresh === 'wait';
    const [sum, n] = mean.get(row[at.kind]);
    set(line.box, 'data-cell', `window:${row[0]}`);
    set(line.box, 'data-f', fresh);
    say(line.place, windowName(store, row));
    say(line.kind, ` ${kindName(store.kinds[row[at.kind]])}`);
    say(line.accepted, gone ? DASH : count(row[at.accepted]));
    say(line.load, gone || !sum ? DASH : `×${((row[at.accepted] * n) / sum).toFixed(1)}`);
    say(line.bad, gone ? DASH : count(row[at.negatives]));
    say(line.wrong, gone ? DASH : count(row[at.wrong_window]));
    paintBadge(line.badge, statusOf(fresh, row[at.level], 1, 1, row[at.accepted]));
  });
}

