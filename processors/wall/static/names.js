// What places are called on a wall.

export const unitName = (store) => ({ city: '全市', town: '本区镇', centre: '本中心' })[store.scope.kind];

// A centre beside its town: the town's own hall has the town's name.
export function centreName(store, key) {
  const name = String(store.get('centre', key, 'name') || key);
  const town = String(store.get('town', store.get('centre', key, 'town'), 'name') || '');
  if (!town || name === town) return '为民服务中心';
  return name.startsWith(town) ? name.slice(town.length) : name;
}

// A village is found by its 区镇: 三星镇许桥村.
export function inTown(store, centre) {
  const name = String(store.get('centre', centre, 'name') || '未归属'), town = String(store.get('town', store.get('centre', centre, 'town'), 'name') || '');
  return name.startsWith(town) ? name : town + name;
}

export function windowName(store, row) {
  return `${store.get('centre', row[store.col('window', 'centre')], 'name') || row[store.col('window', 'centre')] || ''} ${row[store.col('window', 'no')]} 号`;
}
