// The form of each command: its fields, what is told before it is sent, and the data it makes.

import { el, fill } from './dom.js';
import { checks, field, select, text } from './fields.js';
import { HALL } from './hall.js';
import { centreName, deptName } from './names.js';
import { NEG } from './neg.js';
import { transferNo } from './numbers.js';
import { pick } from './pick.js';
import { voidForm } from './void.js';
import { ACTIONS, DOCS, FACTS, KINDS, OUTCOMES, REASONS, RESULTS, TYPES, limit, windowName } from './words.js';

export const FORMS = [
  ['case.submit', 'F2'], ['case.accept', 'F4'], ['case.transfer', 'F6'], ['case.receive_transfer', 'F7'],
  ['case.decide', 'F8'], ['case.conclude', 'F9'], ['case.issue', 'F10'], ['case.void_event', 'Alt+V'], ['case.correct_material', 'Alt+M'],
];

// 错窗: told before the command goes, from the same routing rule that the ledger applies.
export function windowNote(item, shift, reference) {
  if (!item) return null;
  const facts = [el('span', {}, `${item.dept} · ${TYPES[item.project_type]}`), el('span', {}, `承诺 ${limit(item.promised)}，法定 ${limit(item.statutory)}`)];
  if (!item.required) {
    return el('div', { class: 'note bad', role: 'alert' }, el('b', {}, '! 本中心不办理这个事项'), ...facts);
  }
  facts.push(el('span', {}, `应在 ${windowName(item.required)} 办理`));
  if (!shift.window || item.right.includes(shift.window)) {
    return el('div', { class: 'note good' }, el('b', {}, shift.window ? '✓ 本窗口可以办理' : '后台收件，不分窗口'), ...facts);
  }
  const right = reference.windows.filter((each) => item.right.includes(each.id)).map((each) => `${each.no} 号`);
  const where = right.length ? `请引导申请人到 ${right.join('、')} 窗口；` : '本中心没有这样的窗口；';
  return el('div', { class: 'note bad', role: 'alert' }, el('b', {}, `! 错窗：${where}仍由本窗口收件将记为错窗。`), ...facts);
}

const SOURCES = { shared: '共享数据，不用交', e_licence: '电子证照，不用交' };
const materialWords = (each, item) => [each.name, SOURCES[each.source] ?? (each.required ? each.deferrable && item.deficiency && '可容缺' : '可以不交')].filter(Boolean).join(' · ');

export const BUILD = {
  ...HALL,
  ...NEG,
  'case.submit'({ reference, shift, was }) {
    const note = el('div'), asked = el('div');
    let list = null;
    const of = (id) => reference.items.find((item) => item.id === id);
    const told = (id) => {
      const item = of(id);
      list = item?.materials.length ? checks('收到的材料', item.materials.map((each) => ({ id: each.id, words: materialWords(each, item) })), was.materials, '全部收齐') : null;
      fill(note, windowNote(item, shift, reference));
      fill(asked, list?.node);
    };
    const items = reference.items.map((item) => ({ id: item.id, name: item.name, more: `${item.dept} · ${TYPES[item.project_type]} · ${item.required ? windowName(item.required) : '本中心不办'}` }));
    const item = pick({ name: 'item', options: items, value: was.item, changed: (option) => told(option?.id) });
    told(was.item);
    return {
      nodes: [field('事项', item), note, asked, field('收件凭证号', text('receipt_no', was.receipt_no), '可以不填')],
      data: (data) => ({ ...data, ...(list && { materials: list.chosen() }) }),
      need: () => (item.hidden.value ? null : [item.input, '请选一个事项。']),
    };
  },
  'case.correct_material'({ missing, was }) {
    const list = checks('现在收到的材料', missing.map((each) => ({ id: each.id, words: each.name })), was.materials);
    return { nodes: [list.node], data: () => ({ materials: list.chosen() }), need: () => (list.chosen().length ? null : [list.node.querySelector('input') ?? list.node, '请勾选收到的材料。']) };
  },
  'case.accept'({ reference, shift, item, caseNo, missing, was }) {
    const later = missing.filter((each) => each.later);
    const list = later.length ? checks('容缺后补（审批前补齐）', later.map((each) => ({ id: each.id, words: each.name })), was.deferred) : null;
    const lacking = missing.length > 0 && el('div', { class: 'note bad', role: 'alert', id: 'missing' },
      el('b', {}, `! 缺 ${missing.map((each) => each.name).join('、')}`), el('span', {}, `收到后先办「${ACTIONS['case.correct_material']}」（Alt+M）${later.length ? '，或勾选容缺后补的' : ''}。`));
    return {
      data: (data) => ({ ...data, ...(list?.chosen().length && { deferred: list.chosen() }) }),
      nodes: [windowNote(item, shift, reference) ?? '', lacking, list?.node, field('受理文书编号', text('accept_no', was.accept_no ?? `受${caseNo.slice(-11)}`), '不填将记为文书缺失')],
    };
  },
  'case.transfer'({ reference, shift, item, was }) {
    const depts = reference.depts.map((dept) => ({ id: dept.id, name: dept.name, more: dept.id }));
    const dept = pick({ name: 'to_dept', options: depts, value: was.to_dept ?? item?.dept });
    const centres = { '': '不指定中心', ...Object.fromEntries(reference.centres.map((each) => [each.id, each.name])) };
    return {
      nodes: [field('转往部门', dept), field('转往中心', select('to_centre', centres, was.to_centre ?? shift.centre)),
        field('方式', select('kind', KINDS, was.kind ?? 'dispatch'))],
      data: (data) => ({ ...data, transfer_id: was.transfer_id ?? transferNo() }),
      need: () => (dept.hidden.value ? null : [dept.input, '请选一个部门。']),
    };
  },
  'case.receive_transfer'({ reference, transfer, was }) {
    const to = transfer ? [deptName(transfer.to_dept, reference), centreName(transfer.to_centre, reference)].filter(Boolean).join(' · ') : '';
    return {
      nodes: [el('p', {}, to ? `转往 ${to}，签收后由本部门审查。` : '没有待签收的转办。')],
      data: () => ({ transfer_id: transfer?.transfer_id ?? was.transfer_id ?? '-' }),
    };
  },
  'case.decide'({ caseNo, was }) {
    const outcome = select('outcome', OUTCOMES, was.outcome);
    const told = el('input', { type: 'checkbox', name: 'remedies_told', id: 'remedies' });
    told.checked = was.remedies_told === true;
    const more = el('fieldset', {}, el('legend', {}, '不予决定须写明'), field('理由', select('reason_code', { '': '请选择', ...REASONS }, was.reason_code)),
      el('div', { class: 'check' }, told, el('label', { for: 'remedies' }, '已告知申请人可以申请行政复议或提起行政诉讼')));
    const show = () => { more.hidden = outcome.value !== 'rejected'; };
    outcome.addEventListener('change', show);
    outcome.addEventListener('input', show);
    show();
    return {
      nodes: [field('决定', outcome, '↑↓ 选择'), field('决定文书编号', text('doc_no', was.doc_no ?? `决${caseNo.slice(-11)}`, { required: true, maxlength: 64 })),
        field('依据', text('legal_basis', was.legal_basis, { maxlength: 200 }), '可以不填'), more],
      data: (data) => {
        const { reason_code: reason, ...rest } = data;
        return outcome.value === 'rejected' ? { ...rest, ...(reason && { reason_code: reason }), remedies_told: told.checked } : rest;
      },
    };
  },
  'case.conclude'({ status, was, reference }) {
    const codes = reference.results[status] ?? Object.keys(RESULTS);
    return {
      nodes: [field('办结结果', select('result_code', Object.fromEntries(codes.map((code) => [code, RESULTS[code]])), was.result_code ?? codes[0]))],
      data: (data) => ({ result_code: Number(data.result_code) }),
    };
  },
  'case.issue'({ item, was }) {
    return {
      nodes: [field('种类', select('doc_kind', DOCS, was.doc_kind)), field('名称', text('doc_name', was.doc_name ?? item?.name, { required: true, maxlength: 200 })),
        field('证照编号', text('cert_no', was.cert_no, { maxlength: 64 }), '可以不填')],
    };
  },
  'case.void_event'({ events, voided, shift, reference, was }) {
    const targets = events.filter((event) => FACTS[event.type] && !event.type.endsWith('_voided') && !voided.includes(event.id)).reverse()
      .map((event) => ({ id: event.id, staff: event.actorstaff, words: `${FACTS[event.type]} · ${event.time.slice(5, 16).replace('T', ' ')} · ${event.actorstaff ?? ''}` }));
    return voidForm({ targets, shift, reference, was });
  },
};

// Give the form of a command; `send(data)` is called once, at the first Enter.
export function formOf(type, about, send, cancel) {
  const built = BUILD[type]({ was: {}, ...about, type });
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const form = el('form', { class: 'panel', id: 'form', 'data-type': type, 'aria-labelledby': 'form-title' },
    el('h2', { id: 'form-title' }, ACTIONS[type]), about.untimely && el('p', { class: 'note bad', id: 'untimely' }, `! ${about.untimely}`), ...built.nodes, wrong,
    el('p', { class: 'buttons' }, el('button', { class: 'go' }, `${ACTIONS[type]} `, el('kbd', {}, 'Enter')),
      el('button', { type: 'button', class: 'plain', onclick: cancel }, '不办了 ', el('kbd', {}, 'Esc'))));
  let sent = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (sent) return; // A double Enter is one command.
    const missing = built.need?.();
    if (missing) { wrong.textContent = missing[1]; missing[0].focus(); return; }
    sent = true;
    const said = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ''));
    delete said.remedies_told;
    send(built.data ? built.data(said) : said);
  });
  return form;
}

// Put the cursor where something has to be typed: into the field of that name, else into the first.
export function focusOn(form, name) {
  const of = [...form.elements].find((each) => name && each.name === name);
  const node = of?.type === 'hidden' ? of.parentNode.querySelector('input') : of;
  (node ?? form.querySelector('input:not([type=hidden]), select') ?? form.querySelector('button')).focus();
}
