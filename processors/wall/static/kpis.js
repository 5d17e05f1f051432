// The strip of seven figures: what happens in the city today.

import { el, flash, say, set, word } from './dom.js';
import { minutesSince, oldestWait } from './halls.js';
import { big, count, DASH, FRESH, satisfaction, shortSpan, workdays } from './words.js';

const longest = (store) => minutesSince(oldestWait(store), store);
function waits(f, store) {
  const windows = `开 ${count(f('open'))}`;
  const min = longest(store);
  return f('waiting') && min >= 0 ? `最久 ${min} 分 · ${windows}` : `窗口${windows}`;
}

const FIGURES = [
  { id: 'accepted', name: '今日受理', of: '件', unit: '', spark: 'accepted',
    value: (f) => big(f('accepted')), sub: (f, h, store, hour) => againstUsual(store, Number(hour)) || `今日申请 ${count(f('submitted'))}` },
  { id: 'concluded', name: '今日办结', of: '件', unit: '', spark: 'concluded',
    value: (f) => big(f('concluded')), sub: (f) => { const mean = workdays(f('decision_minutes'), f('decision_n')); return mean ? `均 ${mean} 工作日` : '今日尚无决定'; } },
  { id: 'in_progress', name: '在办', of: '件', unit: '', spark: 'in_progress',
    value: (f) => big(f('in_progress')), sub: (f) => `今日到期 ${count(f('due'))}` },
  { id: 'late', name: '超期在办', of: '件', unit: '', level: (f) => (f('over') ? 2 : f('late') ? 1 : 0),
    value: (f) => big(f('over') + f('late')), sub: (f) => `法定 ${count(f('over'))} · 承诺 ${count(f('late'))}` },
  { id: 'waiting', name: '等候', of: '人', unit: '', level: (f, store) => { const min = longest(store); return min > 60 ? 2 : min > 30 ? 1 : 0; },
    value: (f) => big(f('waiting')), sub: (f, h, store) => waits(f, store) },
  { id: 'satisfaction', name: '满意率', unit: '%', spark: 'rated',
    value: (f) => [satisfaction(f('rated'), f('negatives')) ?? '样本不足', ''],
    sub: (f) => `差评 ${count(f('negatives'))} / 评价 ${count(f('rated'))}` },
  { id: 'negatives', name: '差评未办结', of: '件', unit: '', level: (f) => (f('neg_late') ? 2 : 0),
    value: (f) => big(f('neg')), sub: (f) => (f('neg_late') ? `逾期 ${count(f('neg_late'))}` : '均在期限内') },
];

export function buildKpis(root) {
  return FIGURES.map((figure) => {
    const parts = {
      name: el('span', { class: 'name' }, figure.name, word('small', {}, figure.of ?? '')),
      spark: el('svg', { class: 'spark', viewBox: '0 0 112 30', preserveAspectRatio: 'none', 'aria-hidden': 'true' }),
      line: el('polyline', { 'vector-effect': 'non-scaling-stroke' }),
      num: word('span', { class: 'num' }, DASH), unit: word('span', { class: 'unit' }, figure.unit),
      sub: word('div', { class: 'sub' }),
    };
    parts.spark.append(parts.line);
    const box = el('article', { class: 'kpi', 'data-cell': `kpi:${figure.id}`, 'data-f': 'wait' },
      el('div', { class: 'top' }, parts.name, parts.spark),
      el('div', { class: 'val' }, parts.num, parts.unit), parts.sub);
    root.append(box);
    return { figure, box, ...parts };
  });
}

export function paintKpis(kpis, store, hour) {
  const age = store.scopeAge();
  const level = store.level(age);
  const figures = (name) => store.unit(name);
  const ofHour = (name) => store.get('hour', hour, name);
  for (const kpi of kpis) {
    set(kpi.box, 'data-f', level);
    set(kpi.box, 'data-level', String(level === 'live' || level === 'late' ? kpi.figure.level?.(figures, store) ?? 0 : 0));
    const [value, prefix] = kpi.figure.value(figures);
    const gone = level === 'lost' || level === 'wait';
    const words = !gone && !/^[-\d]/.test(value);
    kpi.num.classList.toggle('words', words);
    if (say(kpi.num, gone ? DASH : value) && level === 'live') flash(kpi.num);
    say(kpi.unit, level === 'lost' ? `最后 ${value}${prefix}` : words || gone ? '' : prefix + kpi.figure.unit);
    if (level === 'wait') say(kpi.sub, '等待数据');
    else if (level !== 'live') say(kpi.sub, `${FRESH[level].join(' ')} ${shortSpan(age)}`);
    else say(kpi.sub, kpi.figure.sub(figures, ofHour, store, hour));
    set(kpi.line, 'points', level === 'live' && kpi.figure.spark ? sparkPoints(store, kpi.figure.spark, hour) : '');
  }
}

// Full hours of today against the mean of the same hours of the earlier days at hand.
function againstUsual(store, hour) {
  const days = store.get('usual', 'days', 'accepted');
  let today = 0, before = 0;
  for (let h = 0; h < hour; h += 1) {
    const key = String(h).padStart(2, '0');
    today += store.get('hour', key, 'accepted');
    before += store.get('usual', key, 'accepted');
  }
  if (!days || before < 20 * days) return '';
  const change = Math.round(((today * days) / before - 1) * 100);
  return change === 0 ? '与往日同时段持平' : `较往日 ${change > 0 ? '↑升' : '↓降'} ${Math.abs(change)} %`;
}

function sparkPoints(store, code, hour) {
  const last = Number(hour);
  const [of, per] = Array.isArray(code) ? code : [code, null];
  const values = [];
  let begun = false;
  for (let h = 0; h <= last; h += 1) {
    const key = String(h).padStart(2, '0');
    if (!begun && !store.get('hour', key, 'accepted') && !store.get('hour', key, 'submitted')) continue;
    begun = true;
    const n = store.get('hour', key, of);
    const d = per ? store.get('hour', key, per) : 1;
    if (d) values.push(n / d);
  }
  if (values.length < 2) return '';
  const top = Math.max(...values), low = of === 'in_progress' || per ? Math.min(...values) : 0;
  const tall = top - low || 1;
  return values.map((v, i) => `${((i / (values.length - 1)) * 112).toFixed(1)},${(27 - ((v - low) / tall) * 24).toFixed(1)}`).join(' ');
}

