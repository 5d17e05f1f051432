// The same figures as plain tables, for screen readers and for people at a desk (?view=table, T).

import { el, say, set, show, word } from './dom.js';
import { count, DASH, FRESH, FRONT, kindName, satisfaction, span, workdays } from './words.js';
import { windowName } from './names.js';

const rate = (get) => satisfaction(get('rated'), get('negatives')) ?? '样本不足';
const time = (get) => workdays(get('decision_minutes'), get('decision_n')) ?? DASH;
const freshWords = (store, age) => `${FRESH[store.level(age)].join(' ')}${age === null ? '' : `（${span(age)}）`}`;

const COMMON = [
  ['受理（件）', (get) => count(get('accepted'))], ['办结（件）', (get) => count(get('concluded'))],
  ['错窗（件）', (get) => count(get('wrong_window'))], ['平均用时（工作日）', time], ['评价（次）', (get) => count(get('rated'))],
  ['差评（次）', (get) => count(get('negatives'))], ['满意率（%）', rate],
];
const SUBMITTED = ['申请（件）', (get) => count(get('submitted'))], OPEN = ['在办（件）', (get) => count(get('in_progress'))];
const reason = (get) => String(get('reason') || '');

const said = (name) => (get) => String(get(name) || DASH);
const placeOf = (store, centre) => String(store.get('centre', centre, 'name') || centre || '未归属');

const TABLES = [
  { table: 'trouble', title: '现在的问题', age: (store, row) => store.age(row[store.col('trouble', 'centre')] ? store.beat(row[store.col('trouble', 'centre')]) : undefined),
    head: ['地点', (_g, row, store) => placeOf(store, row[store.col('trouble', 'centre')])], columns: [['级别', (get) => (get('level') === 2 ? '◆ 告警' : '▲ 预警')], ['问题', said('what')], ['数量', (get) => count(get('n'))], ['起于', said('since')], ['应由谁处理', said('holder')]] },
  { table: 'due', title: '到期与超期（件）', age: (store) => store.scopeAge(), head: ['责任部门', (_g, row) => row[0] || FRONT],
    columns: [['今日到期', (get) => count(get('today'))], ['明日到期', (get) => count(get('tomorrow'))], ['承诺超期', (get) => count(get('promised'))], ['法定超期', (get) => count(get('statutory'))], ['最早超期', said('since')]] },
  { table: 'city', title: '全市', age: (store) => store.scopeAge(), head: ['范围', (_g, row) => row[1]], columns: [SUBMITTED, OPEN, ...COMMON, ['拒收（条）', (get) => count(get('rejects'))], ['未归属受理（件）', (get) => count(get('unplaced'))]] },
  { table: 'town', title: '区镇', age: (store, row) => store.age(store.townBeat(row[0])), head: ['区镇', (_g, row) => row[1]], columns: [SUBMITTED, OPEN, ...COMMON, ['关注', reason]] },
  { table: 'centre', title: '中心（站点）', age: (store, row) => store.age(store.beat(row[0])), head: ['中心', (_g, row) => row[1]], columns: [SUBMITTED, OPEN, ...COMMON] },
  { table: 'window', title: '窗口', age: (store, row) => store.age(store.beat(row[store.col('window', 'centre')])), head: ['窗口', (_g, row, store) => `${windowName(store, row)} ${kindName(store.kinds[row[store.col('window', 'kind')]])}`], columns: [...COMMON, ['关注', reason]] },
  { table: 'bucket', title: '办理用时（受理至决定，工作日）', age: (store) => store.scopeAge(), head: ['工作日', (_g, row) => row[1]], columns: [['决定（件）', (get) => count(get('n'))]] },
  { table: 'stars', title: '好差评', age: (store) => store.scopeAge(), head: ['等级', (_g, row) => row[1]], columns: [['评价（次）', (get) => count(get('n'))]] },
  { table: 'hour', title: '今日各小时', age: (store) => store.scopeAge(), head: ['小时', (_g, row) => `${row[0]} 时`], columns: [SUBMITTED, ...COMMON] },
];

export function buildTable(root) {
  const note = word('p');
  root.append(word('h2', {}, '政务服务监督大屏 · 数据表'), note);
  const parts = TABLES.map((spec) => {
    const head = el('tr', {}, ...[spec.head[0], '时效', ...spec.columns.map(([name]) => name)].map((name) => word('th', { scope: 'col' }, name)));
    const body = el('tbody');
    const box = el('table', {}, word('caption', {}, spec.title), el('thead', {}, head), body);
    root.append(box);
    return { spec, box, body, lines: [] };
  });
  return { note, parts };
}

export function paintTable({ note, parts }, store) {
  const age = store.scopeAge();
  say(note, `${store.day || '等待数据'} · ${freshWords(store, age)} · 入账水位 #${count(store.position())} · 按 T 返回大屏`);
  for (const part of parts) {
    const rows = store.rows(part.spec.table);
    show(part.box, rows.length > 0);
    while (part.lines.length < rows.length) part.lines.push(newLine(part));
    part.lines.forEach((line, i) => {
      show(line.box, i < rows.length);
      if (i < rows.length) paintLine(line, part.spec, rows[i], store);
    });
  }
}

function newLine({ spec, body }) {
  const cells = [word('th', { scope: 'row' }), word('td'), ...spec.columns.map(() => word('td'))];
  const box = el('tr', { 'data-f': 'wait' }, ...cells);
  body.append(box);
  return { box, cells };
}

function paintLine({ box, cells }, spec, row, store) {
  const get = (name) => row[store.col(spec.table, name)] ?? 0;
  const age = spec.age(store, row), level = store.level(age);
  set(box, 'data-cell', `table:${spec.table}:${row[0]}`);
  set(box, 'data-f', level);
  say(cells[0], String(spec.head[1](get, row, store)));
  say(cells[1], freshWords(store, age));
  const gone = level === 'lost' || level === 'wait';
  spec.columns.forEach(([, value], i) => say(cells[i + 2], gone ? DASH : value(get)));
}
