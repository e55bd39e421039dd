// The foot of a phone: typing, commands, START, replies, reply keyboards.

import { element, part } from "./dom.js";
import { isMember, messages, store } from "./store.js";

let startPayload = new URLSearchParams(location.search).get("start");

export class Composer {
  #dismissed = new Set(); // messages whose reply was declined

  constructor(phone) {
    this.phone = phone;
    this.text = this.#part("text");
    this.#watch();
  }

  draw() {
    const { view, actions } = this.phone;
    const me = store.users.get(view.user);
    const group = store.groups.get(view.chat);
    const fresh = me && !me.started;
    const shut = group ? "" : me?.blocked || fresh || startPayload !== null;
    const outside = outsideWords(me, group);
    this.#part("composer").hidden = !me || Boolean(shut) || outside !== "";
    this.#part("outside").hidden = outside === "";
    this.#part("outside").textContent = outside;
    const start = this.#part("start");
    start.hidden = !me || !shut || outside !== "";
    start.textContent = me?.blocked ? "UNBLOCK" : "START";
    start.onclick = () => (me.blocked ? actions.setBlocked(false) : begin(actions));
    this.#part("block").textContent = me?.blocked ? "Unblock the bot" : "Block the bot";
    this.#part("block").disabled = !me?.started;
    this.#part("command-button").hidden = !this.#commands().length;
    this.#drawReply();
    this.#drawReplyKeyboard();
  }

  forget() {
    this.text.value = "";
    this.#fit();
    this.#showCommands(false);
  }

  #part(name) {
    return part(this.phone.root, name);
  }

  #commands() {
    const { user, chat } = this.phone.view;
    return (store.groups.get(chat) ?? store.users.get(user))?.commands ?? [];
  }

  // The message the bot wants answered: the newest one, if it asks for a reply and
  // was not edited since, which is how a bot ends the question.
  #asked() {
    const all = messages(this.phone.view);
    const last = all.filter((m) => m.sandbox.by_bot).at(-1);
    const answered = all.some((m) => m.reply_to_message?.message_id === last?.message_id);
    const wanted = last?.sandbox.force_reply && !answered && !last.edit_date;
    return wanted && !this.#dismissed.has(last.sandbox.id) ? last : null;
  }

  #drawReply() {
    const message = this.#part("composer").hidden ? null : this.#asked();
    const banner = this.#part("replying");
    const appears = banner.hidden && message;
    banner.hidden = !message;
    this.text.placeholder =
      message?.sandbox.reply_keyboard?.input_field_placeholder ?? "Message";
    if (!message) return;
    this.#part("replying-to").textContent = `Reply to ${message.from.first_name}`;
    this.#part("replying-text").textContent = message.sandbox.content || "Photo";
    this.#part("replying-cancel").onclick = () => {
      this.#dismissed.add(message.sandbox.id);
      this.#drawReply();
    };
    if (appears && this.phone.root.contains(document.activeElement)) this.text.focus();
  }

  #drawReplyKeyboard() {
    const last = messages(this.phone.view)
      .map((message) => message.sandbox.reply_keyboard)
      .filter((markup) => markup?.keyboard || markup?.remove_keyboard)
      .at(-1);
    const made = this.#part("reply-keyboard");
    made.hidden = !last?.keyboard || this.#part("composer").hidden;
    made.replaceChildren(
      ...(last?.keyboard ?? []).map((row) =>
        element("div", { className: "key-row" }, ...row.map((key) => this.#replyKey(key))),
      ),
    );
  }

  #replyKey(key) {
    const label = key.text ?? key;
    const made = element("button", {
      type: "button",
      className: `key ${key.style ?? ""}`,
      dir: "auto",
      textContent: label,
      dataset: { testid: "button" },
    });
    made.addEventListener("click", () => this.phone.actions.say(label));
    return made;
  }

  #drawCommands() {
    const typed = this.text.value;
    const fitting = this.#commands().filter(
      ({ command }) => `/${command}`.startsWith(typed) || typed === "",
    );
    this.#part("commands").replaceChildren(
      ...fitting.map(({ command, description }) => {
        const made = element(
          "button",
          { type: "button" },
          element("strong", { textContent: `/${command}` }),
          element("span", { dir: "auto", textContent: description }),
        );
        made.addEventListener("click", () => {
          this.forget();
          this.phone.actions.command(`/${command}`);
          this.text.focus();
        });
        return element("li", {}, made);
      }),
    );
    this.#showCommands(fitting.length > 0);
  }

  #showCommands(open) {
    this.#part("commands").hidden = !open;
    this.#part("command-button").setAttribute("aria-expanded", String(open));
  }

  #fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }

  #watch() {
    const { text } = this;
    this.#part("composer").addEventListener("submit", (submit) => {
      submit.preventDefault();
      const words = text.value.trim();
      if (!words) return;
      this.forget();
      this.phone.actions.say(words, this.#asked()?.message_id);
    });
    text.addEventListener("input", () => {
      this.#fit();
      if (/^\/\w*$/.test(text.value)) this.#drawCommands();
      else this.#showCommands(false);
    });
    text.addEventListener("keydown", (key) => {
      if (key.key === "Escape") this.#showCommands(false);
      if (key.key !== "Enter" || key.shiftKey || key.isComposing) return;
      key.preventDefault();
      this.#part("composer").requestSubmit();
    });
    this.#part("command-button").addEventListener("click", () => {
      if (this.#part("commands").hidden) this.#drawCommands();
      else this.#showCommands(false);
      text.focus();
    });
  }
}

function outsideWords(me, group) {
  if (me?.deactivated) return "This account was deleted.";
  if (!group) return "";
  if (!isMember(me?.id, group.id)) return "You are not in this group.";
  return "";
}

function begin(actions) {
  actions.say(startPayload ? `/start ${startPayload}` : "/start");
  startPayload = null;
  history.replaceState(null, "", location.pathname + location.hash);
}
