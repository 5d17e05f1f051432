// 关注: is anything wrong now, where, since when.

import { centreName } from './local.js';
import { count, span } from './words.js';

export const unitName = (store) => ({ city: '全市', town: '本区镇', centre: '本中心' })[store.scope.kind];

const GRAVITY = { bad: 0, lost: 1, stale: 2, warn: 3, late: 4 };

export function matters(store, fresh, age) {
  const found = [];
  if (fresh !== 'live' && fresh !== 'wait') {
    found.push({ status: fresh, at: -1, place: unitName(store), why: age === null ? '没有可信的数据时间' : `数据停在 ${span(age)}前，所示不是当前数字`, fresh });
    return found;
  }
  if (store.scope.kind !== 'city') return localMatters(store);
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


const AT = [['差评', 'negatives'], ['错窗', 'wrong']];

// "14 时起至今", "8–14 时": from the first to the last hour of today in which there was one.
function since(store, table, row, reason) {
  let from = 24, last = -1;
  for (const [name, code] of AT) {
    const first = row[store.col(table, `${code}_from`)];
    if (!reason.includes(name) || !(first >= 0)) continue;
    from = Math.min(from, first);
    last = Math.max(last, row[store.col(table, `${code}_last`)]);
  }
  if (last < 0) return '';
  return last >= store.hour ? `${from} 时起至今 · ` : from === last ? `${from} 时 · ` : `${from}–${last} 时 · `;
}

// Two reasons in one line go without what they are measured by.
const short = (reason) => (reason.includes(' · ') ? reason.replace(/（[^）]*）/g, '') : reason);

function localMatters(store) {
  const found = [];
  const add = (table, row, place, ahead = 0) => {
    const level = row[store.col(table, 'level')], reason = String(row[store.col(table, 'reason')] || '');
    const status = level === 2 ? 'bad' : 'warn', when = since(store, table, row, reason);
    found.push({ status, at: GRAVITY[status] + ahead, size: -row[store.col(table, 'negatives')], place, why: when + short(reason), fresh: 'live' });
  };
  for (const row of store.rows('centre')) {
    const own = store.age(store.beat(row[0])), level = store.level(own);
    if (level === 'live' || level === 'wait') continue;
    found.push({ status: level, at: GRAVITY[level], size: -(own ?? 1e9), place: centreName(store, row[0]), why: own === null ? '从未收到心跳' : `线路静默 ${span(own)}`, fresh: level });
  }
  for (const row of store.rows('window')) {
    if (!row[store.col('window', 'level')]) continue;
    add('window', row, `${row[store.col('window', 'no')]} 号窗口`);
  }
  // The centre first, then its windows; trouble spread thin has no window to name.
  for (const row of store.rows('centre')) {
    if (row[store.col('centre', 'level')] ) add('centre', row, store.scope.kind === 'centre' ? '本中心' : centreName(store, row[0]), -0.5);
  }
  if (!found.length && store.scope.kind === 'town' && store.unit('level')) {
    found.push({ status: store.unit('level') === 2 ? 'bad' : 'warn', at: 0, size: 0, place: '本区镇', why: `${store.unit('reason')}，分散在各处`, fresh: 'live' });
  }
  return found.sort((a, b) => a.at - b.at || a.size - b.size);
}
