// The line to the gateway: the key, the ledger's clock, and whether anybody answers.

const AWAY = new Set([502, 503, 504]);
let key = sessionStorage.getItem('tz.key') ?? '';
let skew = 0; // The ledger's time minus this terminal's, in ms: a wrong clock here makes no wrong fact.
let up = true;
const listeners = new Set();

export class Down extends Error {}

export const hasKey = () => key !== '';
export const isUp = () => up;
export function onLine(listener) { listeners.add(listener); }

export function setKey(value) {
  key = value;
  if (value) sessionStorage.setItem('tz.key', value); else sessionStorage.removeItem('tz.key');
}

export function now() { // ISO 8601 at +08:00, as the ledger tells it.
  return new Date(Date.now() + skew + 8 * 3_600_000).toISOString().replace('Z', '+08:00');
}

function mark(state) {
  if (up === state) return;
  up = state;
  for (const listener of listeners) listener(up);
}

export async function call(path, raw) {
  const headers = { 'X-API-Key': key };
  if (raw !== undefined) headers['Content-Type'] = 'application/json';
  let answer, body;
  try {
    answer = await fetch(path, {
      method: raw === undefined ? 'GET' : 'POST', headers, body: raw, cache: 'no-store', credentials: 'omit',
      signal: AbortSignal.timeout(15_000),
    });
    body = await answer.json();
  } catch {
    mark(false);
    throw new Down();
  }
  if (AWAY.has(answer.status)) { mark(false); throw new Down(); }
  mark(true);
  if (body.now) skew = Date.parse(body.now) - Date.now();
  return { status: answer.status, body };
}
