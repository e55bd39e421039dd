// The list of messages of the current chat, and staying at its end.

import { bubble, showBusy } from "./bubbles.js";
import { byId, element } from "./dom.js";
import { chat, isWaiting, markRead, messages, person, store } from "./store.js";
import { dayKey, dayName } from "./times.js";

const list = byId("messages");
const scroller = byId("scroller");
const toEnd = byId("to-end");
let below = 0; // messages that arrived while one reads further up
let following = true; // until somebody scrolls up
let lastTop = 0;

const NEAR_END = 80;

function atEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
}

function scrollToEnd(behavior = "auto") {
  following = true;
  scroller.scrollTo({ top: scroller.scrollHeight, behavior });
}

export function drawAll(actions) {
  list.replaceChildren();
  for (const message of messages()) append(message, actions);
  drawWelcome();
  drawPinned();
  below = 0;
  drawToEnd();
  scrollToEnd();
  for (const image of list.querySelectorAll("img")) {
    image.addEventListener("load", () => following && scrollToEnd(), { once: true });
  }
}

function append(message, actions) {
  const last = list.lastElementChild?.dataset.day;
  const day = dayKey(message.date);
  if (last !== day) {
    const name = element("li", { className: "day", textContent: dayName(message.date) });
    name.dataset.day = day;
    list.append(name);
  }
  const made = bubble(message, actions);
  made.dataset.day = day;
  list.append(made);
  return made;
}

export function drawNew(message, actions) {
  append(message, actions).classList.add("fresh");
  drawWelcome();
  if (following || !message.from.is_bot) {
    scrollToEnd("smooth");
  } else {
    below += 1;
    drawToEnd();
  }
}

export function drawEdited(message, actions) {
  const old = find(message.message_id);
  if (!old) return;
  const made = bubble(message, actions);
  made.dataset.day = old.dataset.day;
  made.classList.add("changed");
  keepPhoto(old, made);
  old.replaceWith(made);
  if (following) scrollToEnd();
}

// The same photo stays in place, so that an edit does not flicker.
function keepPhoto(old, made) {
  const [before, after] = [old, made].map((one) => one.querySelector(".photo img"));
  if (before && after && before.src === after.src) after.replaceWith(before);
}

export function drawDeleted(messageId) {
  const old = find(messageId);
  if (!old) return;
  const next = old.nextElementSibling;
  const before = old.previousElementSibling;
  old.remove();
  const alone = !next || next.classList.contains("day");
  if (before?.classList.contains("day") && alone) before.remove();
  drawWelcome();
}

const find = (id) => list.querySelector(`.message[data-message-id="${Number(id)}"]`);

export function drawBusy() {
  for (const key of list.querySelectorAll("[data-key]")) {
    showBusy(key, isWaiting(key.dataset.key));
  }
}

export function drawPinned() {
  const { messages: all, pinned } = chat();
  const message = all.get(pinned.at(-1));
  const bar = byId("pinned");
  bar.hidden = !message;
  if (message) bar.textContent = `Pinned: ${message.sandbox.content || "Photo"}`;
  bar.onclick = () => find(message.message_id)?.scrollIntoView({ block: "center" });
}

function drawWelcome() {
  const empty = chat().messages.size === 0;
  byId("welcome").hidden = !empty;
  list.hidden = empty;
  byId("welcome-text").textContent = store.bot.description
    || `Press START to open a chat as ${person()?.first_name ?? "somebody"}.`;
}

function drawToEnd() {
  toEnd.hidden = following || atEnd();
  byId("to-end-badge").textContent = String(below);
  byId("to-end-badge").hidden = below === 0;
}

// Seen is what stood at the end of the list while the page was in front.
export function markSeen(changed) {
  if (document.visibilityState === "visible" && following && markRead()) changed();
}

export function watchScrolling(changed) {
  scroller.addEventListener("scroll", () => {
    if (atEnd()) following = true;
    else if (scroller.scrollTop < lastTop) following = false;
    lastTop = scroller.scrollTop;
    if (following) below = 0;
    drawToEnd();
    markSeen(changed);
  });
  toEnd.addEventListener("click", () => scrollToEnd("smooth"));
  // the keyboard of a phone shrinks the list: what was at its end stays there
  new ResizeObserver(() => following && scrollToEnd()).observe(scroller);
}
