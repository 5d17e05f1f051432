// Signing in with the window's key, and the shift: centre, window, person, post.

import { $, announce, el, fill } from './dom.js';
import { Down, call, setKey } from './line.js';
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

// Ask for centre, window, person and post; the last choice of this terminal is offered again.
export function takeShift(first, done, cancel) {
  const before = kept() ?? JSON.parse(localStorage.getItem('tz.last') ?? 'null') ?? {};
  let found = null;
  const windows = el('select', { id: 'window' });
  const posts = el('select', { id: 'post' });
  const staffBox = el('div');
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  let staff = null;
  let asked = 0;

  function showPosts() {
    const held = found?.staff.find((each) => each.id === staff?.hidden.value)?.posts ?? [];
    fill(posts, ...held.map((post) => option(post, POSTS[post] ?? post)));
    if (held.includes(before.post)) posts.value = before.post;
  }
  function showStaff() {
    const people = (found?.staff ?? []).map((each) => ({
      id: each.id, name: each.id, more: [each.dept, ...each.posts.map((post) => POSTS[post] ?? post)].filter(Boolean).join(' · '),
    }));
    staff = pick({ name: 'staff', options: people, value: before.staff, changed: showPosts, placeholder: '工号' });
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
    fill(windows, option('', '不在窗口（后台）'), ...(found?.windows ?? []).map((each) => option(each.id, `${each.no} 号 · ${windowName(each.kind)}`)));
    if (found?.windows.some((each) => each.id === before.window)) windows.value = before.window;
    else if (found?.windows.length) windows.value = found.windows[0].id;
    showStaff();
    form.dataset.ready = found ? 'yes' : '';
  }
  const centres = first.centres.map((each) => ({ id: each.id, name: each.name }));
  const centre = pick({ name: 'centre', options: centres, value: before.centre, changed: here });
  const form = el('form', { class: 'panel narrow', id: 'shift-form', 'aria-labelledby': 'title' },
    el('h1', { id: 'title' }, '上岗'), row('中心', centre.node, centre.id), row('窗口', windows, 'window'), staffBox,
    row('岗位', posts, 'post'), wrong,
    el('p', { class: 'buttons' }, el('button', {}, '上岗 ', el('kbd', {}, 'Enter')),
      cancel && el('button', { type: 'button', class: 'plain', onclick: cancel }, '返回 ', el('kbd', {}, 'Esc'))));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const who = found?.staff.find((each) => each.id === staff?.hidden.value);
    const missing = !found ? centre : !who ? staff : null;
    if (missing) { wrong.textContent = '请从列表中选一个。'; missing.input.focus(); return; }
    const shift = {
      source: first.source, centre: centre.hidden.value, window: windows.value || null, staff: who.id, dept: who.dept, posts: who.posts, post: posts.value,
    };
    sessionStorage.setItem('tz.shift', JSON.stringify(shift));
    localStorage.setItem('tz.last', JSON.stringify(shift));
    announce('');
    done(shift, found);
  });
  fill($('stage'), form);
  here(centre.hidden.value ? { id: centre.hidden.value } : null);
  centre.input.focus();
  centre.input.select();
}
