// 大厅 and 到期: where people wait, which windows serve; what is due today, tomorrow, and late.

import { centreName } from './names.js';
import { el, say, set, show, unit, word } from './dom.js';
import { count, DASH, FRONT } from './words.js';

const LINES = 12, LINE_TALL = 34;

export function minutesSince(clock, store) {
  if (!clock || !store.clockNow) return -1;
  const [h, m] = clock.split(':').map(Number), [hh, mm] = store.clockNow.split(':').map(Number);
  return Math.max(0, hh * 60 + mm - h * 60 - m);
}

// The earliest minute from which somebody waits in this scope; '' = nobody waits.
export const oldestWait = (store) => store.rows('hall').reduce((first, row) => (row[1] && (!first || row[1] < first) ? row[1] : first), '');

function build(root, heads, parts) {
  root.append(el('div', { class: 'line th' }, ...heads.map((name) => word('span', {}, name))));
  return Array.from({ length: LINES }, () => {
    const part = Object.fromEntries(parts.map((name) => [name, word('span', { class: name })]));
    part.box = el('div', { class: 'line', 'data-f': 'wait' }, ...parts.map((name) => part[name]));
    part.box.hidden = true;
    root.append(part.box);
    return part;
  });
}

const fitting = (root) => Math.min(LINES, Math.max(0, Math.floor((root.clientHeight + 1) / (LINE_TALL * unit())) - 1));

export const buildHalls = (root) => build(root, ['中心', '等候', '最久', '开/停', '在厅'], ['place', 'waiting', 'oldest', 'windows', 'heads']);

const beyond = (n, of) => (n > 0 ? `，另有 ${n} ${of}` : '');

export function paintHalls(lines, root, sub, store) {
  const get = (row, name) => row[store.col('centre', name)] || 0, fit = fitting(root);
  const rows = store.rows('centre').filter((row) => get(row, 'waiting') || get(row, 'open') || get(row, 'paused'));
  const since = (row) => store.get('hall', row[0], 'oldest') || '', heads = (row) => store.get('hall', row[0], 'heads');
  rows.sort((a, b) => (since(a) || '99') < (since(b) || '99') ? -1 : since(a) === since(b) ? get(b, 'waiting') - get(a, 'waiting') : 1);
  say(sub, `等候最久在前${beyond(rows.filter((row) => get(row, 'waiting')).length - fit, '处')}`);
  lines.forEach((line, i) => {
    const row = i < fit ? rows[i] : undefined;
    show(line.box, Boolean(row) || (i === 0 && fit > 0));
    line.box.classList.toggle('none', !row);
    if (!row) {
      line.box.removeAttribute('data-cell');
      if (i === 0) { say(line.place, '暂无排队与窗口数据'); set(line.box, 'data-f', store.level(store.scopeAge())); }
      return;
    }
    const fresh = store.level(store.age(store.beat(row[0]))), gone = fresh === 'lost' || fresh === 'wait';
    const min = minutesSince(since(row), store);
    set(line.box, 'data-cell', `hall:${row[0]}`);
    set(line.box, 'data-f', fresh);
    set(line.box, 'data-level', gone || min <= 30 ? '0' : min > 60 ? '2' : '1');
    say(line.place, store.scope.kind === 'city' ? String(row[store.col('centre', 'name')]) : centreName(store, row[0]));
    say(line.waiting, gone ? DASH : count(get(row, 'waiting')));
    say(line.oldest, gone || min < 0 ? DASH : `${min} 分`);
    say(line.windows, gone ? DASH : `${get(row, 'open')}/${get(row, 'paused')}`);
    say(line.heads, gone || !heads(row) ? DASH : count(heads(row)));
  });
}

export const buildDue = (root) => build(root, ['责任部门', '今日', '明日', '超承诺', '超法定', '最早'], ['place', 'today', 'tomorrow', 'promised', 'statutory', 'since']);

export function paintDue(lines, root, sub, store) {
  const level = store.level(store.scopeAge()), gone = level === 'lost' || level === 'wait', fit = fitting(root);
  const at = Object.fromEntries(['today', 'tomorrow', 'promised', 'statutory', 'since'].map((name) => [name, store.col('due', name)]));
  const rows = store.rows('due').sort((a, b) => b[at.statutory] - a[at.statutory] || b[at.promised] - a[at.promised] || b[at.today] - a[at.today] || b[at.tomorrow] - a[at.tomorrow]);
  say(sub, `件 · 按部门${beyond(rows.length - fit, '个')}`);
  lines.forEach((line, i) => {
    const row = i < fit ? rows[i] : undefined;
    show(line.box, Boolean(row) || (i === 0 && fit > 0));
    set(line.box, 'data-f', level);
    line.box.classList.toggle('none', !row);
    if (!row) { if (i === 0) say(line.place, gone ? DASH : '今明两日无到期，无超期'); return; }
    set(line.box, 'data-level', gone ? '0' : row[at.statutory] ? '2' : row[at.promised] ? '1' : '0');
    say(line.place, row[0] || FRONT);
    for (const name of ['today', 'tomorrow', 'promised', 'statutory']) say(line[name], gone ? DASH : count(row[at[name]]));
    say(line.since, gone || !row[at.since] ? DASH : day(row[at.since]));
  });
}

export const day = (iso) => `${Number(iso.slice(5, 7))}月${Number(iso.slice(8, 10))}日`;
