// 现在的问题: is anything wrong now, where, since when, and who holds it.

import { day, minutesSince } from './halls.js';
import { centreName, inTown, unitName } from './names.js';
import { count, LINE_KEEPER, MANAGER, span } from './words.js';

const order = (a, b) => a.at - b.at || ((a.from ?? '') < (b.from ?? '') ? -1 : (a.from ?? '') > (b.from ?? '') ? 1 : 0) || a.size - b.size;
// A queue is of this minute, a silent line hides what is: both before what is late since days.
const GRAVITY = { queue: 0, lost: 1, stale: 2, bad: 3, warn: 4, late: 5 };
const isQueue = (since) => /^\d\d:\d\d$/.test(since);

export function matters(store, fresh, age) {
  const found = [];
  if (fresh !== 'live' && fresh !== 'wait') {
    found.push({ status: fresh, at: -1, place: unitName(store), why: age === null ? '没有可信的数据时间' : `数据停在 ${span(age)}前，所示不是当前数字`, since: '', holder: '', fresh });
    return found;
  }
  if (store.scope.kind !== 'city') return localMatters(store);
  found.push(...troubles(store));
  const townAt = store.col('centre', 'town');
  for (const row of store.rows('centre')) {
    const own = store.age(store.beat(row[0])), level = store.level(own);
    if (level === 'live' || level === 'wait') continue;
    const town = row[townAt] === row[0] ? '' : `（${store.get('town', row[townAt], 'name')}）`;
    found.push({ status: level, at: GRAVITY[level], size: -(own ?? 1e9), place: row[1], why: own === null ? `从未收到心跳${town}` : `断线${town || '，无数据'}`, since: silent(own), holder: LINE_KEEPER, fresh: level });
  }
  for (const row of store.rows('town')) {
    const reason = String(row[store.col('town', 'reason')] || '');
    if (!reason) continue;
    const status = row[store.col('town', 'level')] === 2 ? 'bad' : 'warn';
    found.push({ status, at: GRAVITY[status] + 0.5, size: -row[store.col('town', 'negatives')], place: row[1], why: mostly(store, row, reason), since: fromHour(store, row, reason), holder: MANAGER, fresh: 'live' });
  }
  return found.sort(order);
}

const silent = (age) => (age === null ? '' : `已 ${span(age)}`);

// "9 时起": the first hour of today in which there was one of what the reason names.
function fromHour(store, row, reason) {
  const hours = [['差评', 'neg_from'], ['错窗', 'wrong_from']].filter(([name]) => reason.includes(name)).map(([, code]) => row[store.col('town', code)]).filter((h) => h > 0);
  return hours.length ? `${Math.min(...hours) - 1} 时起` : '今日';
}

// The window behind it, where one has a third of it: 60-second question "why".
function mostly(store, row, reason) {
  const code = reason.startsWith('差评') ? 'negatives' : 'wrong_window';
  const centreAt = store.col('window', 'centre'), at = store.col('window', code);
  let top = null;
  for (const window of store.rows('window')) {
    if (store.get('centre', window[centreAt], 'town') === row[0] && window[at] && (!top || window[at] > top[at])) top = window;
  }
  const all = row[store.col('town', code)];
  if (!top || reason.includes(' · ') || top[at] * 3 < all) return short(reason);
  return `${reason.split('（')[0]}，${top[store.col('window', 'no')]} 号窗 ${count(top[at])}`;
}

// What a tile is of → how many wait there, where that is too many or too long.
export function queues(store) {
  const at = Object.fromEntries(['n', 'since'].map((name) => [name, store.col('trouble', name)])), found = {};
  const place = store.col('trouble', store.scope.kind === 'city' ? 'town' : 'centre');
  for (const row of store.rows('trouble')) if (isQueue(row[at.since])) found[row[place]] = (found[row[place]] || 0) + row[at.n];
  return found;
}

// What the registers and the alerts say: late cases, negatives past their due, queues.
function troubles(store) {
  const at = Object.fromEntries(['level', 'centre', 'what', 'n', 'since', 'holder'].map((name) => [name, store.col('trouble', name)]));
  return store.rows('trouble').map((row) => {
    const status = row[at.level] === 2 ? 'bad' : 'warn', centre = row[at.centre];
    const own = store.level(store.age(centre ? store.beat(centre) : undefined));
    const place = store.scope.kind === 'city' ? inTown(store, centre) : store.scope.kind === 'centre' ? '本中心' : centreName(store, centre);
    const n = row[at.n], queue = isQueue(row[at.since]);
    const why = `${row[at.what]}${n > 1 || !String(row[0]).startsWith('alert/') ? ` ${count(n)} ${queue ? '人' : '件'}` : ''}`;
    return { status, at: GRAVITY[queue && status === 'bad' ? 'queue' : status], size: -n, from: String(row[at.since]), place, why, since: since_(String(row[at.since]), store), holder: String(row[at.holder] || '—'), fresh: own === 'wait' ? 'live' : own };
  });
}

function since_(text, store) {
  if (isQueue(text)) return `${text} 起 ${minutesSince(text, store)} 分`;
  if (text.length > 10 && text.slice(0, 10) === store.day) {
    const min = minutesSince(text.slice(11, 16), store);
    return `${text.slice(11, 16)} 起 ${min < 60 ? `${min} 分` : `${Math.floor(min / 60)} 小时`}`;
  }
  if (text.length < 10) return '';
  const days = Math.round((Date.parse(store.day) - Date.parse(text.slice(0, 10))) / 864e5);
  return days > 0 ? `${day(text)}起 ${days} 天` : `${day(text)}起`;
}


const AT = [['差评', 'negatives'], ['错窗', 'wrong']];

// "14 时起至今", "8 时起至 14 时": from the first to the last hour of today in which there was one.
function since(store, table, row, reason) {
  let from = 24, last = -1;
  for (const [name, code] of AT) {
    const first = row[store.col(table, `${code}_from`)];
    if (!reason.includes(name) || !(first >= 0)) continue;
    from = Math.min(from, first);
    last = Math.max(last, row[store.col(table, `${code}_last`)]);
  }
  if (last < 0) return '';
  return last >= store.hour ? `${from} 时起至今` : from === last ? `${from} 时` : `${from} 时起至 ${last} 时`;
}

// Two reasons in one line go without what they are measured by.
const short = (reason) => (reason.includes(' · ') ? reason.replace(/（[^）]*）/g, '') : reason);

function localMatters(store) {
  const found = troubles(store);
  const add = (table, row, place, ahead, holder) => {
    const level = row[store.col(table, 'level')], reason = String(row[store.col(table, 'reason')] || '');
    if (!reason) return;
    const status = level === 2 ? 'bad' : 'warn', when = since(store, table, row, reason);
    found.push({ status, at: GRAVITY[status] + 0.7 + ahead, size: -row[store.col(table, 'negatives')], place, why: short(reason), since: when, holder, fresh: 'live' });
  };
  for (const row of store.rows('centre')) {
    const own = store.age(store.beat(row[0])), level = store.level(own);
    if (level === 'live' || level === 'wait') continue;
    found.push({ status: level, at: GRAVITY[level], size: -(own ?? 1e9), place: centreName(store, row[0]), why: own === null ? '从未收到心跳' : '断线，无数据', since: silent(own), holder: LINE_KEEPER, fresh: level });
  }
  for (const row of store.rows('window')) {
    if (!row[store.col('window', 'level')]) continue;
    const staff = row[store.col('window', 'staff')];
    add('window', row, `${row[store.col('window', 'no')]} 号窗口`, 0, staff ? `在窗工号 ${staff}` : MANAGER);
  }
  // The centre first, then its windows; trouble spread thin has no window to name.
  for (const row of store.rows('centre')) {
    if (row[store.col('centre', 'level')]) add('centre', row, store.scope.kind === 'centre' ? '本中心' : centreName(store, row[0]), -0.2, MANAGER);
  }
  if (!found.length && store.scope.kind === 'town' && store.unit('reason')) {
    found.push({ status: store.unit('level') === 2 ? 'bad' : 'warn', at: 0, size: 0, place: '本区镇', why: short(String(store.unit('reason') || '')), since: '今日', holder: '各中心值班主任', fresh: 'live' });
  }
  return found.sort(order);
}
