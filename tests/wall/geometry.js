() => {
  // What a person with a ruler would find: words outside their box, words on words, small letters.
  const found = { overlaps: [], cut: [], small: [] };
  const u = parseFloat(getComputedStyle(document.body).fontSize) / 24;
  const boxes = [...document.querySelectorAll('#wall .kpi, #wall .tile, #wall .panel, #wall .head, #wall .foot')]
    .filter((box) => box.offsetParent !== null || box.getClientRects().length);
  const inner = (node) => node.closest('.kpi, .tile, .panel, .head, .foot');
  const words = [];
  const walk = document.createTreeWalker(document.getElementById('wall'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (!text.data.trim()) continue;
    const holder = text.parentElement;
    if (!holder.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const area = range.getBoundingClientRect();
    if (!area.width) continue;
    const size = parseFloat(getComputedStyle(holder).fontSize);
    // A font's line box is taller than its ink: take the height of the letters about its middle.
    const middle = (area.top + area.bottom) / 2;
    const ink = { left: area.left, right: area.right, top: middle - size * 0.42, bottom: middle + size * 0.42 };
    const name = `${text.data} @ ${holder.className?.baseVal ?? holder.className}`;
    if (size < 24 * u - 0.2 || (holder.matches('.kpi .num:not(.words)') && size < 72 * u - 0.2)) found.small.push(`${name} ${size}`);
    words.push({ name, ink, box: inner(holder) });
    for (let node = holder; node && node.id !== 'wall'; node = node.parentElement) {
      if (node instanceof SVGElement || getComputedStyle(node).overflow === 'visible') continue;
      const edge = node.getBoundingClientRect();
      if (ink.left < edge.left - 1 || ink.right > edge.right + 1 || ink.top < edge.top - 2 || ink.bottom > edge.bottom + 2) {
        found.cut.push(`${name} by ${node.className}`);
      }
    }
    if (ink.left < 0 || ink.right > innerWidth || ink.top < 0 || ink.bottom > innerHeight) found.cut.push(`${name} by the screen`);
  }
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1.5;
  for (let i = 0; i < words.length; i += 1) {
    for (let j = i + 1; j < words.length; j += 1) {
      if (words[i].box === words[j].box && meet(words[i].ink, words[j].ink)) found.overlaps.push(`${words[i].name} | ${words[j].name}`);
    }
  }
  const flat = boxes.map((box) => [box, box.getBoundingClientRect()]);
  for (const [a, at] of flat) {
    for (const [b, bt] of flat) {
      if (a !== b && !a.contains(b) && !b.contains(a) && meet(at, bt)) found.overlaps.push(`${a.className} | ${b.className}`);
    }
  }
  return found;
}
