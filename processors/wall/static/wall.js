// The wall: one store, one line, one painter. Fresh is what proves itself again and again; the
// default, in the page itself, is "not fresh".

import { el, say, set, show, word } from './dom.js';
import { buildDue, buildHalls, paintDue, paintHalls } from './halls.js';
import { buildKpis, paintKpis } from './kpis.js';
import { buildLegend, legendLine } from './legend.js';
import { centreName } from './names.js';
import { Link, steady } from './link.js';
import { buildGroups, buildStrip, hourOf, paintGroups, paintStrip } from './local.js';
import { crumbs, next, pathOf, remember, root, scopeHere } from './nav.js';
import { MANY, buildTiles, buildWatch, paintTiles, paintWatch, shapeTiles } from './places.js';
import { buildBuckets, buildStars, buildTrend, paintAges, paintBuckets, paintStars, paintTrend } from './plots.js';
import { Store } from './store.js';
import { buildTable, paintTable } from './table.js';
import { cityClock, count, DASH, dayWords, FRESH, shortSpan, span } from './words.js';

const PAINT_S = 0.25, STALL_S = 5, VEIL_MS = 6000, IDLE_MS = 3000, DRIFT_MS = 60000;
const $ = (id) => document.getElementById(id);
const build = document.documentElement.dataset.build;
let scope = scopeHere();
document.body.dataset.scope = scope.split(':')[0];
const store = new Store(scope);
const link = new Link(`${root}live/v1/`, build, scope, { snapshot: (doc) => { store.load(doc); dirty = true; }, frame: hear, state: (name) => { set(document.body, 'data-link', name); dirty = true; } });

let dirty = true, painted = -Infinity, lastFrame = steady(), lastReal = Date.now(), shaped = '', tableOpen = false;

const wall = {
  kpis: buildKpis($('kpis')), tiles: buildTiles($('matrix')), watch: buildWatch($('watch')), due: buildDue($('due')), halls: buildHalls($('halls')),
  groups: buildGroups($('groups')), strip: buildStrip($('strip')), trend: buildTrend($('trend')), stars: buildStars($('stars')), buckets: buildBuckets($('buckets')),
  aged: [...document.querySelectorAll('.panel[data-cell]')].map((box) => ({ box, age: box.querySelector('.age') })),
  head: document.querySelector('.head'), foot: buildFoot($('quality')), table: buildTable($('table')),
  lamp: { box: $('lamp'), mark: $('lamp').querySelector('i'), name: $('lamp').querySelector('b') },
};
legendLine($('key'));
for (const id of ['demo', 'date', 'week', 'time', 'scope-name', 'scope-sub', 'matrix-sub', 'watch-sub', 'due-sub', 'halls-sub', 'stars-sub', 'buckets-sub', 't-matrix', 'groups-sub', 'crumbs', 'usual-name']) say($(id), $(id).textContent);
for (const panel of wall.aged) say(panel.age, '');
say(wall.lamp.mark, '◌');

function hear(kind, body) {
  if (kind === 'build') { reloadFor(body.hash); return; }
  store.frame(kind, body);
  dirty = true;
}

function buildFoot(root) {
  const items = {};
  for (const [id, label] of [['cover', '在线'], ['asof', '数据截至'], ['mark', '入账水位'], ['rejects', '拒收'], ['unplaced', '未归属'], ['line', '重连'], ['skew', '本机钟差'], ['build', '版本']]) {
    items[id] = { value: word('b') };
    items[id].box = el('span', {}, word('small', {}, label), items[id].value);
    root.append(items[id].box);
  }
  return items;
}

// --- painting -----------------------------------------------------------------------------------

function paint() {
  const age = store.scopeAge(), level = store.level(age);
  const city = cityClock(store.offset === -Infinity ? 0 : store.cityNow());
  store.hour = hourOf(store, city);
  store.clockNow = store.day === '' ? '' : city.iso === store.day ? city.time.slice(0, 5) : city.iso > store.day ? '23:59' : '00:00';
  const hour = String(store.hour).padStart(2, '0');
  paintHead(age, level, city);
  paintKpis(wall.kpis, store, hour);
  const { names, all, least } = paintTiles(wall.tiles, $('matrix'), store);
  document.body.classList.toggle('many', store.scope.kind !== 'town' && all > MANY);
  const shape = `${scope} ${names} ${innerWidth} ${innerHeight}`;
  if (shape !== shaped) { shaped = shape; shapeTiles($('matrix'), names, least); }
  paintMatrixHead(names.length, all);
  paintWatch(wall.watch, $('watch'), $('watch-sub'), store);
  paintDue(wall.due, $('due'), $('due-sub'), store);
  paintHalls(wall.halls, $('halls'), $('halls-sub'), store); // Also those not shown: no cell may keep an old age.
  paintGroups(wall.groups, $('groups'), $('groups-sub'), store);
  paintStrip(wall.strip, $('strip'), store, store.hour);
  const days = store.get('usual', 'days', 'accepted');
  show($('key-usual'), days > 0);
  say($('usual-name'), days ? `前 ${days} 日均` : '');
  paintTrend(wall.trend, $('trend'), store, Number(hour));
  const gone = level === 'lost' || level === 'wait';
  paintStars(wall.stars, $('stars-sub'), store, gone);
  paintBuckets(wall.buckets, $('buckets'), $('buckets-sub'), store, gone);
  paintAges(wall.aged, store);
  paintFoot(age, level);
  if (tableOpen) paintTable(wall.table, store);
}

const MATRIX = { city: '区镇矩阵', town: '中心与村居站点', centre: '窗口' };

function paintMatrixHead(shown, all) {
  const { kind } = store.scope, beyond = all > shown ? `，另有 ${all - shown} 个按 T 看表` : '';
  const towns = store.rows('town').filter((row) => row[0]).length, villages = store.rows('centre').length - towns;
  say($('t-matrix'), MATRIX[kind]);
  if (!all) say($('matrix-sub'), store.day === '' ? '等待数据' : kind === 'centre' ? '没有登记窗口' : '没有登记中心');
  else if (kind === 'city') say($('matrix-sub'), `今日受理 件 · ${towns} 个区镇${villages > 0 ? `，含 ${villages} 个村居站点` : ''}`);
  else say($('matrix-sub'), `今日受理 件 · ${all} 个${kind === 'town' ? '' : '窗口，★ 均星（满 5 次评价）'}${beyond}`);
}

function paintHead(age, level, city) {
  set(wall.head, 'data-f', level);
  set(wall.lamp.box, 'data-f', level);
  const cut = link.state !== 'live' && level !== 'wait';
  say(wall.lamp.mark, FRESH[level][0]);
  say(wall.lamp.name, `${FRESH[level][1]}${level === 'wait' ? '' : ` ${shortSpan(age)}`}${cut ? ' 重连中' : ''}`);
  const [on, all] = store.coverage();
  const { kind, key } = store.scope, above = crumbs(store).map((row) => `${row[1]} › `).join('');
  const name = kind === 'centre' ? (store.rows('centre').length ? centreName(store, key) : '') : String(store.unit('name') || '');
  say($('crumbs'), above);
  say($('scope-name'), name || (kind === 'city' ? '全市' : key));
  set(document.body, 'data-unknown', String(link.unknown));
  say($('scope-sub'), link.unknown ? '没有这个范围' : level === 'wait' ? '等待数据' : `${on}/${all} 在线`);
  const [date, week] = dayWords(store.day);
  say($('date'), date || '等待数据');
  say($('week'), week);
  // Between midnight and the server's `day` frame the wall stays on the old day, to the second.
  say($('time'), store.day === '' ? '--:--:--' : city.iso > store.day ? '23:59:59' : city.iso < store.day ? '00:00:00' : city.time);
  show($('demo'), Boolean(store.clock) && store.day !== '');
  say($('demo'), store.clock ? `演示 ×${store.clock.speed}` : '');
}

function paintFoot(age, level) {
  const foot = wall.foot, [on, all] = store.coverage();
  set($('foot'), 'data-f', level);
  say(foot.cover.value, `${on}/${all} 中心`);
  foot.cover.box.classList.toggle('hot', on < all);
  say(foot.asof.value, level === 'wait' ? '—' : age === null ? '未知' : `${span(age)}前`);
  const gone = level === 'lost' || level === 'wait';
  say(foot.mark.value, gone ? DASH : `#${count(store.position())}`);
  for (const id of ['rejects', 'unplaced']) show(foot[id].box, store.scope.kind === 'city');
  say(foot.rejects.value, gone ? DASH : `${count(store.get('city', 'city', 'rejects'))} 条`);
  say(foot.unplaced.value, gone ? DASH : `${count(store.get('city', 'city', 'unplaced'))} 件`);
  say(foot.line.value, `${link.reconnects} 次 · 重同步 ${link.resyncs}`);
  const skew = Math.round(store.skew ?? 0);
  say(foot.skew.value, Math.abs(skew) > 2 ? `${skew > 0 ? '+' : ''}${skew} 秒` : '正常');
  foot.skew.box.classList.toggle('hot', Math.abs(skew) > 2);
  say(foot.build.value, build);
}

// --- watching over ourselves --------------------------------------------------------------------

const veil = $('veil').animate([{ opacity: 0 }, { opacity: 0, offset: 0.99 }, { opacity: 1 }], { duration: VEIL_MS, fill: 'forwards' });

// A gap in which this page did not run, asleep or frozen: what it shows is worth nothing until
// a frame has come.
function gap() {
  const now = steady(), real = Date.now();
  if (now - lastFrame > STALL_S || real - lastReal > (now - lastFrame + STALL_S) * 1000) { store.stalled = true; dirty = true; }
  lastFrame = now;
  lastReal = real;
}

function turn() {
  gap();
  link.watch();
  const now = steady();
  if (dirty || now - painted >= PAINT_S) {
    dirty = false;
    painted = now;
    paint();
    veil.currentTime = 0;
  }
  requestAnimationFrame(turn);
}

setInterval(() => link.watch(), 500);

function reloadFor(hash) {
  try {
    if (hash === build || sessionStorage.getItem('tz-build') === hash) return;
    sessionStorage.setItem('tz-build', hash);
  } catch { return; }
  setTimeout(() => location.reload(), Math.random() * 3000);
}

// --- keys, cursor, drift ------------------------------------------------------------------------

function openTable(open) {
  tableOpen = open;
  show($('table'), open);
  show($('wall'), !open);
  document.body.style.overflow = open ? 'auto' : '';
  dirty = true;
}

addEventListener('keydown', (event) => {
  if (event.key === 'F1') { event.preventDefault(); buildLegend($('legend'), store.thresholds); show($('legend'), $('legend').hidden); }
  if (event.key === 'Escape') show($('legend'), false);
  if (event.key.startsWith('Arrow') && !tableOpen) {
    const to = next(store, scope, event.key);
    if (to) { event.preventDefault(); go(to); }
  }
  if (event.key === 't' || event.key === 'T') openTable(!tableOpen);
});

// Another scope in the same page: the line and the figures change, nothing is loaded anew.
function go(to, push = true) {
  if (to === scope) return;
  for (const [above] of crumbs(store)) remember(above, scope);
  scope = to;
  store.reset(scope);
  set(document.body, 'data-scope', store.scope.kind);
  if (push) history.pushState(null, '', pathOf(scope) + location.search);
  link.follow(scope);
  dirty = true;
}
addEventListener('popstate', () => go(scopeHere(), false));
for (const tile of wall.tiles) tile.box.addEventListener('click', () => tile.to && go(tile.to));

let idle = setTimeout(() => document.body.classList.add('idle'), IDLE_MS);
addEventListener('mousemove', () => {
  document.body.classList.remove('idle');
  clearTimeout(idle);
  idle = setTimeout(() => document.body.classList.add('idle'), IDLE_MS);
}, { passive: true });

// Against burn-in: a few pixels each minute, inside the margin.
let step = 0;
setInterval(() => {
  step += 1;
  $('wall').style.translate = `${[0, 6, 6, 0, -6, -6, -6, 0][step % 8]}px ${[0, 0, 5, 5, 5, 0, -5, -5][step % 8]}px`;
}, DRIFT_MS);
addEventListener('resize', () => { dirty = true; });

// For whoever tests the wall, or asks it what it thinks.
globalThis.taizhangWall = { store, link };

if (new URLSearchParams(location.search).get('view') === 'table') openTable(true);
link.start();
requestAnimationFrame(turn);
