// What the wall knows: tables by key, the day, the cut, and how fresh each source was said to be.

import { SILENCE_MAX_S, steady } from './link.js';

export class Store {
  constructor(scope) { this.reset(scope); }

  // Forget all, for another scope: nothing of one place is ever shown under the name of another.
  reset(scope) {
    const dot = scope.indexOf(':');
    this.scope = dot < 0 ? { kind: scope, key: 'city' } : { kind: scope.slice(0, dot), key: scope.slice(dot + 1) };
    Object.assign(this, { day: '', cut: [], columns: {}, tables: {}, thresholds: [], build: '' });
    Object.assign(this, { limits: [5, 30, 120], asOf: null, beatFloor: null, late: {}, clock: null });
    Object.assign(this, { offset: -Infinity, heard: -Infinity, stalled: false, version: 0, structure: 0, kinds: [] });
  }

  load(doc) {
    this.columns = Object.fromEntries(Object.entries(doc.columns).map(
      ([table, names]) => [table, Object.fromEntries(names.map((name, i) => [name, i]))]));
    this.limits = doc.limits_s;
    this.thresholds = doc.thresholds;
    this.kinds = doc.kinds;
    this.build = doc.build;
    this.offset = -Infinity;
    this.#replace(doc);
    this.hear(doc);
  }

  frame(kind, body) {
    if (kind === 'hello') this.offset = -Infinity;
    if (kind === 'day') this.#replace(body);
    if (kind === 'd') this.#apply(body);
    if ('server_ts' in body) this.hear(body);
  }

  #replace(body) {
    this.day = body.day;
    this.cut = body.cut;
    this.tables = {};
    for (const [name, names] of Object.entries(this.columns)) {
      const width = Object.keys(names).length;
      this.tables[name] = new Map((body.rows[name] ?? []).map((row) => [row[0], this.#whole(row, width)]));
    }
    this.version += 1;
    this.structure += 1;
  }

  #whole(row, width) { // What is left out at the end of a row is nothing: 0.
    const whole = row.slice();
    while (whole.length < width) whole.push(0);
    return whole;
  }

  #apply(body) {
    this.cut = body.cut;
    for (const [name, changes] of Object.entries(body.rows)) {
      const table = this.tables[name];
      for (const change of changes) {
        const key = change[0];
        let row = table.get(key);
        if (change.length === 1) { table.delete(key); this.structure += 1; continue; }
        if (!row) {
          row = this.#whole([key], Object.keys(this.columns[name]).length);
          table.set(key, row);
          this.structure += 1;
        }
        for (let i = 1; i < change.length; i += 2) row[change[i]] = change[i + 1];
      }
    }
    this.version += 1;
  }

  // Server time runs on our steady clock. Of all frames of a connection the least delayed one
  // counts, so a frame that a proxy kept back for a minute is a minute old here too.
  hear(body) {
    const at = steady();
    this.heard = at;
    this.stalled = false;
    this.offset = Math.max(this.offset, body.server_ts - at);
    this.asOf = body.as_of_age === null ? null : body.server_ts - body.as_of_age;
    this.beatFloor = body.beat_age === null ? null : body.server_ts - body.beat_age;
    if (body.late) this.late = body.late;
    this.clock = 'city_ts' in body ? { city: body.city_ts, at: body.server_ts, speed: body.speed } : null;
    this.skew = Date.now() / 1000 - body.server_ts;
  }

  now() { return steady() + this.offset; }

  // Epoch seconds the ledger's clock shows; it stands still when nothing is heard any more.
  cityNow() {
    const now = Math.min(this.now(), this.heard + this.offset + SILENCE_MAX_S);
    return this.clock ? this.clock.city + (now - this.clock.at) * this.clock.speed : now;
  }

  beat(centre) { return centre in this.late ? this.late[centre] || null : this.beatFloor; }

  // Age in seconds of a figure that rests on all partitions, and on `beat` if one is given.
  age(beat) {
    const known = beat === undefined ? this.asOf : (beat === null || this.asOf === null ? null : Math.min(beat, this.asOf));
    if (known === null || this.stalled) return null;
    return Math.max(0, this.now() - known, steady() - this.heard);
  }

  // Age of what is added up over the scope: a 区镇 lives while one of its centres does.
  scopeAge() {
    if (this.scope.kind === 'city') return this.age();
    return this.age(this.scope.kind === 'town' ? this.townBeat(this.scope.key) : this.beat(this.scope.key));
  }

  level(age) {
    if (this.day === '') return 'wait';
    if (age === null) return 'lost';
    const [late, stale, lost] = this.limits;
    return age > lost ? 'lost' : age > stale ? 'stale' : age > late ? 'late' : 'live';
  }

  col(table, name) { return this.columns[table]?.[name]; }

  get(table, key, name) { return this.tables[table]?.get(key)?.[this.columns[table][name]] ?? 0; }

  // A figure of the scope itself.
  unit(name) { return this.get(this.scope.kind, this.scope.key, name); }

  rows(table) { return this.tables[table] ? [...this.tables[table].values()] : []; }

  position() { return this.cut.reduce((sum, n) => sum + n, 0); }

  // [on line, all] of the centres of a town, or of the city.
  coverage(town) {
    let on = 0, all = 0;
    const at = this.col('centre', 'town');
    for (const row of this.rows('centre')) {
      if (town !== undefined && row[at] !== town) continue;
      all += 1;
      const beat = this.beat(row[0]);
      if (beat !== null && !this.stalled && this.now() - beat <= this.limits[1]) on += 1;
    }
    return [on, all];
  }

  // The freshest source of a town: a 区镇 is lost when all of its centres are.
  townBeat(town) {
    const at = this.col('centre', 'town');
    let best, any = false;
    for (const row of this.rows('centre')) {
      if (row[at] !== town) continue;
      any = true;
      const beat = this.beat(row[0]);
      if (beat !== null) best = Math.max(best ?? 0, beat);
    }
    return any ? best ?? null : undefined;
  }
}
