// The few writes a wall makes: build once, then only text, attributes and sizes that changed.

export function el(tag, attributes = {}, ...children) {
  const svg = ['svg', 'g', 'rect', 'polyline', 'line', 'text'].includes(tag);
  const node = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Every element that shows text gets its one text node at once, empty or not: the number of
// nodes of a wall never changes after it has been built.
export function word(tag, attributes = {}, text = '') {
  const node = el(tag, attributes);
  node.append(document.createTextNode(text));
  return node;
}

export function say(node, text) {
  const leaf = node.firstChild ?? node.appendChild(document.createTextNode(''));
  if (leaf.data !== text) { leaf.data = text; return true; }
  return false;
}

export function set(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function style(node, name, value) {
  if (node.style.getPropertyValue(name) !== value) node.style.setProperty(name, value);
}

export function show(node, visible) { if (node.hidden === visible) node.hidden = !visible; }

export function unit() { // Pixels of one --u.
  const box = document.getElementById('foot').getBoundingClientRect();
  return box.height > 0 ? Number.parseFloat(getComputedStyle(document.body).fontSize) / 24 : 1;
}

const calm = matchMedia('(prefers-reduced-motion: reduce)');
export function flash(node) {
  // Behind the figure, never on it: a figure that pales looks old.
  if (!calm.matches) node.animate([{ backgroundColor: '#3d6fb566' }, { backgroundColor: '#3d6fb500' }], { duration: 400, easing: 'ease-out' });
}
