// Text with entities as DOM nodes. Offsets are UTF-16 units, as in JavaScript.

import { element } from "./dom.js";
import { formatted, fullTime, relative } from "./times.js";

const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s" };
const SAFE_LINK = /^(https?|tg|mailto):/i;
const BLOCKS = new Set(["blockquote", "expandable_blockquote", "pre"]);
const START_LINK = /^https?:\/\/(?:t|telegram)\.me\/(\w+)\/?\?start=([\w-]{1,64})$/i;

// The payload of a deep link to this bot, or null.
export function startPayload(url, botUsername) {
  const found = START_LINK.exec(url.startsWith("t.me/") ? `https://${url}` : url);
  const ours = found && found[1].toLowerCase() === botUsername.toLowerCase();
  return ours ? found[2] : null;
}

export function rich(text, entities, actions) {
  const words = element("div", { className: "words", dir: "auto" });
  fill(words, text, 0, text.length, entities, actions);
  return words;
}

// Entities come sorted: outer before inner. One that crosses its parent is cut.
function fill(parent, text, start, end, entities, actions) {
  let at = start;
  let rest = entities;
  while (rest.length > 0) {
    const [entity, ...later] = rest;
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    const inner = later.filter((other) => other.offset < to);
    rest = later.filter((other) => other.offset >= to);
    if (from >= to) continue;
    parent.append(text.slice(at, from));
    parent.append(shown(entity, text.slice(from, to), actions, (made) => {
      fill(made, text, from, to, inner, actions);
      return made;
    }));
    // a block ends its line by itself
    at = BLOCKS.has(entity.type) && to < end && text[to] === "\n" ? to + 1 : to;
  }
  parent.append(text.slice(at, end));
}

function shown(entity, text, actions, filled) {
  switch (entity.type) {
    case "text_link":
      return link(entity.url, filled, actions);
    case "url":
      return link(/^t\.me\//i.test(text) ? `https://${text}` : text, filled, actions);
    case "bot_command":
      return doing(filled, () => actions.command(text));
    case "code":
      return filled(copying(element("code", { title: "Copy" }), text, actions));
    case "pre":
      return filled(element("pre"));
    case "spoiler":
      return filled(spoiler());
    case "blockquote":
      return filled(element("blockquote"));
    case "expandable_blockquote":
      return foldable(filled(element("div", { className: "folded" })));
    case "date_time":
      return moment(entity, text);
    default:
      return filled(element(TAGS[entity.type] ?? "span"));
  }
}

function doing(filled, action) {
  const button = element("button", { type: "button", className: "link" });
  button.addEventListener("click", action);
  return filled(button);
}

function link(url, filled, actions) {
  const payload = startPayload(url, actions.botUsername());
  if (payload !== null) return doing(filled, () => actions.say(`/start ${payload}`));
  if (!SAFE_LINK.test(url)) return filled(element("span"));
  return filled(
    element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }),
  );
}

function copying(made, text, actions) {
  made.addEventListener("click", () => actions.copy(text));
  return made;
}

function spoiler() {
  const made = element("span", { className: "spoiler", tabIndex: 0 });
  made.setAttribute("role", "button");
  made.setAttribute("aria-label", "Hidden text, press to show");
  const show = () => {
    made.classList.add("shown");
    made.removeAttribute("aria-label");
  };
  made.addEventListener("click", show);
  made.addEventListener("keydown", (key) => key.key === "Enter" && show());
  return made;
}

function foldable(words) {
  const fold = element("button", {
    type: "button",
    className: "fold",
    textContent: "⌄",
    aria: { label: "Show the whole quote", expanded: "false" },
  });
  fold.addEventListener("click", () => {
    const open = words.classList.toggle("folded") === false;
    fold.setAttribute("aria-expanded", String(open));
    fold.textContent = open ? "⌃" : "⌄";
  });
  return element("blockquote", {}, words, fold);
}

function moment(entity, text) {
  const format = entity.date_time_format ?? "";
  const unix = entity.unix_time;
  const made = element("time", {
    className: format === "r" ? "live-time relative" : "live-time",
    title: fullTime(unix),
    dateTime: new Date(unix * 1000).toISOString(),
    dataset: { unix: String(unix) },
  });
  made.textContent =
    format === "r" ? relative(unix) : format ? formatted(unix, format) : text;
  return made;
}
