// What is wrong with the texts that are seen: an array of sentences.
() => {
  const LAYERS = "[role=dialog], [role=menu], dialog, .player-sheet, .player-panel, .player";
  const CONTROLS = "button, a, label, th, [role=menuitem], [role=tab]";
  const SCROLLS = new Set(["auto", "scroll"]);
  /** Font boxes are higher than what is drawn: lines of a tight paragraph share so much of them. */
  const SHARED = 0.35;
  const faults = new Set();

  const isSeen = (element) =>
    element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) &&
    !element.closest("[hidden], script, style, noscript, .scrub-preview");

  const isWithin = (box, own) =>
    box.left >= own.left - 1 && box.right <= own.right + 1 &&
    box.top >= own.top - 1 && box.bottom <= own.bottom + 1;

  /** What is seen of a line of text; null: nothing. Says what cuts it off. */
  const visible = (line, element, text) => {
    let { left, top, right, bottom } = line;
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      const own = at.getBoundingClientRect();
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      if (isWithin({ left, top, right, bottom }, own)) continue;
      if (own.width <= 1 || own.height <= 1) return null; // for screen readers alone
      const isFolded = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
      const isSaid = SCROLLS.has(style.overflowY) || SCROLLS.has(style.overflowX)
        || (isFolded && (element.closest("[title]") || !element.closest(CONTROLS)));
      if (!isSaid) faults.add(`"${text}" is cut off by ${at.tagName}.${at.className}`);
      left = Math.max(left, own.left);
      right = Math.min(right, own.right);
      top = Math.max(top, own.top);
      bottom = Math.min(bottom, own.bottom);
    }
    return right - left < 2 || bottom - top < 2 ? null : { left, top, right, bottom };
  };

  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const text = node.textContent.trim();
    const element = node.parentElement;
    if (!text || !isSeen(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const layer = element.closest(LAYERS);
    for (const rectangle of range.getClientRects()) {
      const box = visible(rectangle, element, text);
      if (!box) continue;
      if (box.left < -1 || box.right > innerWidth + 1) {
        faults.add(`"${text}" reaches beyond the window`);
      }
      lines.push({ ...box, node, text, layer });
    }
  }
  if (lines.length === 0) faults.add("nothing is said");

  for (const [number, one] of lines.entries()) {
    for (const other of lines.slice(number + 1)) {
      // A dialog or menu lies over what is below it.
      if (one.node === other.node || one.layer !== other.layer) continue;
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      const least = Math.min(one.bottom - one.top, other.bottom - other.top);
      if (width > 1 && height > SHARED * least) faults.add(`"${one.text}" lies on "${other.text}"`);
    }
  }

  if (document.documentElement.scrollWidth > innerWidth) faults.add("the page is wider than the window");
  for (const dialog of document.querySelectorAll("[role=dialog], [role=dialog] *")) {
    const style = getComputedStyle(dialog);
    const isMoved = SCROLLS.has(style.overflowX) && dialog.scrollWidth > dialog.clientWidth + 1;
    if (isMoved && !dialog.matches("pre, code, [tabindex]")) {
      faults.add(`${dialog.tagName}.${dialog.className} is scrolled sideways`);
    }
  }
  return [...faults];
}
