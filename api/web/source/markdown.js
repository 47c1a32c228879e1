/** Markdown to safe HTML: text, lists, tables; no images, no links but our own citation marks. */

import { Marked } from "marked";
import DOMPurify from "dompurify";

const mark = {
  name: "mark",
  level: "inline",
  start: (text) => text.indexOf("["),
  tokenizer: (text) => {
    const match = /^\[(\d{1,2})\](?!\()/.exec(text);
    return match ? { type: "mark", raw: match[0], number: match[1] } : undefined;
  },
  renderer: ({ number }) => `<a class="mark" href="#source-${number}" aria-label="Source ${number}">${number}</a>`,
};

/** Machine ids and error codes stay on one line. */
const id = {
  name: "id",
  level: "inline",
  start: (text) => /\b[A-Z][A-Z0-9]*-[A-Z0-9]/.exec(text)?.index,
  tokenizer: (text) => {
    const match = /^[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+/.exec(text);
    return match ? { type: "id", raw: match[0] } : undefined;
  },
  renderer: ({ raw }) => `<span class="id">${raw}</span>`,
};

const marked = new Marked({ gfm: true, breaks: true, extensions: [mark, id] });
const ALLOWED = {
  ALLOWED_TAGS: ["p", "br", "strong", "em", "ul", "ol", "li", "h1", "h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "blockquote", "hr", "a", "del", "span"],
  ALLOWED_ATTR: ["href", "class", "aria-label", "start"],
  ALLOWED_URI_REGEXP: /^#source-\d+$/,
};

export function toHtml(text, scope) {
  const clean = DOMPurify.sanitize(marked.parse(text), ALLOWED);
  return clean.replaceAll('href="#source-', `href="#${scope}-source-`);
}
