// The line to the server: snapshot, stream, and our own way back.
//
//   cold → snapshot → live → (no frame for 5 s, error, bye) → reconnect 0.5 s … 10 s → live
//
// The browser's EventSource gives up for ever at the first answer that is not 200 (a 502 while the
// server restarts is enough), so it is closed at the first error and opened anew by this machine.

const KINDS = ['hello', 'd', 'hb', 'day', 'resync', 'bye', 'build'];
export const SILENCE_MAX_S = 5;
const FETCH_MAX_MS = 5000;
const FIRST_DELAY_S = 0.5;
const SOON_S = 120; // A restart is over in two minutes: until then come back quickly.
const DELAY_SOON_MAX_S = 1.6, DELAY_MAX_S = 10;

export const steady = () => performance.now() / 1000;

export function delayOf(attempt, downFor, chance) {
  const most = downFor < SOON_S ? DELAY_SOON_MAX_S : DELAY_MAX_S;
  return Math.max(FIRST_DELAY_S, Math.min(most, FIRST_DELAY_S * 1.5 ** attempt) * (0.6 + 0.4 * chance));
}

const parseCursor = (text) => {
  const dot = text.lastIndexOf('.');
  return dot < 0 ? null : { life: text.slice(0, dot), seq: Number(text.slice(dot + 1)) };
};

export class Link {
  // hooks: snapshot(doc), frame(kind, body), state(name)
  constructor(base, build, scope, hooks) {
    Object.assign(this, { base, build, scope, hooks, unknown: false, state: 'cold', cursor: null, source: null });
    Object.assign(this, { heard: -Infinity, opened: steady(), attempt: 0, downSince: steady() });
    Object.assign(this, { waiting: null, held: null, timer: 0, reconnects: 0, resyncs: 0, round: 0 });
  }

  start() {
    if (this.cursor) this.#open();
    else this.#fetch().then((ok) => ok && this.#open());
  }

  // Watch another scope: its own snapshot, its own numbers, and still one line.
  follow(scope) {
    this.round += 1;
    this.source?.close();
    clearTimeout(this.timer);
    Object.assign(this, { scope, source: null, held: null, cursor: null, unknown: false, attempt: 0 });
    this.#say('cold');
    this.start();
  }

  // Called often, by timer and by animation frame: whichever of them still runs will do.
  watch() {
    const since = Math.max(this.heard, this.opened);
    if (this.source && steady() - since > SILENCE_MAX_S) this.fail();
  }

  fail(delay = null) {
    this.round += 1;
    this.source?.close();
    this.source = null;
    this.held = null;
    if (this.state === 'live') { this.downSince = steady(); this.reconnects += 1; }
    this.#say('reconnect');
    clearTimeout(this.timer);
    const wait = delay ?? delayOf(this.attempt, steady() - this.downSince, Math.random());
    this.attempt += 1;
    this.timer = setTimeout(() => this.start(), wait * 1000);
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.hooks.state(state);
  }

  async #fetch() {
    const round = this.round;
    try {
      const signal = AbortSignal.timeout(FETCH_MAX_MS);
      const answer = await fetch(`${this.base}snapshot?scope=${encodeURIComponent(this.scope)}`, { cache: 'no-store', signal });
      if (round === this.round) this.unknown = answer.status === 404;
      if (!answer.ok) throw new Error(`snapshot: ${answer.status}`);
      const doc = await answer.json();
      if (round !== this.round) return false;
      this.cursor = parseCursor(doc.cursor);
      this.heard = steady();
      this.hooks.snapshot(doc);
      return true;
    } catch {
      if (round === this.round) this.fail();
      return false;
    }
  }

  #open() {
    const round = this.round;
    const { life, seq } = this.cursor;
    this.opened = steady();
    this.source = new EventSource(`${this.base}stream?scope=${encodeURIComponent(this.scope)}&from=${life}.${seq}&build=${this.build}`);
    this.source.onerror = () => { if (round === this.round) this.fail(); };
    for (const kind of KINDS) {
      this.source.addEventListener(kind, (event) => {
        if (round === this.round) this.#hear(kind, event);
      });
    }
  }

  #hear(kind, event) {
    let body;
    try { body = JSON.parse(event.data); } catch { this.fail(); return; }
    this.heard = steady();
    if (kind === 'bye') { this.fail(0.5 + Math.random() * (body.retry_ms / 1000)); return; }
    if (kind === 'resync') { this.#resync(); return; }
    if (kind === 'd' || kind === 'day') { this.#number(kind, body, parseCursor(event.lastEventId)); return; }
    this.attempt = 0;
    this.#say('live');
    this.hooks.frame(kind, body);
  }

  // Numbers without a gap are deltas without a gap; anything else is answered with a snapshot.
  #number(kind, body, at) {
    if (this.held) { this.held.push([kind, body, at]); return; }
    if (!at || at.life !== this.cursor.life || at.seq > this.cursor.seq + 1) { this.#resync(); return; }
    if (at.seq <= this.cursor.seq) return;
    this.cursor = at;
    this.hooks.frame(kind, body);
  }

  async #resync() {
    if (this.held) return;
    this.held = [];
    this.resyncs += 1;
    if (!await this.#fetch()) return;
    const held = this.held ?? [];
    this.held = null;
    for (const [kind, body, at] of held) this.#number(kind, body, at);
  }
}
