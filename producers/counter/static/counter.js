// The counter: who is on duty, which case is on the desk, and the keys.

import { bars, lamp, outboxList, waitingBar } from './bars.js';
import { actions, head, nextStep, projected, timeline } from './case.js';
import { $, announce, el, fill } from './dom.js';
import { findForm } from './find.js';
import { FORMS, focusOn, formOf } from './forms.js';
import { hallRoom, happens } from './hall.js';
import { Down, call, hasKey, now, onLine, setKey } from './line.js';
import { caseId, caseNo, commandNo } from './numbers.js';
import { named, windowNo } from './names.js';
import { negDesk, negList } from './neg.js';
import { Outbox } from './outbox.js';
import { lacks, postFor, postNames } from './people.js';
import { qr } from './qr.js';
import { refusal, wanted, wrongField } from './refusal.js';
import { kept, ownSeat, reference as fetchReference, signIn, takeShift } from './shift.js';
import { ACTIONS, sentence } from './words.js';
import { showWork } from './work.js';

const POLL_MS = 5_000;
let shift, reference, outbox;
let desk = { id: null, no: '', view: null }; // The case on the desk.
let room = null; // The hall, or a negative: where a command that is about no case goes.
let search = '';
let screen = ''; // What the stage shows; an answer that comes in redraws a case, never what is being typed.
let turn = 0; // Counts what a person did: an answer that comes after the next deed shows nothing.
let missing = {}; // Who could do what was refused, while the refusal is on the stage.
let settled = Promise.resolve(); // Keys pressed while a command is being kept are played afterwards.

// --- the case on the desk ---------------------------------------------------------------------

const waiting = () => (desk.id ? outbox.ofCase(desk.id) : []);
const state = () => projected(desk.view, waiting(), reference);
const say = (words) => named(words, reference, [...(desk.view?.events ?? []), ...(room?.about.hall?.facts ?? [])]);
function dept() { // Whose business the case on the desk is.
  const known = state();
  return known.transfer?.to_dept ?? desk.view?.state.holder_dept ?? known.item?.dept ?? null;
}
const troubled = (key) => outbox.ofCase(key).find((item) => item.trouble);

async function look() {
  const { id } = desk;
  if (!id) return;
  try {
    const { status, body } = await call(`/v1/cases/${encodeURIComponent(id)}`);
    if (id !== desk.id) return;
    if (status === 200) {
      desk.view = body;
      desk.no = body.events.filter((event) => event.type === 'case.submitted').at(-1)?.data.data.case_no ?? desk.no;
    } else if (!waiting().length) { desk.view = null; announce(say(sentence(body))); }
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
  fill($('stage'), head(desk.no, desk.view, now_, reference), actions(now_, shift, reference, open), part,
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
  turn += 1;
  announce('');
  room = null;
  desk = { id, no, view: null };
  await look();
  draw();
  if (troubled(id)) showRefusal(troubled(id)); else $('case-title')?.focus();
  work();
}

// --- commands ---------------------------------------------------------------------------------

const ofCase = (type) => type.startsWith('case.');

// `timely`: it may happen now; then who lacks the post is led to who holds it, before anything is filled in.
function handOver(type, was, timely, first = null) {
  const posts = timely ? lacks(type, shift, reference) : [];
  if (!posts.length) return false;
  changeShift({ posts, first, dept: dept(), then: () => open(type, was) });
  announce(`「${ACTIONS[type]}」须「${postNames(posts)}」岗，请由有此岗的人接手。`);
  return true;
}

// `wrong`: the field that a refusal was about.
function open(type, was = {}, wrong = '') {
  turn += 1;
  announce('');
  if (!ofCase(type)) { openRoom(type, was, wrong); return; }
  if (type !== 'case.submit' && !desk.id) { announce('请先打开一个办件。'); return; }
  const known = state();
  const timely = type === 'case.submit' || known.legal.includes(type);
  const back = type !== 'case.submit' && troubled(desk.id);
  if (back) { showRefusal(back); announce('先处理被退回的这一件。'); return; }
  if (handOver(type, was, timely)) return;
  room = null;
  if (type === 'case.submit') desk = { id: null, no: '', view: null };
  const fresh = type === 'case.submit' ? state() : known;
  const about = {
    reference, shift, was, item: fresh.item, caseNo: desk.no, status: fresh.status, transfer: fresh.transfer, missing: fresh.missing,
    events: desk.view?.events ?? [], voided: desk.view?.voided ?? [],
    untimely: !timely && `办件现在是「${reference.states[known.status]}」，台账多半不会接受「${ACTIONS[type]}」。`,
  };
  const form = formOf(type, about, (data) => send(type, data), back);
  draw(form, 'form');
  focusOn(form, wrong);
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

async function back() { // Where Esc and a finished command lead.
  if (room) { await room.show(); return; }
  const trouble = desk.id && troubled(desk.id);
  if (trouble) showRefusal(trouble); else { draw(); $('case-title')?.focus(); }
}

function inRoom(name, key, node, title) {
  screen = name;
  $('stage').dataset.case = key;
  fill($('stage'), node);
  $(title)?.focus();
}

async function asked(path, show) { // The answer, unless somebody has done something else meanwhile.
  const mine = (turn += 1);
  const body = await ask(`${path}?centre=${encodeURIComponent(shift.centre)}`);
  if (body && mine === turn) show(body);
}

const hall = () => asked('/v1/hall', (body) => {
  room = { key: body.key, last: body.last, about: { hall: body }, show: hall };
  if (troubled(body.key)) { showRefusal(troubled(body.key)); return; }
  inRoom('hall', body.key, hallRoom(body, shift, reference, open), 'hall-title');
});

const negatives = () => asked('/v1/negatives', (body) => {
  room = { key: '', last: '', about: {}, show: negatives };
  inRoom('negatives', '', negList(body, negative), 'neg-title');
  $('negatives').querySelector('button')?.focus();
});

function negative(neg) {
  const again = () => asked('/v1/negatives', (body) => {
    const found = body.rows.find((each) => each.rating === neg.rating);
    if (found) negative(found); else return negatives();
  });
  room = { key: neg.case, last: neg.last, about: { neg }, show: again };
  if (troubled(neg.case)) { showRefusal(troubled(neg.case)); return; }
  inRoom('negative', neg.case, negDesk(neg, now(), shift, reference, open), 'neg-title');
}

function openRoom(type, was, wrong) {
  if (!room?.key) { announce('请先打开大厅（Alt+H）或差评（Alt+N）。'); return; }
  const { hall: day, neg } = room.about;
  const own = ownSeat(shift), seated = day?.windows.find((each) => each.id === own.window)?.staff ?? own.staff;
  if (handOver(type, was, !day || happens(day, type), day ? seated : null)) return;
  const form = formOf(type, { reference, shift, was, ...room.about }, (data) => send(type, neg ? { rating_id: neg.rating, ...data } : data), back);
  screen = 'form';
  fill($('stage'), form);
  focusOn(form, wrong);
}

function what(type, data) { // What a command is about, as people call it.
  if (ofCase(type)) return `办件 ${desk.no}`;
  const { hall: day, neg } = room.about;
  if (neg) return `办件 ${neg.case_no}`;
  return [data.no ?? day.tickets.find((each) => each.id === data.ticket_id)?.no, data.window_id && `${windowNo(data.window_id, reference)}窗口`].filter(Boolean).join('，');
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
    actor: { kind: 'staff', staff: shift.staff, post: postFor(type, shift, reference) }, centre: shift.centre, data,
  };
  if (shift.window) command.window = shift.window;
  if (shift.dept) command.dept = shift.dept;
  if (type === 'case.submit' || type === 'case.accept') command.channel = shift.window ? 'window' : 'internal';
  try {
    await outbox.put(command, { no: ofCase(type) ? desk.no : room.about.neg?.case_no, about: what(type, data) });
  } catch { // Nothing was sent: what cannot be kept must not be half known.
    if (type === 'case.submit') desk = { id: null, no: '', view: null };
    open(type, data);
    announce('本机存不下这一件，没有上报。请清理浏览器存储后再试。');
    return;
  }
  if (ofCase(type)) { draw(); $('case-title')?.focus(); } else screen = 'sent';
}

async function recorded(item, receipt) {
  const told = `已入账：${ACTIONS[item.type]} ${item.about ?? ''}`;
  announce(told, receipt.events.join('、'));
  if (item.case === desk.id) {
    const mine = turn;
    await look();
    if (screen === 'case' && item.case === desk.id) draw();
    const next = nextStep(state(), reference);
    if (next && mine === turn && screen === 'case' && !waiting().length) announce(`${told}，下一步：${next}`, receipt.events.join('、'));
  }
  if (!ofCase(item.type) && room?.key === item.case && screen === 'sent') back();
  work();
}

function showRefusal(item) {
  const away = async () => { await outbox.drop(item); await look(); };
  const command = JSON.parse(item.raw);
  const again = async () => { await away(); open(item.type, command.data, wrongField(item)); };
  const node = refusal(item, reference, say, {
    open: async (type) => { await away(); open(type); },
    shift: (who) => changeShift({ ...who, dept: dept(), then: again }),
    resend: async (changes) => { await away(); send(item.type, { ...command.data, ...changes }); },
    edit: again,
    again: async () => { await outbox.again(item); if (ofCase(item.type)) { draw(); $('case-title')?.focus(); } else screen = 'sent'; },
    drop: async () => { await away(); back(); },
  });
  announce(`台账退回：${ACTIONS[item.type]} ${item.about ?? ''}`);
  if (ofCase(item.type)) draw(node, 'refusal'); else { screen = 'refusal'; fill($('stage'), node); }
  const other = wanted(item, reference);
  missing = other ? { ...other, dept: dept(), then: again } : {};
  node.querySelector('button').focus();
}

function refused(item) {
  if (ofCase(item.type) ? item.case === desk.id && screen === 'case' : item.case === room?.key && screen === 'sent') { showRefusal(item); return; }
  announce(`台账退回了一件：${say(sentence(item.trouble))} 按 Alt+Q 查看。`);
}

// --- outbox, work list, top and foot ----------------------------------------------------------

function showOutbox() {
  screen = 'outbox';
  outboxList(outbox.items, shift.source, say, (item) => put(item.case, item.no ?? item.case));
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
  findForm(search, async (text) => {
    search = text;
    const found = (await work())?.found;
    if (found?.n === 1) await put(found.rows[0].case, found.rows[0].case_no);
    else if (found?.n) $('work').querySelector('[data-list=found] button').focus();
    else if (!found) announce('线路中断，恢复后再查。');
    return found?.n;
  });
}

// --- beginning --------------------------------------------------------------------------------

async function begin(next, found) {
  shift = next;
  reference = found;
  if (outbox) outbox.source = shift.source;
  else {
    outbox = new Outbox({ source: shift.source, changed: waitingBar, recorded, refused, unknown: () => { setKey(''); start(); } });
    await outbox.open();
    setInterval(work, POLL_MS);
  }
  outbox.deliver();
  if (desk.id) await look();
  bars(shift, reference);
  announce('');
  work();
  await back();
}

// Change the shift; afterwards one is back where it was begun, or at what it was `then` changed for.
async function changeShift(who = screen === 'refusal' ? missing : {}) {
  const mine = (turn += 1);
  try {
    const first = await fetchReference();
    if (mine !== turn) return;
    screen = 'shift';
    takeShift(first, async (next, found) => { await begin(next, found); who.then?.(); }, { cancel: back, wanted: who });
  } catch (error) {
    if (!(error instanceof Down)) throw error;
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
    turn += 1;
    announce('');
    if (screen === 'shift' || (room?.key && screen === 'form')) { back(); return; }
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
  if (event.repeat || !screen || !shift) return;
  turn += 1;
  announce('');
  settled.then(() => act());
});
document.addEventListener('click', (event) => {
  const go = event.target.closest('[data-go]')?.dataset.go;
  if (go === 'outbox') showOutbox();
  if (go === 'shift') changeShift();
});
onLine((up) => { lamp(up); if (up && outbox) outbox.deliver(); });
lamp(true);
start();
