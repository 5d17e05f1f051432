// One case: state, dues, what can be done, its timeline; what waits in the outbox counted in.

import { el } from './dom.js';
import { FORMS } from './forms.js';
import { centreName, deptName, windowNo } from './names.js';
import { button } from './toolbar.js';
import { ACTIONS, APPLICANTS, FACTS, FLAGS, LATE, OUTCOMES, POSTS, RESULTS, TYPES, VOIDS, windowName } from './words.js';

// The state as it will be when everything that waits has been delivered.
export function projected(view, waiting, reference) {
  let status = view?.state.status ?? '-';
  let concluded = Boolean(view?.state.concluded_at);
  let item = view?.state.item ?? view?.events.findLast((event) => event.type === 'case.submitted')?.data.data.item ?? null; // A void forgets it.
  let transfer = view?.state.transfer ?? null;
  let missing = view?.state.missing ?? []; // Materials without which it is not accepted.
  let last = view?.events.reduce((at, event) => (event.time > at ? event.time : at), '') ?? '';
  const pending = waiting.filter((each) => !each.trouble);
  for (const each of pending) {
    const { data } = JSON.parse(each.raw);
    const to = reference.matrix[status]?.[each.type];
    if (to) status = to === 'DEC' ? (data.outcome === 'rejected' ? 'DEC-' : 'DEC+') : to;
    if (each.type === 'case.submit') { item = data.item; missing = asked(reference.items.find((of) => of.id === item), data.materials ?? []); }
    if (each.type === 'case.correct_material') missing = missing.filter(({ id }) => !data.materials.includes(id));
    if (each.type === 'case.accept') missing = [];
    if (each.type === 'case.transfer') transfer = data;
    if (each.type === 'case.receive_transfer') transfer = null;
    if (each.type === 'case.conclude') concluded = true;
    if (each.at > last) last = each.at;
  }
  const about = reference.items.find((each) => each.id === item) ?? null;
  let legal = view?.legal ?? [];
  if (pending.length) {
    legal = Object.keys(reference.matrix[status] ?? {})
      .filter((type) => !(type === 'case.conclude' && concluded) && !(type === 'case.decide' && status === 'ACC' && !about?.short));
  }
  return { status, concluded, item: about, transfer, missing, last, legal };
}

// What the item asks of the applicant and did not come, as the ledger will say it.
const asked = (item, came) => (item?.materials ?? []).filter((each) => each.required && each.source === 'applicant' && !came.includes(each.id))
  .map(({ id, name, deferrable }) => ({ id, name, later: deferrable && item.deficiency }));

const moment = (at) => at.slice(0, 16).replace('T', ' ');

// What has to be done next, the first first: [command, words]; [] where nothing is.
function steps({ status, concluded, item, transfer, missing }, reference) {
  switch (status) {
    case 'SUB': return missing.length
      ? [['case.correct_material', `缺 ${missing.map((each) => each.name).join('、')}：当场更正（Alt+M）`], ['case.accept', '或受理（F4）']]
      : [['case.accept', '受理（F4）']];
    case 'ACC': return item?.short ? [['case.decide', '审批（F8）'], ['case.transfer', '或转办（F6）']] : [['case.transfer', '转办（F6）']];
    case 'TRN': return [['case.receive_transfer', `${transfer ? `由${deptName(transfer.to_dept, reference)}` : ''}签收（F7）`]];
    case 'REV': return [['case.decide', '审批（F8）']];
    case 'DEC+': return concluded ? [['case.issue', '出件（F10）']] : [['case.issue', '出件（F10）'], ['case.conclude', '再办结（F9）']];
    case 'DEC-': case 'ISS': return concluded ? [] : [['case.conclude', '办结（F9）']];
    default: return [];
  }
}

export const nextStep = (state, reference) => steps(state, reference).map(([, words]) => words).join('，');

// "个人 · …3f2a": the kind, and of the reference just so much that two applicants can be told apart.
function applicant(view) {
  const said = view?.events.findLast((event) => event.type === 'case.submitted' && !view.voided.includes(event.id))?.data.data ?? {};
  return [APPLICANTS[said.applicant_kind], said.applicant_ref && `…${said.applicant_ref.slice(-4)}`].filter(Boolean).join(' · ');
}

function about(event, reference, events) {
  const { data, stamp } = event.data;
  const parts = [];
  switch (event.type) {
    case 'case.accepted':
      if (stamp.promised_due) parts.push(`承诺 ${stamp.promised_due.slice(0, 10)} 前办结`);
      if (data.accept_no) parts.push(data.accept_no);
      break;
    case 'case.transferred': parts.push(`转往 ${[deptName(data.to_dept, reference), centreName(data.to_centre, reference)].filter(Boolean).join(' · ')}`); break;
    case 'case.decision_made': parts.push(OUTCOMES[data.outcome], data.doc_no); break;
    case 'case.concluded': parts.push(RESULTS[data.result_code]); break;
    case 'case.issued': parts.push(data.doc_name, data.cert_no); break;
    case 'case.event_voided': parts.push(`作废：${facts([data.target, ...(data.cascade ?? [])], events)}`, VOIDS[data.reason_code], `审批人 ${data.approved_by}`); break;
    default: parts.push(data.receipt_no);
  }
  return parts.filter(Boolean).join('，');
}

const facts = (ids, events) => ids.map((id) => FACTS[events.find((each) => each.id === id)?.type] ?? id).join('、');

function line(event, { voided, events }, reference) {
  const flags = (event.data.stamp.flags ?? []).map((flag) => el('span', {}, FLAGS[flag] ?? flag));
  if (event.latereason) flags.push(el('span', {}, LATE[event.latereason] ?? event.latereason));
  const gone = voided.includes(event.id);
  if (gone) flags.push(el('span', { class: 'gone' }, '已作废'));
  const who = [event.actorstaff, POSTS[event.actorpost], event.window ? `${windowNo(event.window, reference)}窗口` : centreName(event.centre, reference)].filter(Boolean).join(' · ');
  return el('li', { class: gone ? 'gone' : '', 'data-event': event.type, title: event.data.data.target ?? event.id },
    el('time', {}, moment(event.time)), el('b', {}, FACTS[event.type]), el('span', { class: 'about' }, about(event, reference, events)),
    el('small', {}, who), el('span', { class: 'tags' }, ...flags));
}

export function timeline(view, waiting, reference) {
  const events = (view?.events ?? []).filter((event) => FACTS[event.type]);
  return el('ol', { class: 'timeline', id: 'timeline' },
    ...events.map((event) => line(event, view, reference)),
    ...waiting.map((item) => el('li', { class: item.trouble ? 'refused' : 'pending' },
      el('time', {}, moment(item.at)), el('b', {}, ACTIONS[item.type]), el('span', { class: 'about' }, item.trouble ? '被台账退回' : '待上报'))));
}

export function head(caseNo, view, state, reference) {
  const accepted = view?.events.filter((event) => event.type === 'case.accepted' && !view.voided.includes(event.id)).at(-1);
  const due = accepted?.data.stamp.promised_due ?? accepted?.data.stamp.statutory_due;
  const over = due && !view.state.concluded_at && due < view.now, who = applicant(view);
  const cells = [
    ['状态', el('strong', { id: 'status', 'data-status': state.status }, reference.states[state.status] + (state.concluded ? '，已办结' : ''))],
    ['事项', state.item ? `${state.item.name}（${state.item.dept}，${TYPES[state.item.project_type]}）` : '—'],
    ...(who ? [['申请人', el('span', { id: 'applicant' }, who)]] : []),
    ['窗口类型', state.item?.required ? windowName(state.item.required) : '—'],
    ['期限', due ? el('span', { class: over ? 'over' : '' }, `${due.slice(0, 10)}${over ? ' 已逾期' : ''}`) : '受理后起算'],
    ['下一步', el('b', { id: 'next' }, nextStep(state, reference) || '—')],
    ['在办', [deptName(view?.state.holder_dept, reference), centreName(view?.state.holder_centre, reference)].filter(Boolean).join(' · ') || '—'],
  ];
  return el('header', { class: 'case' }, el('h1', { tabindex: '-1', id: 'case-title' }, `办件 ${caseNo}`),
    el('dl', {}, ...cells.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))));
}

export function actions(state, shift, reference, open) {
  const shown = FORMS.filter(([type]) => type !== 'case.submit' && (type !== 'case.correct_material' || state.missing.length)), next = steps(state, reference)[0]?.[0];
  return el('div', { class: 'actions', role: 'toolbar', 'aria-label': '可以办理' }, ...shown.map(([type, keys]) => button(type, keys, { shift, reference, timely: state.legal.includes(type), next: type === next, start: open })));
}
