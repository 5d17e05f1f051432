// The counter: who is on duty, which case is on the desk, and the keys.

import { actions, head, projected, timeline } from './case.js';
import { $, announce, el, fill } from './dom.js';
import { FORMS, formOf } from './forms.js';
import { hallRoom } from './hall.js';
import { Down, call, hasKey, now, onLine, setKey } from './line.js';
import { caseId, caseNo, commandNo } from './numbers.js';
import { negDesk, negList } from './neg.js';
import { Outbox } from './outbox.js';
import { qr } from './qr.js';
import { refusal } from './refusal.js';
import { kept, reference as fetchReference, signIn, takeShift } from './shift.js';
import { ACTIONS, POSTS, sentence, windowName } from './words.js';
import { showWork } from './work.js';

const POLL_MS = 5_000;
let shift, reference, outbox;
let desk = { id: null, no: '', view: null }; // The case on the desk.
let room = null; // The hall, or a negative: where a command that is about no case goes.
let search = '';
let screen = ''; // What the stage shows; an answer that comes in redraws a case, never what is being typed.
let settled = Promise.resolve(); // Keys pressed while a command is being kept are played afterwards.

// --- the case on the desk ---------------------------------------------------------------------

const waiting = () => (desk.id ? outbox.ofCase(desk.id) : []);
const state = () => projected(desk.view, waiting(), reference);

async function look() {
  const { id } = desk;
  if (!id) return;
  try {
    const { status, body } = await call(`/v1/cases/${encodeURIComponent(id)}`);
    if (id !== desk.id) return;
    if (status === 200) {
      desk.view = body;
      desk.no = body.events.filter((event) => event.type === 'case.submitted').at(-1)?.data.data.case_no ?? desk.no;
    } else if (!waiting().length) { desk.view = null; announce(sentence(body)); }
  } catch (error) {
    if (!(error instanceof Down)) throw error;
  }
}

function draw(part = null, name = 'case') {
  screen = name;
  $('stage').dataset.case = desk.id ?? '';
  const held = $('stage').contains(document.activeElement);
  paint(part);
  if (held && !part) $('case-title')?.focus();
}

function paint(part) {
  if (!desk.id) { fill($('stage'), part ?? welcome()); return; }
  const now_ = state();
  const rateable = desk.view?.rate && now_.concluded && !part;
  fill($('stage'), head(desk.no, desk.view, now_, reference), actions(now_, open), part,
    el('h2', {}, '经过'), el('div', { class: 'past' }, timeline(desk.view, waiting(), reference), rateable && rating()));
}

function welcome() {
  return el('div', { class: 'panel narrow' }, el('h1', {}, '可以开始了'),
    el('p', {}, '按 ', el('kbd', {}, 'F2'), ' 收件，', el('kbd', {}, 'F3'), ' 查办件，', el('kbd', {}, 'Alt+W'), ' 到工作列表。'));
}

function rating() {
  const link = new URL(desk.view.rate, location.href).href;
  return el('aside', { class: 'rating' }, qr(link), el('p', {}, '请申请人扫码评价。', el('a', { href: link, id: 'rate-link', target: '_blank', rel: 'noopener' }, '打开评价页')));
}

async function put(id, no) {
  room = null;
  desk = { id, no, view: null };
  await look();
  draw();
  const trouble = waiting().find((item) => item.trouble);
  if (trouble) showRefusal(trouble); else $('case-title')?.focus();
  work();
}

// --- commands ---------------------------------------------------------------------------------

const ofCase = (type) => type.startsWith('case.');

function open(type, was = {}) {
  if (!ofCase(type)) { openRoom(type, was); return; }
  room = null;
  if (type === 'case.submit') desk = { id: null, no: '', view: null };
  else if (!desk.id) { announce('请先打开一个办件。'); return; }
  const back = waiting().find((item) => item.trouble);
  if (back) { showRefusal(back); announce('先处理被退回的这一件。'); return; }
  const known = state();
  const about = {
    reference, shift, was, item: known.item, caseNo: desk.no, status: known.status, transfer: known.transfer,
    events: desk.view?.events ?? [], voided: desk.view?.voided ?? [],
  };
  const form = formOf(type, about, (data) => send(type, data), () => { draw(); $('case-title')?.focus(); });
  draw(form, 'form');
  (form.querySelector('input:not([type=hidden]), select') ?? form.querySelector('button')).focus();
}

// --- the hall and the negatives ---------------------------------------------------------------

async function ask(path) {
  try {
    const { status, body } = await call(path);
    if (status === 200) return body;
    announce(sentence(body));
  } catch (error) {
    if (!(error instanceof Down)) throw error;
    announce('线路中断，恢复后再看。');
  }
  return null;
}

function back() { // Where Esc and a finished command lead.
  if (room) room.show(); else { draw(); $('case-title')?.focus(); }
}

function inRoom(name, key, node, title) {
  screen = name;
  $('stage').dataset.case = key;
  fill($('stage'), node);
  $(title)?.focus();
}

async function hall() {
  const body = await ask(`/v1/hall?centre=${encodeURIComponent(shift.centre)}`);
  if (!body) return;
  room = { key: body.key, last: body.last, about: { hall: body }, show: hall };
  const trouble = outbox.ofCase(body.key).find((item) => item.trouble);
  if (trouble) { showRefusal(trouble); return; }
  inRoom('hall', body.key, hallRoom(body, shift, open), 'hall-title');
}

async function negatives() {
  const body = await ask(`/v1/negatives?centre=${encodeURIComponent(shift.centre)}`);
  if (!body) return;
  room = { key: '', last: '', about: {}, show: negatives };
  inRoom('negatives', '', negList(body, negative), 'neg-title');
  $('negatives').querySelector('button')?.focus();
}

function negative(neg) {
  const again = async () => {
    const found = (await ask(`/v1/negatives?centre=${encodeURIComponent(shift.centre)}`))?.rows.find((each) => each.rating === neg.rating);
    if (found) negative(found); else negatives();
  };
  room = { key: neg.case, last: neg.last, about: { neg }, show: again };
  const trouble = outbox.ofCase(neg.case).find((item) => item.trouble);
  if (trouble) { showRefusal(trouble); return; }
  inRoom('negative', neg.case, negDesk(neg, now(), open), 'neg-title');
}

function openRoom(type, was) {
  if (!room?.key) { announce('请先打开大厅（Alt+H）或差评（Alt+N）。'); return; }
  const form = formOf(type, { reference, shift, was, ...room.about }, (data) => send(type, room.about.neg ? { rating_id: room.about.neg.rating, ...data } : data), back);
  screen = 'form';
  fill($('stage'), form);
  (form.querySelector('input:not([type=hidden]), select') ?? form.querySelector('button')).focus();
}

function postFor(type) {
  const may = reference.posts[type] ?? [];
  return may.includes(shift.post) ? shift.post : shift.posts.find((post) => may.includes(post)) ?? shift.post;
}

function send(type, data) {
  settled = keep(type, data);
}

async function keep(type, data) {
  const at = now();
  if (type === 'case.submit') {
    desk = { id: caseId(at), no: caseNo(at), view: null };
    data.case_no = desk.no;
  }
  const last = ofCase(type) ? state().last : room.last;
  const command = {
    type, key: ofCase(type) ? desk.id : room.key, occurred_at: at > last ? at : last, source_system: shift.source, source_seq: commandNo(),
    actor: { kind: 'staff', staff: shift.staff, post: postFor(type) }, centre: shift.centre, data,
  };
  if (shift.window) command.window = shift.window;
  if (shift.dept) command.dept = shift.dept;
  if (type === 'case.submit' || type === 'case.accept') command.channel = shift.window ? 'window' : 'internal';
  try {
    await outbox.put(command);
  } catch { // Nothing was sent: what cannot be kept must not be half known.
    if (type === 'case.submit') desk = { id: null, no: '', view: null };
    open(type, data);
    announce('本机存不下这一件，没有上报。请清理浏览器存储后再试。');
    return;
  }
  if (ofCase(type)) { draw(); $('case-title')?.focus(); } else screen = 'sent';
}

async function recorded(item, receipt) {
  announce(`已入账：${ACTIONS[item.type]} ${receipt.events.join('、')}`);
  if (item.case === desk.id) {
    await look();
    if (screen === 'case' && item.case === desk.id) draw();
  }
  if (!ofCase(item.type) && room?.key === item.case && screen === 'sent') back();
  work();
}

function showRefusal(item) {
  const away = async () => { await outbox.drop(item); await look(); };
  const command = JSON.parse(item.raw);
  const node = refusal(item, {
    open: async (type) => { await away(); open(type); },
    shift: async () => { await away(); changeShift(); },
    resend: async (changes) => { await away(); send(item.type, { ...command.data, ...changes }); },
    edit: async () => { await away(); open(item.type, command.data); },
    again: async () => { await outbox.again(item); if (ofCase(item.type)) { draw(); $('case-title')?.focus(); } else screen = 'sent'; },
    drop: async () => { await away(); if (ofCase(item.type)) { draw(); $('case-title')?.focus(); } else back(); },
  });
  if (ofCase(item.type)) draw(node, 'refusal'); else { screen = 'refusal'; fill($('stage'), node); }
  node.querySelector('button').focus();
}

function refused(item) {
  if (ofCase(item.type) ? item.case === desk.id && screen === 'case' : item.case === room?.key && screen === 'sent') { showRefusal(item); return; }
  announce(`台账退回了一件：${sentence(item.trouble)} 按 Alt+Q 查看。`);
}

// --- outbox, work list, top and foot ----------------------------------------------------------

function changed(items) {
  const back = items.filter((item) => item.trouble).length;
  $('outbox').hidden = !items.length;
  $('outbox').classList.toggle('bad', back > 0);
  $('waiting').textContent = `待上报 ${items.length} 件${back ? `，退回 ${back} 件` : ''}`;
}

function showOutbox() {
  screen = 'outbox';
  const rows = outbox.items.map((item) => el('button', { type: 'button', onclick: () => put(item.case, JSON.parse(item.raw).data.case_no ?? item.case) },
    el('b', {}, ACTIONS[item.type]), ` ${item.at.slice(5, 16).replace('T', ' ')} · ${item.trouble ? `退回：${sentence(item.trouble)}` : item.source === shift.source ? '待上报' : `属于来源 ${item.source}，请用它的密钥登录`}`));
  fill($('stage'), el('div', { class: 'panel list' }, el('h1', {}, '待上报'), el('p', { class: 'hint' }, '按先后上报；同一办件被退回时，它后面的等您处理。'),
    ...(rows.length ? rows : [el('p', {}, '没有待上报的。')])));
  rows[0]?.focus();
  outbox.deliver();
}

async function work() {
  const asked = new URLSearchParams({ centre: shift.centre, window: shift.window ?? '', dept: shift.dept ?? '', q: search });
  try {
    const { status, body } = await call(`/v1/worklist?${asked}`);
    if (status === 200) showWork(body, reference.states, put, desk.id);
    return body;
  } catch (error) {
    if (!(error instanceof Down)) throw error;
    return null;
  }
}

function find() {
  screen = 'find';
  const input = el('input', { name: 'q', id: 'q', autocomplete: 'off', maxlength: 50, value: search });
  const form = el('form', { class: 'panel narrow' }, el('h1', {}, '查办件'), el('div', { class: 'field' }, el('label', { for: 'q' }, '办件编号'), input, el('small', {}, '开头或末尾几位')));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    search = input.value.trim();
    const found = (await work())?.found;
    if (found?.n === 1) put(found.rows[0].case, found.rows[0].case_no);
    else if (found?.n) $('work').querySelector('[data-list=found] button').focus();
    else announce('没有查到。');
  });
  fill($('stage'), form);
  input.focus();
}

function lamp(up) {
  $('lamp').textContent = up ? '● 已连通' : '◌ 线路中断，可照常办理，恢复后补报';
  $('lamp').classList.toggle('down', !up);
}

function bars() {
  const window_ = reference.windows.find((each) => each.id === shift.window);
  const centre = reference.centres.find((each) => each.id === shift.centre);
  $('shift').textContent = [centre?.name, window_ ? `${window_.no} 号 ${windowName(window_.kind)}` : '后台', shift.staff, `${POSTS[shift.post] ?? ''}岗`].join(' · ');
  $('change').hidden = false;
  $('work').hidden = false;
  const shown = [...FORMS.map(([type, keys]) => [keys, ACTIONS[type]]), ['F3', '查办件'], ['Alt+W', '列表'], ['Alt+Q', '待上报'], ['Alt+H', '大厅'], ['Alt+N', '差评'], ['Alt+S', '换班']];
  fill($('keys'), ...shown.map(([keys, words]) => el('span', {}, el('kbd', {}, keys), ` ${words}`)));
}

// --- beginning --------------------------------------------------------------------------------

async function begin(next, found) {
  shift = next;
  reference = found;
  if (outbox) outbox.source = shift.source;
  else {
    outbox = new Outbox({ source: shift.source, changed, recorded, refused, unknown: () => { setKey(''); start(); } });
    await outbox.open();
    setInterval(work, POLL_MS);
  }
  outbox.deliver();
  if (desk.id) await look();
  draw();
  bars();
  $('case-title')?.focus();
  work();
}

async function changeShift() {
  screen = 'shift';
  try { takeShift(await fetchReference(), begin, reference && (() => { draw(); $('case-title')?.focus(); })); }
  catch (error) {
    if (!(error instanceof Down)) throw error;
    draw();
    announce('线路中断，暂时不能换班。');
  }
}

async function start() {
  if (!hasKey()) { signIn((first) => takeShift(first, begin)); return; }
  try {
    const before = kept();
    if (before) await begin(before, await fetchReference(before.centre)); else takeShift(await fetchReference(), begin);
  } catch (error) {
    if (!(error instanceof Down) && error.status !== 401) throw error;
    if (error instanceof Down) { announce('连不上台账，正在重试…'); setTimeout(start, 2_000); return; }
    setKey('');
    start();
  }
}

const KEYS = new Map([...FORMS.map(([type, keys]) => [keys, () => open(type)]), ['F3', find], ['Alt+W', () => $('work').querySelector('button')?.focus()],
  ['Alt+Q', showOutbox], ['Alt+S', changeShift], ['Alt+H', hall], ['Alt+N', negatives]]);

document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && event.target.matches?.('select')) { // Enter sends, in a list too.
    event.preventDefault();
    if (!event.repeat) event.target.form?.requestSubmit();
    return;
  }
  if (event.key === 'Escape' && shift && screen !== 'case' && screen !== 'refusal') {
    if (room?.key && screen === 'form') { back(); return; }
    if (screen === 'negative') { negatives(); return; }
    room = null;
    draw();
    $('case-title')?.focus();
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && screen === 'negatives') {
    const rows = [...$('negatives').querySelectorAll('button')];
    const next = rows[rows.indexOf(document.activeElement) + step];
    if (next) { event.preventDefault(); next.focus(); }
    return;
  }
  const name = event.altKey ? `Alt+${event.code.replace('Key', '')}` : event.key;
  const act = KEYS.get(name);
  if (!act || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (!event.repeat && screen && shift) settled.then(act);
});
document.addEventListener('click', (event) => {
  const go = event.target.closest('[data-go]')?.dataset.go;
  if (go === 'outbox') showOutbox();
  if (go === 'shift') changeShift();
});
onLine((up) => { lamp(up); if (up && outbox) outbox.deliver(); });
lamp(true);
start();
