// 大厅: the windows and the tickets of today, and a form for each thing that happens to them.

import { el } from './dom.js';
import { field, select, text } from './fields.js';
import { ticketNo } from './numbers.js';
import { qr } from './qr.js';
import { button } from './toolbar.js';
import { voidForm } from './void.js';
import { FACTS } from './words.js';

const SEATS = { open: '开放', paused: '暂停', closed: '关闭' };
const ROWS = { WAIT: '等候', CALL: '已叫号', PASS: '过号', SERV: '办理中', parked: '挂起', 'parked SERV': '办理中挂起' };
const OUTCOMES = { normal: '办成', consult_only: '只咨询', unable: '办不成', left: '自行离开' };
const PAUSES = { meal: '就餐', fetch_material: '取材料', device_fault: '设备故障', training: '培训' };
// Form → the tickets it may be about, first in line first.
const OF = { 'ticket.call': ['WAIT', 'PASS', 'CALL'], 'ticket.start_service': ['CALL'], 'ticket.finish_service': ['SERV', 'parked SERV'], 'ticket.pass_over': ['CALL'], 'ticket.cancel': ['WAIT', 'CALL', 'PASS'] };

function choices(hall, type, shift) {
  const rows = hall.tickets.filter((each) => OF[type].includes(each.status));
  const mine = (each) => (each.window && each.window === shift.window ? 0 : 1);
  return rows.sort((a, b) => mine(a) - mine(b) || OF[type].indexOf(a.status) - OF[type].indexOf(b.status) || (a.since < b.since ? -1 : 1));
}

function ofTicket(data, ...more) {
  return ({ hall, shift, was, type }) => {
    const rows = choices(hall, type, shift), words = Object.fromEntries(rows.map((each) => [each.id, `${each.no} · ${ROWS[each.status]} · ${each.since.slice(11, 16)} 起`]));
    const ticket = select('ticket_id', words, was.ticket_id), fields = more.map((make) => make({ hall, shift, was }));
    return {
      nodes: [field('号票', ticket), ...fields], need: () => (ticket.value ? null : [ticket, '现在没有这样的号。']),
      data: (said) => ({ ...said, ...data?.(rows.find((each) => each.id === said.ticket_id), { hall, shift }) }),
    };
  };
}

const ofWindow = (data, ...more) => ({ hall, shift, was }) => ({
  nodes: [field('窗口', select('window_id', Object.fromEntries(hall.windows.map((each) => [each.id, `${each.no} 号 · ${SEATS[each.status]}`])), was.window_id ?? shift.window ?? undefined)), ...more.map((make) => make({ hall, shift, was }))],
  data: (said) => ({ ...said, ...data?.({ shift }) }),
});

export const HALL = {
  'ticket.issue'({ hall, was }) {
    const no = `A${String(hall.issued + 1).padStart(3, '0')}`;
    return {
      nodes: [field('号', text('no', was.no ?? no, { required: true })), field('队列', text('queue_id', was.queue_id ?? '综合', { required: true })),
        field('优先', select('priority', { false: '否', true: '是' }, was.priority))],
      data: (said) => ({ ...said, priority: said.priority === 'true', ticket_id: was.ticket_id ?? ticketNo() }),
    };
  },
  'ticket.call': ofTicket((ticket, { shift }) => ({ window_id: shift.window ?? '-', call_no: (ticket?.calls ?? 0) + 1 })),
  'ticket.start_service': ofTicket((ticket, { hall, shift }) => {
    const window = ticket?.window ?? shift.window;
    return { window_id: window, staff_id: hall.windows.find((each) => each.id === window)?.staff ?? shift.staff };
  }),
  'ticket.finish_service': ofTicket(null, ({ was }) => field('结果', select('outcome', OUTCOMES, was.outcome))),
  'ticket.pass_over': ofTicket(null),
  'ticket.cancel': ofTicket(null),
  'window.open': ofWindow(null, ({ shift, was }) => field('坐班人员', text('staff_id', was.staff_id ?? shift.staff, { required: true }))),
  'window.pause': ofWindow(null, ({ was }) => field('缘由', select('reason', PAUSES, was.reason))),
  'window.resume': ofWindow(null),
  'window.close': ofWindow(null),
  'hall.count_heads'({ hall, was }) {
    return { nodes: [field('在厅人数', text('count', was.count ?? hall.heads, { type: 'number', min: 0, max: 100000, required: true }))], data: (said) => ({ count: Number(said.count) }) };
  },
  'hall.void_event'({ hall, shift, reference, was }) {
    const targets = [...hall.facts].reverse().map((each) => ({ id: each.id, staff: each.staff, words: `${FACTS[each.type] ?? each.type} · ${each.at.slice(11, 16)} · ${each.about}` }));
    return voidForm({ targets, shift, reference, was });
  },
};

const KEYS = ['ticket.issue', 'ticket.call', 'ticket.start_service', 'ticket.finish_service', 'ticket.pass_over', 'window.open', 'window.close', 'window.pause', 'window.resume', 'hall.void_event'];

const SEAT = { 'window.open': ['closed'], 'window.close': ['open', 'paused'], 'window.pause': ['open'], 'window.resume': ['paused'] };

// Tell whether anything in the hall is such that this can happen to it now.
export function happens(hall, type) {
  if (OF[type]) return hall.tickets.some((each) => OF[type].includes(each.status));
  if (SEAT[type]) return hall.windows.some((each) => SEAT[type].includes(each.status));
  return type !== 'hall.void_event' || hall.facts.length > 0;
}

// What is next at one's own window; '' = nothing has to be.
function nextAt(hall, window) {
  const own = hall.windows.find((each) => each.id === window);
  if (!own) return '';
  if (own.status !== 'open') return own.status === 'paused' ? 'window.resume' : 'window.open';
  if (own.serving) return 'ticket.finish_service';
  if (hall.tickets.some((each) => each.status === 'CALL' && each.window === window)) return 'ticket.start_service';
  return hall.tickets.some((each) => each.status === 'WAIT') ? 'ticket.call' : '';
}

// 一次一评: the newest visit that this window served, as a QR code; the others as links.
function visits(hall, shift) {
  const mine = hall.visits.filter((each) => !shift.window || each.window === shift.window), newest = mine[0];
  if (!newest) return null;
  const link = (each, id) => el('a', { href: new URL(each.rate, location.href).href, ...(id && { id }), target: '_blank', rel: 'noopener' }, `${each.no} 打开评价页`);
  return el('aside', { class: 'rating', 'data-ticket': newest.id }, qr(new URL(newest.rate, location.href).href),
    el('p', {}, `${newest.no} 已办结，请群众扫码评价这次办事。`, link(newest, 'rate-link')), ...mine.slice(1, 4).map((each) => el('p', { class: 'hint' }, link(each))));
}

export function hallRoom(hall, shift, reference, start) {
  const next = nextAt(hall, shift.window);
  const buttons = KEYS.map((type, i) => button(type, String((i + 1) % 10), { shift, reference, timely: happens(hall, type), next: type === next, start }));
  const waiting = hall.tickets.filter((each) => each.status === 'WAIT').length, oldest = hall.tickets.filter((each) => each.status === 'WAIT').map((each) => each.since).sort()[0];
  const desk = (id) => (hall.windows.find((each) => each.id === id)?.no ?? '') + (id ? ' 号窗' : '');
  const rank = (each) => (each.id === shift.window ? 0 : each.status === 'closed' ? 2 : 1);
  const windows = [...hall.windows].sort((a, b) => rank(a) - rank(b));
  const no = (id) => hall.tickets.find((each) => each.id === id)?.no ?? '';
  const node = el('section', { id: 'hall' }, el('h1', { tabindex: '-1', id: 'hall-title' }, `大厅 等候 ${waiting} 人${oldest ? `，最早 ${oldest.slice(11, 16)} 起` : ''}`),
    el('div', { class: 'actions', role: 'toolbar' }, ...buttons),
    el('div', { class: 'past' },
      el('table', { class: 'panel' }, el('caption', {}, '窗口'), el('tbody', {}, ...windows.map((each) => el('tr', { 'data-window': each.id, 'data-status': each.status, 'aria-current': String(each.id === shift.window) },
        el('th', { scope: 'row' }, `${each.no} 号`), el('td', {}, SEATS[each.status]), el('td', {}, each.staff ?? ''), el('td', {}, each.serving ? `正在办 ${no(each.serving)}` : ''))))),
      el('table', { class: 'panel' }, el('caption', {}, '号票'), el('tbody', {}, ...hall.tickets.map((each) => el('tr', { 'data-ticket': each.id, 'data-status': each.status },
        el('th', { scope: 'row' }, each.no), el('td', {}, ROWS[each.status]), el('td', {}, `${each.since.slice(11, 16)} 起`), el('td', {}, desk(each.window)))))),
      visits(hall, shift)));
  node.addEventListener('keydown', (event) => {
    const button = /^\d$/.test(event.key) && buttons[(Number(event.key) + 9) % 10];
    if (button) { event.preventDefault(); button.click(); }
  });
  return node;
}
