// Signing in with the window's key, and the shift: centre, window, person, post.

import { $, el, fill } from './dom.js';
import { Down, call, setKey } from './line.js';
import { people, postNames } from './people.js';
import { pick } from './pick.js';
import { POSTS, windowName } from './words.js';

export function kept() {
  try { return JSON.parse(sessionStorage.getItem('tz.shift')); } catch { return null; }
}

export async function reference(centre = '') {
  const { status, body } = await call(`/v1/reference?centre=${encodeURIComponent(centre)}`);
  if (status !== 200) throw Object.assign(new Error(body.code), { status });
  return body;
}

function row(label, field, id) {
  return el('div', { class: 'field' }, el('label', { for: id }, label), field);
}

export function signIn(done) {
  const input = el('input', { id: 'key', type: 'password', autocomplete: 'off', required: true });
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const form = el('form', { class: 'panel narrow', 'aria-labelledby': 'title' },
    el('h1', { id: 'title' }, '本窗口的接口密钥'), row('密钥', input, 'key'), wrong,
    el('p', { class: 'hint' }, '密钥决定来源；只留在这个标签页里，关闭即清除。'),
    el('p', { class: 'buttons' }, el('button', {}, '登录 ', el('kbd', {}, 'Enter'))));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    setKey(input.value.trim());
    try {
      const found = await reference();
      done(found);
    } catch (error) {
      setKey('');
      wrong.textContent = error instanceof Down ? '连不上台账，请稍后再试。' : '这把密钥不对，请核对后重新输入。';
      input.select();
    }
  });
  fill($('stage'), form);
  input.focus();
}

const option = (value, text) => el('option', { value }, text);

// The window last taken at each centre: kept over shifts in the back office, at this terminal.
const WINDOWS = 'tz.windows';
const lastWindows = () => { try { return JSON.parse(localStorage.getItem(WINDOWS)) ?? {}; } catch { return {}; } };
const AT_WINDOWS = ['accept', 'issue', 'agent']; // Who holds one of these sits at a window; others are in the back office until they say so.
const ASK = '?';

// Who sat last at a window of this terminal: at that of the shift, in the back office at the last one.
const SEATED = 'tz.seated';
const lastSeated = () => { try { return JSON.parse(localStorage.getItem(SEATED)) ?? {}; } catch { return {}; } };
export function ownSeat(shift) {
  const window = shift.window ?? lastWindows()[shift.centre] ?? null;
  return { window, staff: lastSeated()[window] ?? null };
}

function keep(shift) {
  sessionStorage.setItem('tz.shift', JSON.stringify(shift));
  localStorage.setItem('tz.last', JSON.stringify(shift));
  if (!shift.window) return;
  localStorage.setItem(WINDOWS, JSON.stringify({ ...lastWindows(), [shift.centre]: shift.window }));
  if (shift.posts.some((post) => AT_WINDOWS.includes(post))) localStorage.setItem(SEATED, JSON.stringify({ ...lastSeated(), [shift.window]: shift.staff }));
}

// The window: what was chosen by hand stays; else it follows the person, and is never one that this terminal did not have before.
function windowBox() {
  const node = el('select', { id: 'window' });
  let last = ASK, byHand = false;
  node.addEventListener('change', () => { byHand = true; });
  return {
    node,
    offer(windows, remembered) {
      fill(node, el('option', { value: ASK, disabled: true, hidden: true }, '请选择'), option('', '不在窗口（后台）'), ...windows.map((each) => option(each.id, `${each.no} 号 · ${windowName(each.kind)}`)));
      last = windows.some((each) => each.id === remembered) ? remembered : ASK;
      node.value = last;
      byHand = false;
    },
    follow(posts) { if (!byHand) node.value = posts.some((post) => AT_WINDOWS.includes(post)) ? last : ''; },
  };
}

function shiftForm(wanted, fields, cancel) {
  const named = wanted.posts?.length ? `须「${postNames(wanted.posts)}」岗` : '';
  return el('form', { class: 'panel narrow', id: 'shift-form', 'aria-labelledby': 'title' },
    el('h1', { id: 'title' }, named ? `换班（${named}）` : '上岗'), named && el('p', { class: 'hint', id: 'only' }, '只列出有此岗的人；再按 ', el('kbd', {}, 'Alt+S'), ' 列出所有人。'),
    ...fields, el('p', { class: 'buttons' }, el('button', {}, '上岗 ', el('kbd', {}, 'Enter')),
      cancel && el('button', { type: 'button', class: 'plain', onclick: cancel }, '返回 ', el('kbd', {}, 'Esc'))));
}

// Ask for centre, window, person and post; the last choice of this terminal is offered again.
// `wanted` as `people` takes it: who can do what is to be done.
export function takeShift(first, done, { cancel, wanted = {} } = {}) {
  const before = kept() ?? JSON.parse(localStorage.getItem('tz.last') ?? 'null') ?? {};
  let found = null, staff = null, asked = 0;
  const windows = windowBox();
  const posts = el('select', { id: 'post' });
  const staffBox = el('div');
  const wrong = el('p', { class: 'wrong', role: 'alert' });

  function showPosts() {
    const who = found?.staff.find((each) => each.id === staff?.hidden.value);
    const held = who?.posts ?? [];
    fill(posts, ...held.map((post) => option(post, POSTS[post] ?? post)));
    const needed = wanted.posts?.find((post) => held.includes(post));
    if (needed) posts.value = needed; else if (held.includes(before.post)) posts.value = before.post;
    if (who) windows.follow(held);
  }
  function showStaff() {
    staff = pick({ name: 'staff', options: found ? people(found, wanted) : [], value: before.staff, changed: showPosts, placeholder: '工号、岗位或部门（首字母也行）', eager: Boolean(wanted.posts) });
    fill(staffBox, row('人员', staff.node, staff.id));
    showPosts();
  }
  async function here(centre) {
    const mine = (asked += 1);
    found = null;
    if (centre) {
      try { const got = await reference(centre.id); if (mine === asked) found = got; } catch { wrong.textContent = '连不上台账，请稍后再试。'; }
    }
    if (mine !== asked) return;
    windows.offer(found?.windows ?? [], (before.centre === centre?.id && before.window) || lastWindows()[centre?.id]);
    showStaff();
    form.dataset.ready = found ? 'yes' : '';
  }
  const centres = first.centres.map((each) => ({ id: each.id, name: each.name }));
  const centre = pick({ name: 'centre', options: centres, value: before.centre, changed: here });
  const form = shiftForm(wanted, [row('中心', centre.node, centre.id), row('窗口', windows.node, 'window'), staffBox, row('岗位', posts, 'post'), wrong], cancel);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const who = found?.staff.find((each) => each.id === staff?.hidden.value);
    const missing = !found ? centre.input : !who ? staff.input : windows.node.value === ASK ? windows.node : null;
    if (missing) { wrong.textContent = missing === windows.node ? '请选窗口；不在窗口的选「不在窗口（后台）」。' : '请从列表中选一个。'; missing.focus(); return; }
    const shift = {
      source: first.source, centre: centre.hidden.value, window: windows.node.value || null, staff: who.id, dept: who.dept, posts: who.posts, post: posts.value,
    };
    keep(shift);
    done(shift, found);
  });
  fill($('stage'), form);
  const ready = here(centre.hidden.value ? { id: centre.hidden.value } : null);
  centre.input.focus();
  centre.input.select();
  if (wanted.posts) ready.then(() => { if (form.isConnected && staff) staff.input.focus(); });
}
