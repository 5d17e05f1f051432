// Every visible text with less than 4.5:1 against what is behind it, and a page that is too wide.
() => {
  const parse = (text) => (text.match(/[\d.]+/g) ?? ['0', '0', '0', '0']).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const over = (top, under, alpha) => top.slice(0, 3).map((v, n) => v * alpha + under[n] * (1 - alpha));
  function behind(node) {
    if (!node) return [255, 255, 255];
    const [r, g, b, a = 1] = parse(getComputedStyle(node).backgroundColor);
    return a === 1 ? [r, g, b] : over([r, g, b], behind(node.parentElement), a);
  }
  function opacity(node) { return node ? Number(getComputedStyle(node).opacity) * opacity(node.parentElement) : 1; }
  const found = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || !node.checkVisibility() || node.tagName === 'OPTION' || node.closest('noscript')) continue;
    const back = behind(node);
    const ink = over(parse(getComputedStyle(node).color), back, opacity(node));
    const [a, b] = [light(ink), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push([node.textContent.slice(0, 20), Math.round(ratio * 100) / 100]);
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push(['wide', document.documentElement.scrollWidth]);
  return found;
}
