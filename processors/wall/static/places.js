// Where and why: the tiles of the 区镇, the list of what to look at, the windows.

import { badge, paintBadge, statusOf } from './badge.js';
import { windowCard } from './local.js';
import { centreName, unitName } from './names.js';
import { matters, queues } from './watch.js';
import { el, flash, say, set, show, style, unit, word } from './dom.js';
import { brief, count, DASH, shortSpan, STATUS } from './words.js';

export const TILES_MAX = 40;
export const MANY = 20; // More tiles need room: panels go before letters shrink.
const WINDOW_WIDE_MIN = 320, WINDOW_NARROW_MIN = 226; // With stars and the name of its kind, and without.
const LINES_MAX = 12, TROUBLES_MAX = 40; // The rows that the wall is sent at most.
const TILE_WIDE_MIN = 214, TILE_TALL_MIN = 85, GAP = 8, LINE_TALL = 34;
const BESIDE_NAME = 122, FEW = 6, NAME_PX = 24, NAME_PX_MAX = 26, NAME_PX_MIN = 20;

export function buildTiles(root) {
  const tiles = [];
  for (let i = 0; i < TILES_MAX; i += 1) {
    const part = {
      name: word('span', { class: 'name' }), badge: badge(), big: word('b', { class: 'big' }, DASH), open: word('span', { class: 'f-open' }),
      time: word('span', { class: 'f-time' }), bad: word('span', { class: 'f-bad' }), wrong: word('span', { class: 'f-wrong' }), stars: word('span', { class: 'f-stars' }), stop: word('span', { class: 'stop' }),
    };
    const figures = el('div', { class: 'l3' }, part.time, part.stars, part.bad, part.wrong);
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
export function shapeTiles(root, names, least = 0) {
  if (!names.length) return;
  const u = unit(), n = names.length, longest = Math.max(...names.map((name) => name.length));
  const wide = root.clientWidth / u, tall = root.clientHeight / u;
  const named = Math.max(TILE_WIDE_MIN, least, longest * NAME_PX + BESIDE_NAME);
  let best = null;
  for (let columns = 1; columns <= n; columns += 1) {
    const rows = Math.ceil(n / columns);
    const w = (wide + GAP) / columns - GAP, h = (tall + GAP) / rows - GAP;
    const off = Math.abs(Math.log(w / h / 2)) + (columns * rows - n) * (n <= FEW ? 1.5 : 0.2) + (h < TILE_TALL_MIN ? 9 : 0)
      + (w < named ? (least ? 6 : 1.5) : 0) + (w < TILE_WIDE_MIN ? 4 : 0);
    if (!best || off < best.off) best = { off, columns, rows, w };
  }
  style(root, 'grid-template-columns', `repeat(${best.columns}, minmax(0, 1fr))`);
  style(root, 'grid-template-rows', `repeat(${best.rows}, minmax(0, 1fr))`);
  const fit = Math.floor((best.w - BESIDE_NAME) / longest);
  style(root, '--fit', String(Math.max(NAME_PX_MIN, Math.min(NAME_PX_MAX, fit))));
}

// What a tile of this scope is about: a 区镇 in the city, a centre in a 区镇, a window in a centre.
function cards(store) {
  const { kind } = store.scope;
  if (kind === 'centre') return store.rows('window').map((row) => windowCard(store, row));
  if (kind === 'town') {
    return store.rows('centre').map((row) => {
      const beat = store.beat(row[0]);
      return { row, table: 'centre', name: centreName(store, row[0]), beat, on: 1, all: 1, to: `centre:${row[0]}` };
    });
  }
  // What belongs nowhere has a tile when there is something of it.
  return store.rows('town').filter((row) => row[0] || row[store.col('town', 'accepted')] || row[store.col('town', 'submitted')]).map((row) => {
    const [on, all] = store.coverage(row[0]);
    return { row, table: 'town', name: row[store.col('town', 'name')], beat: store.townBeat(row[0]), on, all, to: row[0] ? `town:${row[0]}` : '' };
  });
}

// How many tiles of a local wall can be read; those with trouble come first when that is not all.
function fitting(found, root, store) {
  if (store.scope.kind === 'city') return [found.slice(0, TILES_MAX), 0];
  const crowd = store.scope.kind === 'centre' && found.length > MANY;
  if (crowd) for (const card of found) [card.name] = card.name.split(' ');
  const longest = Math.max(0, ...found.map((card) => card.name.length)), u = unit();
  const least = store.scope.kind === 'town' ? Math.max(TILE_WIDE_MIN, longest * NAME_PX + BESIDE_NAME) : crowd ? WINDOW_NARROW_MIN : WINDOW_WIDE_MIN;
  const columns = Math.max(1, Math.floor((root.clientWidth / u + GAP) / (least + GAP)));
  const rows = Math.max(1, Math.floor((root.clientHeight / u + GAP) / (TILE_TALL_MIN + GAP)));
  const most = Math.min(TILES_MAX, columns * rows);
  if (found.length <= most) return [found, least];
  const grave = (card) => (card.row[store.col(card.table, 'level')] || 0) * 2 + (store.level(store.age(card.beat)) === 'live' ? 0 : 1);
  return [found.sort((a, b) => grave(b) - grave(a)).slice(0, most), least];
}

export function paintTiles(tiles, root, store) {
  const all = cards(store), sum = all.length, [found, least] = fitting(all, root, store), names = found.map((card) => card.name), waits = queues(store);
  tiles.forEach((tile, i) => {
    const card = found[i];
    show(tile.box, Boolean(card));
    if (!card) { tile.box.removeAttribute('data-cell'); tile.to = ''; return; }
    paintTile(tile, store, card, waits[card.row[0]] || 0);
  });
  return { names, least, all: sum };
}

function paintTile(tile, store, card, waits) {
  const { row, table, on, all } = card, town = row[0], get = (name) => row[store.col(table, name)];
  const age = store.age(card.beat), fresh = store.level(age);
  const gone = fresh === 'lost' || fresh === 'wait', stopped = gone || fresh === 'stale';
  const busy = card.busy ?? get('accepted') + get('submitted');
  const status = statusOf(fresh, get('level'), on, all, busy);
  tile.to = card.to;
  set(tile.box, 'data-cell', `${table}:${town}`);
  set(tile.box, 'data-f', fresh);
  set(tile.box, 'data-s', status);
  say(tile.name, card.name);
  const calm = status === 'ok' || status === 'none', since = card.since && calm ? card.since : '';
  const named = status === 'part' ? `${on}/${all}` : calm && card.state ? card.state : STATUS[status][1];
  paintBadge(tile.badge, status, named, since || (fresh === 'late' ? (status === 'late' ? shortSpan(age) : '延迟') : status === 'part' ? '在线' : ''));
  const same = tile.key === `${table}:${town}`;
  tile.key = `${table}:${town}`;
  if (say(tile.big, gone ? DASH : count(get('accepted'))) && same && fresh === 'live') flash(tile.big);
  tile.big.classList.toggle('long', get('accepted') > 9999);
  say(tile.open, gone ? DASH : count(card.open ?? get('in_progress')));
  say(tile.stars, card.stars ?? '');
  set(tile.stars, 'data-k', card.mark ?? '');
  show(tile.stars, Boolean(card.stars));
  const late = (get('over') || 0) + (get('late') || 0);
  // Where only cards make it amber, the tile says so: no colour without a reason on it.
  const cards = waits || late || get('reason') ? 0 : get('cards') || 0, told = waits || late || cards;
  set(tile.time, 'data-k', waits ? 'waits' : late ? 'late' : cards ? 'cards' : '');
  say(tile.time, told ? count(told) : brief(get('decision_minutes'), get('decision_n')));
  tile.time.classList.toggle('hot', told > 0);
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
  root.append(el('div', { class: 'line th' }, ...['状态', '地点', '问题', '何时起', '应由谁处理'].map((name) => word('span', {}, name))));
  return Array.from({ length: LINES_MAX }, () => {
    const part = { badge: badge(), place: word('span', { class: 'place' }), why: word('span', { class: 'why' }), since: word('span', { class: 'since' }), holder: word('span', { class: 'holder' }) };
    const box = el('div', { class: 'line', 'data-f': 'wait' }, part.badge.box, part.place, part.why, part.since, part.holder);
    box.hidden = true;
    root.append(box);
    return { box, ...part };
  });
}

export function paintWatch(lines, root, sub, store) {
  const age = store.scopeAge(), fresh = store.level(age);
  const found = matters(store, fresh, age), fit = Math.min(LINES_MAX, Math.floor((root.clientHeight + 1) / (LINE_TALL * unit())) - 1);
  if (!found.length) {
    found.push(fresh === 'wait' ? { status: 'wait', place: unitName(store), why: '还没有收到账本的心跳', since: '', holder: '', fresh }
      : { status: 'ok', place: unitName(store), why: '没有超期、积压、差评逾期和断线', since: '', holder: '', fresh });
  }
  lines.forEach((line, i) => {
    const one = found[i];
    show(line.box, Boolean(one) && i < fit);
    if (!one) { line.box.removeAttribute('data-cell'); return; }
    set(line.box, 'data-cell', `watch:${i}`);
    set(line.box, 'data-f', fresh === 'live' ? one.fresh : fresh);
    set(line.box, 'data-s', one.status);
    paintBadge(line.badge, one.status);
    say(line.place, one.place);
    say(line.why, one.why);
    say(line.since, one.since);
    say(line.holder, one.holder);
    line.box.classList.toggle('alone', !one.since && !one.holder);
  });
  say(sub, found.length > fit ? `${found.length} 项${found.length >= TROUBLES_MAX ? '以上' : ''}，急的在前，另有 ${found.length - fit} 项按 T 看表` : found[0].status === 'ok' ? '' : `共 ${found.length} 项`);
}
