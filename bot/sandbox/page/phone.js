// One phone: what one person sees of one chat, and what they do in it.

import { post } from "./api.js";
import { Composer } from "./composer.js";
import { badge, byId, face, part } from "./dom.js";
import { MessageList } from "./messages.js";
import { alertBox, copy, enlarge, toast, watchAlert } from "./notices.js";
import { startPayload } from "./rich.js";
import { belongs, isHere, rooms, store } from "./store.js";

const TYPING_MS = 5000;
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

export class Phone {
  #typing = null;

  constructor(view, house) {
    this.view = view;
    this.house = house;
    this.root = byId("phone").content.firstElementChild.cloneNode(true);
    this.actions = this.#actions();
    this.list = new MessageList(this);
    this.composer = new Composer(this);
    watchAlert(this.root);
    this.#watchHead();
  }

  show(view) {
    this.view = view;
    this.#endTyping();
    this.composer.forget();
    this.draw();
  }

  draw() {
    this.#followUpgrade();
    this.drawHead();
    this.list.drawAll();
    this.composer.draw();
    this.seen();
  }

  // What changed about people, groups or the connection, without the messages.
  drawHead() {
    const { user, chat: chatId, thread } = this.view;
    const me = store.users.get(user);
    const group = store.groups.get(chatId);
    const topic = group?.topics.find((each) => each.message_thread_id === thread);
    const language = me?.language_code ?? "en";
    this.root.dir = RIGHT_TO_LEFT.has(language.split("-")[0]) ? "rtl" : "ltr";
    this.root.dataset.user = String(user);
    this.root.setAttribute("aria-label", `Chat of ${me?.first_name ?? "nobody"}`);
    part(this.root, "title").textContent = topic?.name ?? group?.title ?? store.bot.first_name;
    part(this.root, "bot-face").hidden = Boolean(group);
    part(this.root, "group-face").hidden = !group;
    if (group) face(part(this.root, "group-face"), topic?.name ?? group.title, group.id);
    this.#drawSwitcher(me);
    this.#drawStatus(group, topic);
  }

  seen() {
    if (this.list.markSeen()) this.house.peopleChanged();
  }

  // ------------------------------------------------------------ events
  message(message, known) {
    if (message.chat.id === this.view.chat) this.#endTyping();
    if (!belongs(this.view, message)) return;
    if (known) this.list.drawEdited(message);
    else this.list.drawNew(message);
    this.composer.draw();
    this.seen();
  }

  edited(message) {
    if (!belongs(this.view, message)) return;
    this.list.drawEdited(message);
    this.list.drawPinned();
    this.composer.draw();
  }

  deleted(event) {
    if (event.chat !== this.view.chat) return;
    this.list.drawDeleted(event.message_id);
    this.composer.draw();
  }

  pinned(event) {
    if (event.chat === this.view.chat) this.list.drawPinned();
  }

  people() {
    const { chat: before } = this.view;
    this.#followUpgrade();
    if (this.view.chat !== before) this.draw();
    this.drawHead();
    this.composer.draw();
  }

  answer(event) {
    if (event.user !== this.view.user) return;
    const payload = event.url && startPayload(event.url, store.bot.username);
    if (payload) this.actions.begin(payload);
    if (event.text) (event.show_alert ? alertBox : toast)(this.root, event.text);
  }

  unanswered(event) {
    if (event.user === this.view.user) toast(this.root, "The bot has not answered.");
  }

  action(event) {
    if (event.chat !== this.view.chat) return;
    this.#endTyping();
    const text = event.action === "typing" ? "typing…" : "sending a file…";
    this.#typing = { text, timer: setTimeout(() => this.#endTyping(), TYPING_MS) };
    this.drawHead();
  }

  // ------------------------------------------------------------ inside
  #endTyping() {
    if (!this.#typing) return;
    clearTimeout(this.#typing.timer);
    this.#typing = null;
    this.drawHead();
  }

  // An upgraded group goes on under its new id, and so does who reads it.
  #followUpgrade() {
    const upgraded = store.groups.get(this.view.chat)?.migrated_to;
    if (upgraded) this.view = { ...this.view, chat: upgraded, thread: null };
    const here = rooms(this.view.user).some((room) => isHere(this.view, room));
    const alone = this.view.chat !== this.view.user && !store.groups.has(this.view.chat);
    if (!here && alone) this.view = { user: this.view.user, chat: this.view.user, thread: null };
  }

  #drawSwitcher(me) {
    const switcher = part(this.root, "switcher");
    switcher.hidden = !me;
    if (!me) return;
    face(part(this.root, "switcher-face"), me.first_name, me.id);
    part(this.root, "switcher-name").textContent = me.first_name;
    const elsewhere = this.house.unreadElsewhere(this.view);
    badge(part(this.root, "switcher-badge"), elsewhere);
    const news = elsewhere ? `, ${elsewhere} unread for others` : "";
    switcher.setAttribute("aria-label", `You are ${me.first_name}${news}. Change person`);
  }

  #drawStatus(group, topic) {
    const { connected } = this.house;
    const status = part(this.root, "status");
    const waiting = store.bot.id === null ? "waiting for the bot to connect" : "bot";
    const idle = group ? groupWords(group, topic) : waiting;
    status.parentElement.classList.toggle("active", this.#typing !== null);
    status.textContent = this.#typing?.text ?? (connected ? idle : "connecting…");
    part(this.root, "connection").hidden = connected || store.users.size === 0;
  }

  #actions() {
    const attempt = async (name, values) => {
      try {
        await post(name, { user: this.view.user, ...values });
      } catch (error) {
        toast(this.root, error.message);
      }
    };
    const place = () => ({
      ...(this.view.chat !== this.view.user && { chat: this.view.chat }),
      ...(this.view.thread && { thread: this.view.thread }),
    });
    const say = (text, replyTo) =>
      attempt("say", { text, ...place(), ...(replyTo && { reply_to: replyTo }) });
    return {
      say,
      user: () => this.view.user,
      botUsername: () => store.bot.username,
      // in a group a command says which bot it is for, as Telegram's menu does
      command: (text) => say(this.#isGroup() && !text.includes("@")
        ? `${text}@${store.bot.username}` : text),
      begin: (payload) => attempt("say", { text: `/start ${payload}` }),
      tap: (message, data) =>
        attempt("tap", { chat: message.chat.id, message_id: message.sandbox.id, data }),
      setBlocked: (blocked) => attempt(blocked ? "block" : "unblock", {}),
      copy: (text) => copy(this.root, text),
      enlarge,
    };
  }

  #isGroup() {
    return store.groups.has(this.view.chat);
  }

  #watchHead() {
    part(this.root, "switcher").addEventListener("click", () => this.house.openPeople(this));
    const [button, list] = [part(this.root, "menu-button"), part(this.root, "menu-list")];
    const show = (open) => {
      list.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    };
    button.addEventListener("click", (click) => {
      click.stopPropagation();
      show(list.hidden);
    });
    document.addEventListener("click", () => show(false));
    document.addEventListener("keydown", (key) => key.key === "Escape" && show(false));
    part(this.root, "block").addEventListener("click", () =>
      this.actions.setBlocked(!store.users.get(this.view.user)?.blocked),
    );
    this.root.addEventListener("pointerdown", () => this.house.activate(this));
  }
}

function groupWords(group, topic) {
  if (group.bot === null || group.bot === "left" || group.bot === "kicked") {
    return "the bot is not in this group";
  }
  const count = group.members.filter(({ status }) => status !== "left" && status !== "kicked");
  const people = `${count.length} ${count.length === 1 ? "person" : "people"} and the bot`;
  return topic ? group.title : people;
}
