// The phones on the page: one on a phone, as many as fit beside each other elsewhere.
// The address keeps who they are: #user=1001, or #users=1001,1002.

import { byId, part } from "./dom.js";
import { drawPeople, showPanel } from "./people.js";
import { Phone } from "./phone.js";
import { store, unreadOf } from "./store.js";

const WIDE = matchMedia("(min-width: 840px)");
const PANEL_WIDTH = 290;
const PHONE_WIDTH = 350;
const MOST = 4;
const AT_FIRST = 3;

class House {
  #phones = [];
  #wanted = []; // who was asked for, by the address or by hand
  #exact = false; // nobody else is to stand beside them
  #active = 0;
  #drawing = false;
  connected = false;

  get wide() {
    return WIDE.matches;
  }

  get isRoomy() {
    return this.#room() > 1;
  }

  views() {
    return this.#phones.map((phone) => phone.view);
  }

  activeView() {
    return this.#phones[this.#active]?.view ?? {};
  }

  // Everything anew: the state was loaded, or the page has another width.
  draw() {
    this.#arrange();
    for (const phone of this.#phones) phone.draw();
    this.peopleChanged();
  }

  people() {
    this.#arrange();
    for (const phone of this.#phones) phone.people();
    this.peopleChanged();
  }

  tell(name, ...values) {
    for (const phone of this.#phones) phone[name](...values);
  }

  drawBusy() {
    for (const phone of this.#phones) phone.list.drawBusy();
  }

  drawHeads() {
    for (const phone of this.#phones) phone.drawHead();
  }

  seen() {
    for (const phone of this.#phones) phone.seen();
  }

  // Many events in one moment draw the list once.
  peopleChanged() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      drawPeople(this);
      this.drawHeads();
      const elsewhere = this.unreadElsewhere(...this.views());
      document.title = elsewhere ? `(${elsewhere}) Tapgate sandbox` : "Tapgate sandbox";
    });
  }

  unreadElsewhere(...views) {
    const shown = new Set(views.map((view) => view.user));
    return [...store.users.keys()]
      .filter((id) => !shown.has(id))
      .reduce((sum, id) => sum + unreadOf(id), 0);
  }

  // A person's phone comes to the front; without one, the active phone becomes theirs.
  choose(view) {
    const there = this.#phones.findIndex((phone) => phone.view.user === view.user);
    if (there >= 0) this.#active = there;
    else this.#replaceActive(view.user);
    this.#phones[this.#active].show(view);
    this.#remember();
    this.#mark();
    this.peopleChanged();
  }

  toggleBeside(userId) {
    const shown = this.views().map((view) => view.user);
    const others = shown.filter((id) => id !== userId);
    if (others.length === 0) return;
    const room = this.#room();
    this.#wanted = others.length < shown.length ? others : [...others.slice(1 - room), userId];
    if (room === 1) this.#wanted = [userId];
    this.#exact = true;
    this.draw();
    this.#remember();
  }

  activate(phone) {
    this.#active = Math.max(0, this.#phones.indexOf(phone));
    this.#mark();
    this.peopleChanged();
  }

  openPeople(phone) {
    this.activate(phone);
    showPanel(true, part(phone.root, "switcher"));
  }

  watch() {
    const hash = new URLSearchParams(location.hash.slice(1));
    this.#exact = hash.has("users");
    const named = hash.get("users") ?? hash.get("user") ?? "";
    this.#wanted = named.split(",").map(Number).filter(Boolean);
    let width = 0;
    new ResizeObserver(([{ contentRect }]) => {
      const before = width;
      width = this.#room();
      if (before !== width && contentRect.width > 0 && store.users.size) this.draw();
    }).observe(document.body);
  }

  #room() {
    if (!this.wide) return 1;
    const fit = Math.floor((document.body.clientWidth - PANEL_WIDTH) / PHONE_WIDTH);
    return Math.max(1, Math.min(fit, MOST));
  }

  #users() {
    const known = this.#wanted.filter((id) => store.users.has(id));
    const alone = this.#exact && known.length > 0;
    const first = alone ? [] : [...store.users.keys()].slice(0, AT_FIRST);
    return [...new Set([...known, ...first])];
  }

  // Keeps the phones whose people stay, so that drafts and places survive.
  #arrange() {
    const before = this.#phones[this.#active];
    const kept = new Map(this.#phones.map((phone) => [phone.view.user, phone]));
    const all = this.#users();
    const users = all.slice(0, this.#room());
    const active = before?.view.user;
    if (!users.includes(active) && all.includes(active)) users[users.length - 1] = active;
    this.#phones = (users.length ? users : [null]).map(
      (user) => kept.get(user) ?? new Phone({ user, chat: user, thread: null }, this),
    );
    this.#active = Math.max(0, this.#phones.indexOf(before));
    byId("phones").replaceChildren(...this.#phones.map((phone) => phone.root));
    this.#mark();
  }

  #replaceActive(userId) {
    this.#wanted = this.views().map((view) => view.user);
    this.#wanted[this.#active] = userId;
    this.#exact = this.wide && this.#wanted.length > 1;
  }

  #mark() {
    this.#phones.forEach((phone, at) =>
      phone.root.classList.toggle("active", at === this.#active && this.#phones.length > 1),
    );
  }

  #remember() {
    const users = this.views().map((view) => view.user);
    const name = this.#exact || users.length > 1 ? `users=${users.join(",")}` : `user=${users[0]}`;
    history.replaceState(null, "", `${location.search}#${name}`);
  }
}

export const house = new House();
