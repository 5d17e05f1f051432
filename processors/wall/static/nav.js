// Which scope this page watches, and the way from one to the next: 市 – 区镇 – 中心.

const PATH = /\/wall\/(town|centre)\/([^/]+)$/;
export const root = new URL('../../', import.meta.url).pathname;

export function scopeHere() {
  const found = PATH.exec(location.pathname);
  return found ? `${found[1]}:${decodeURIComponent(found[2])}` : 'city';
}

export function pathOf(scope) {
  const dot = scope.indexOf(':');
  return dot < 0 ? `${root}wall/city` : `${root}wall/${scope.slice(0, dot)}/${encodeURIComponent(scope.slice(dot + 1))}`;
}

const cameFrom = new Map(); // Scope → the one below that was looked at last.

export const remember = (above, below) => cameFrom.set(above, below);

export function crumbs(store) {
  const role = store.col('nav', 'role');
  return store.rows('nav').filter((row) => row[role] === 0);
}

// Where an arrow leads from here; '' = nowhere.
export function next(store, scope, arrow) {
  const role = store.col('nav', 'role');
  if (arrow === 'ArrowLeft') return crumbs(store).at(-1)?.[0] ?? '';
  if (arrow === 'ArrowRight') {
    const table = { city: 'town', town: 'centre' }[store.scope.kind];
    if (!table) return '';
    const rows = store.rows(table).filter((row) => row[0]);
    const known = cameFrom.get(scope);
    if (known && rows.some((row) => `${table}:${row[0]}` === known)) return known;
    const level = store.col(table, 'level');
    const worst = rows.reduce((top, row) => (!top || row[level] > top[level] ? row : top), null);
    return worst ? `${table}:${worst[0]}` : '';
  }
  const beside = store.rows('nav').filter((row) => row[role] === 1).map((row) => row[0]);
  const at = beside.indexOf(scope);
  if (at < 0 || beside.length < 2) return '';
  return beside[(at + (arrow === 'ArrowUp' ? -1 : 1) + beside.length) % beside.length];
}
