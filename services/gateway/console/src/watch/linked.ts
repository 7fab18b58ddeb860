/** Text in which web addresses are links; all else stays text, whatever it looks like. */

import { element } from "../player/element";

const ADDRESS = /https?:\/\/[^\s<>"'，。；：！？、（）]+[^\s<>"'.,;:!?)，。；：！？、（）]/g;

export function linked(text: string): Node[] {
  const nodes: Node[] = [];
  let after = 0;
  for (const found of text.matchAll(ADDRESS)) {
    nodes.push(document.createTextNode(text.slice(after, found.index)));
    nodes.push(element("a", {
      href: found[0],
      textContent: found[0],
      target: "_blank",
      rel: "noopener noreferrer nofollow ugc",
    }));
    after = found.index + found[0].length;
  }
  nodes.push(document.createTextNode(text.slice(after)));
  return nodes;
}
