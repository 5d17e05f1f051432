// The outbox (待上报): every command is durable here before it is sent, and leaves when the ledger
// has answered. Order: as they were made; after one that was refused the later ones of the same
// case wait until a person has looked. Bytes never change between tries, so that a lost answer is
// answered `duplicate` and never becomes a second fact.

import { Down, call, hasKey, isUp } from './line.js';

const RETRY_MS = [500, 1_000, 2_000];
const LATE = 'line_down';

function opened() {
  return new Promise((done, failed) => {
    const asked = indexedDB.open('taizhang-counter', 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true })
        .createIndex('seq', 'seq', { unique: true });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

function inStore(db, mode, work) {
  return new Promise((done, failed) => {
    const act = db.transaction('outbox', mode, { durability: 'strict' });
    const asked = work(act.objectStore('outbox'));
    act.oncomplete = () => done(asked.result);
    act.onabort = () => failed(act.error);
  });
}

export class Outbox {
  constructor({ source, changed, recorded, refused, unknown }) {
    Object.assign(this, { source, changed, recorded, refused, unknown });
    this.items = [];
    this.tries = 0;
    this.running = false;
    this.timer = 0;
  }

  async open() {
    this.db = await opened();
    await this.load();
  }

  async load() {
    this.items = await inStore(this.db, 'readonly', (store) => store.getAll());
    this.changed(this.items);
  }

  ofCase(id) { return this.items.filter((item) => item.case === id); }

  // Keep a command, with the number and the words it is known by, then send it. One with a known number is the same Enter pressed twice.
  async put(command, about) {
    const behind = this.ofCase(command.key).length > 0 || !isUp();
    const raw = JSON.stringify(behind ? { ...command, late_reason: command.late_reason ?? LATE } : command);
    const item = { seq: command.source_seq, case: command.key, type: command.type, source: command.source_system, at: command.occurred_at, raw, ...about };
    try {
      await inStore(this.db, 'readwrite', (store) => store.add(item));
    } catch (error) {
      if (error?.name !== 'ConstraintError') throw error;
      return;
    }
    await this.load();
    this.deliver();
  }

  async drop(item) { // A person has looked; what waited behind it may go.
    await inStore(this.db, 'readwrite', (store) => store.delete(item.n));
    await this.load();
    if (item.trouble) this.deliver();
  }

  async again(item) { // A person wants a refused one sent once more.
    await inStore(this.db, 'readwrite', (store) => store.put({ ...item, trouble: undefined }));
    await this.load();
    this.deliver();
  }

  async deliver() {
    if (!hasKey()) return; // Somebody is signing in; `begin` comes back here.
    if (this.running) { this.more = true; return; }
    this.running = true;
    clearTimeout(this.timer);
    try {
      do { this.more = false; await this.round(); } while (this.more);
      this.tries = 0;
    } catch (error) {
      if (!(error instanceof Down)) throw error;
      const wait = RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)];
      this.timer = setTimeout(() => this.deliver(), wait);
    } finally {
      this.running = false;
    }
  }

  async round() {
    const held = new Set();
    await this.load(); // Another tab may have delivered, or a person decided, meanwhile.
    for (const item of [...this.items]) {
      if (item.trouble) held.add(item.case);
      if (item.source !== this.source || held.has(item.case)) continue;
      if (!(await this.send(item))) held.add(item.case);
    }
  }

  async send(item) {
    const { status, body } = await call('/v1/commands', item.raw);
    if (status < 300) {
      await this.drop(item);
      this.recorded(item, body);
      return true;
    }
    if (status === 401) { this.unknown(); throw new Down(); }
    const command = JSON.parse(item.raw);
    if (body.code === 'E_LATE_REASON' && !command.late_reason) { // It was on time here; the line was not.
      const late = { ...item, raw: JSON.stringify({ ...command, late_reason: LATE }) };
      await inStore(this.db, 'readwrite', (store) => store.put(late));
      await this.load();
      return this.send(late);
    }
    const back = { ...item, trouble: body };
    await inStore(this.db, 'readwrite', (store) => store.put(back));
    await this.load();
    this.refused(back);
    return false;
  }
}
