// The contrast of every text to the nearest painted ground, by the formula of WCAG 2; returns what is below 4.5.
() => {
  const numbers = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const linear = (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) =>
    0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const [red, green, blue, opacity = 1] = numbers(getComputedStyle(node).backgroundColor);
      if (opacity > 0.5) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  const apart = "script, style, option, .visually-hidden, .skip-to-content-link, svg";
  const faint = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const speaks = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!speaks || !node.checkVisibility() || node.closest(apart)) continue;
    const text = luminance(numbers(getComputedStyle(node).color));
    const paper = luminance(ground(node));
    const contrast = (Math.max(text, paper) + 0.05) / (Math.min(text, paper) + 0.05);
    if (contrast < 4.5) faint.add(`${node.tagName}.${node.className} ${contrast.toFixed(2)}`);
  }
  return [...faint];
};
