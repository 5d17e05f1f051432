// 差评闭环: the open negatives with their countdowns and who acts next, and a form for each step.

import { el } from './dom.js';
import { field, select, text } from './fields.js';
import { button } from './toolbar.js';

const YES = { true: '是', false: '否' };
const FINDINGS = { valid: '属实', partly: '部分属实', mistaken: '误评', malicious: '恶意', no_basis: '无依据' };
const VIA = { phone: '电话', sms: '短信', mobile: '手机端', letter: '信函', visit: '上门' };
const WHY = { mistaken: '误评', malicious: '恶意', not_our_fault: '非本单位责任' };
const STEPS = { verify: ['待核实', '评价专员'], rectify: ['待整改', '责任部门'], callback: ['待回访', '回访专员'], reply: ['待答复办结', '评价专员'], appeal: ['申诉待裁定', '市政务办'] };
const CLOCKS = { 'C11.verify': '核实', 'C11.rectify': '整改', 'C11.callback': '回访', C12: '申诉裁定' };
const bool = (data, ...names) => ({ ...data, ...Object.fromEntries(names.map((name) => [name, data[name] === 'true'])) });
const plain = (label, name) => ({ was }) => ({ nodes: [field(label, text(name, was[name], { maxlength: 64 }), '可以不填')] });

export const NEG = {
  'neg.precheck'({ was }) {
    return {
      nodes: [field('诉求合理', select('reasonable', YES, was.reasonable)), field('事实存在', select('true_fact', YES, was.true_fact)),
        field('疑似恶意', select('malicious_suspect', { false: '否', true: '是' }, was.malicious_suspect))],
      data: (data) => bool(data, 'reasonable', 'true_fact', 'malicious_suspect'),
    };
  },
  'neg.verify'({ was }) {
    return { nodes: [field('核实结论', select('finding', FINDINGS, was.finding), '属实、部分属实的须整改'), field('佐证文书', text('evidence', was.evidence, { maxlength: 64 }), '可以不填')] };
  },
  'neg.plan_rectification'({ was, neg }) {
    return { nodes: [field('整改完成日', text('by', was.by ?? neg?.due?.slice(0, 10), { type: 'date', required: true }))] };
  },
  'neg.rectify': plain('整改文书', 'measures_doc'),
  'neg.reply'({ was }) { return { nodes: [field('答复方式', select('via', VIA, was.via))] }; },
  'neg.call_back'({ was }) {
    return {
      nodes: [field('是否接通', select('reached', YES, was.reached)), field('是否满意', select('satisfied', { '': '未问到', ...YES }, was.satisfied)),
        field('拨打次数', text('attempts', was.attempts ?? 1, { type: 'number', min: 1, max: 20 }))],
      data: ({ satisfied, ...data }) => ({ ...bool(data, 'reached'), attempts: Number(data.attempts), ...(satisfied && { satisfied: satisfied === 'true' }) }),
    };
  },
  'neg.close': () => ({ nodes: [el('p', {}, '已答复、已整改、实名差评已回访的，才能办结。')] }),
  'appeal.file'({ was }) {
    return {
      nodes: [field('申诉人', select('by', { staff: '被评人', unit: '被评单位' }, was.by)), field('理由', select('reason', WHY, was.reason)),
        field('佐证文书', text('evidence', was.evidence, { maxlength: 64 }), '派单后 5 个工作日内')],
    };
  },
  'appeal.uphold': plain('裁定文书', 'doc_no'),
  'appeal.deny': plain('裁定文书', 'doc_no'),
};

// "剩 3 天 4 时", "已超 2 时": whole hours; a due that is near is told in minutes.
export function countdown(due, now) {
  const minutes = Math.round((Date.parse(due) - Date.parse(now)) / 60_000), left = Math.abs(minutes);
  const words = left < 120 ? `${left} 分` : left < 2880 ? `${Math.floor(left / 60)} 时` : `${Math.floor(left / 1440)} 天`;
  return [minutes < 0 ? `已超 ${words}` : `剩 ${words}`, minutes < 0 ? 'over' : left < 1440 ? 'soon' : ''];
}

const ABOUT = { case: '办件', ticket: '号票', agent_task: '代办' };

function row(neg, now, open) {
  const [step, who] = STEPS[neg.step], [left, kind] = countdown(neg.due, now);
  return el('tr', { 'data-case': neg.case, 'data-step': neg.step },
    el('td', {}, el('button', { type: 'button', class: 'plain', onclick: () => open(neg) }, step)), el('td', { class: kind }, left), el('td', {}, el('b', {}, who)),
    el('td', {}, `${'★'.repeat(neg.stars)}${neg.real_name ? ' 实名' : ''}`), el('td', {}, neg.item_name || '—'), el('td', {}, [neg.dept, neg.window].filter(Boolean).join(' · ')),
    el('td', {}, `${ABOUT[neg.subject]} ${neg.case_no}`), el('td', {}, el('time', {}, neg.at.slice(5, 16).replace('T', ' '))));
}

export function negList({ now, n, rows }, open) {
  const over = rows.filter((each) => each.due < now).length;
  const heads = ['下一步', '时限', '由谁', '评价', '事项', '单位', '评的是', '评价时间'].map((name) => el('th', { scope: 'col' }, name));
  return el('section', { class: 'panel wide', id: 'negatives' },
    el('h1', { tabindex: '-1', id: 'neg-title' }, `差评闭环 ${n} 件未办结`, over > 0 && el('span', { class: 'over' }, `，已超时限 ${over} 件`)),
    n ? el('table', {}, el('thead', {}, el('tr', {}, ...heads)), el('tbody', {}, ...rows.map((each) => row(each, now, open)))) : el('p', {}, '没有未办结的差评。'),
    el('p', { class: 'hint' }, '↑↓ 选择，Enter 办理，Esc 返回'));
}

export function negDesk(neg, now, shift, reference, start) {
  const [step, who] = STEPS[neg.step];
  const buttons = neg.ways.map((type, i) => button(type, String(i + 1), { shift, reference, timely: true, next: i === 0, start }));
  const cells = [['下一步', `${step}，由${who}`], ['评价', `${'★'.repeat(neg.stars)}${'☆'.repeat(5 - neg.stars)}${neg.real_name ? '（实名）' : ''}`], ['事项', neg.item_name || '—'],
    ['单位', [neg.dept, neg.window].filter(Boolean).join(' · ') || '—'], ['结论', FINDINGS[neg.finding] ?? '—'],
    ...neg.dues.map((each) => { const [left, kind] = countdown(each.due, now); return [CLOCKS[each.clock] ?? each.clock, el('span', { class: kind }, `${each.due.slice(0, 10)}，${left}`)]; })];
  const node = el('header', { class: 'case' }, el('h1', { tabindex: '-1', id: 'neg-title' }, `差评 · ${ABOUT[neg.subject]} ${neg.case_no}`),
    el('dl', {}, ...cells.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))), el('div', { class: 'actions', role: 'toolbar' }, ...buttons));
  node.addEventListener('keydown', (event) => {
    const button = buttons[Number(event.key) - 1];
    if (button) { event.preventDefault(); button.click(); }
  });
  return node;
}
