// The list of messages that one phone shows, and staying at its end.

import { bubble, showBusy } from "./bubbles.js";
import { element, part } from "./dom.js";
import { chat, isWaiting, markRead, messages, store } from "./store.js";
import { dayKey, dayName } from "./times.js";

const NEAR_END = 80;

export class MessageList {
  #list;
  #scroller;
  #toEnd;
  #below = 0; // messages that arrived while one reads further up
  #following = true; // until somebody scrolls up
  #lastTop = 0;

  constructor(phone) {
    this.phone = phone;
    this.#list = part(phone.root, "messages");
    this.#scroller = part(phone.root, "scroller");
    this.#toEnd = part(phone.root, "to-end");
    this.#watch();
  }

  drawAll() {
    this.#list.replaceChildren();
    for (const message of messages(this.phone.view)) this.#append(message);
    this.#drawWelcome();
    this.drawPinned();
    this.#below = 0;
    this.#drawToEnd();
    this.#scrollToEnd();
    for (const image of this.#list.querySelectorAll("img")) {
      const load = () => this.#following && this.#scrollToEnd();
      image.addEventListener("load", load, { once: true });
    }
  }

  drawNew(message) {
    if (message.sandbox.replaces !== null) this.#find(message.sandbox.replaces)?.remove();
    this.#append(message).classList.add("fresh");
    this.#drawWelcome();
    if (this.#following || message.from.id === this.phone.view.user) {
      this.#scrollToEnd("smooth");
    } else {
      this.#below += 1;
      this.#drawToEnd();
    }
  }

  drawEdited(message) {
    const old = this.#find(message.sandbox.id);
    if (!old) return;
    const made = bubble(message, this.phone.actions);
    made.dataset.day = old.dataset.day;
    made.classList.add("changed");
    keepPhoto(old, made);
    old.replaceWith(made);
    if (this.#following) this.#scrollToEnd();
  }

  drawDeleted(id) {
    const old = this.#find(id);
    if (!old) return;
    const next = old.nextElementSibling;
    const before = old.previousElementSibling;
    old.remove();
    const alone = !next || next.classList.contains("day");
    if (before?.classList.contains("day") && alone) before.remove();
    this.#drawWelcome();
  }

  drawBusy() {
    for (const key of this.#list.querySelectorAll("[data-key]")) {
      showBusy(key, isWaiting(key.dataset.key));
    }
  }

  drawPinned() {
    const { messages: all, pinned } = chat(this.phone.view.chat);
    const message = all.get(pinned.at(-1));
    const bar = part(this.phone.root, "pinned");
    bar.hidden = !message;
    if (message) bar.textContent = `Pinned: ${message.sandbox.content || "Photo"}`;
    bar.onclick = () => this.#find(message.sandbox.id)?.scrollIntoView({ block: "center" });
  }

  // Seen is what stood at the end of the list while the page was in front.
  markSeen() {
    const looks = document.visibilityState === "visible" && this.#following;
    return looks && markRead(this.phone.view);
  }

  #append(message) {
    const last = this.#list.lastElementChild?.dataset.day;
    const day = dayKey(message.date);
    if (last !== day) {
      const name = element("li", { className: "day", textContent: dayName(message.date) });
      name.dataset.day = day;
      this.#list.append(name);
    }
    const made = bubble(message, this.phone.actions);
    made.dataset.day = day;
    this.#list.append(made);
    return made;
  }

  #find(id) {
    return this.#list.querySelector(`.message[data-message-id="${Number(id)}"]`);
  }

  #drawWelcome() {
    const { view, root } = this.phone;
    const empty = view.chat === view.user && messages(view).length === 0;
    part(root, "welcome").hidden = !empty;
    this.#list.hidden = empty;
    part(root, "welcome-text").textContent = store.bot.description
      || `Press START to open a chat as ${store.users.get(view.user)?.first_name ?? "somebody"}.`;
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  #scrollToEnd(behavior = "auto") {
    this.#following = true;
    this.#scroller.scrollTo({ top: this.#scroller.scrollHeight, behavior });
  }

  #drawToEnd() {
    this.#toEnd.hidden = this.#following || this.#atEnd();
    const count = part(this.phone.root, "to-end-badge");
    count.textContent = String(this.#below);
    count.hidden = this.#below === 0;
  }

  #watch() {
    this.#scroller.addEventListener("scroll", () => {
      if (this.#atEnd()) this.#following = true;
      else if (this.#scroller.scrollTop < this.#lastTop) this.#following = false;
      this.#lastTop = this.#scroller.scrollTop;
      if (this.#following) this.#below = 0;
      this.#drawToEnd();
      this.phone.seen();
    });
    this.#toEnd.addEventListener("click", () => this.#scrollToEnd("smooth"));
    // the keyboard of a phone shrinks the list: what was at its end stays there
    new ResizeObserver(() => this.#following && this.#scrollToEnd()).observe(this.#scroller);
  }
}

// The same photo stays in place, so that an edit does not flicker.
function keepPhoto(old, made) {
  const [before, after] = [old, made].map((one) => one.querySelector(".photo img"));
  if (before && after && before.src === after.src) after.replaceWith(before);
}
