// Who you are: the list of people with what each has not read yet.

import { byId, element, face } from "./dom.js";
import { newest, person, store, unread } from "./store.js";
import { shortTime } from "./times.js";

const panel = byId("people");
const switcher = byId("switcher");

export function drawPeople(choose) {
  byId("people-list").replaceChildren(
    ...[...store.users.values()].map((user) => element("li", {}, row(user, choose))),
  );
  const me = person();
  switcher.hidden = !me;
  if (!me) return;
  face(byId("switcher-face"), me);
  byId("switcher-name").textContent = me.first_name;
  const elsewhere = [...store.users.keys()]
    .filter((id) => id !== store.current)
    .reduce((sum, id) => sum + unread(id), 0);
  badge(byId("switcher-badge"), elsewhere);
  const news = elsewhere ? `, ${elsewhere} unread for others` : "";
  switcher.setAttribute("aria-label", `You are ${me.first_name}${news}. Change person`);
  document.title = elsewhere ? `(${elsewhere}) Tapgate sandbox` : "Tapgate sandbox";
}

function badge(made, count) {
  made.textContent = count > 99 ? "99+" : String(count);
  made.hidden = count === 0;
  return made;
}

function row(user, choose) {
  const last = newest(user.id);
  const count = unread(user.id);
  const made = element(
    "button",
    { type: "button", className: "person", dataset: { testid: `user-${user.id}` } },
    face(element("span", { className: "face", aria: { hidden: "true" } }), user),
    element("span", { className: "person-name", textContent: user.first_name }),
    element("span", { className: "person-time", textContent: last ? shortTime(last.date) : "" }),
    element("span", { className: "person-last", textContent: lastWords(user, last) }),
    badge(element("span", { className: "badge", aria: { label: `${count} unread` } }), count),
  );
  made.setAttribute("aria-current", String(user.id === store.current));
  made.addEventListener("click", () => {
    showPanel(false);
    choose(user.id);
  });
  return made;
}

function lastWords(user, last) {
  if (user.blocked) return "has blocked the bot";
  if (!last) return "has not started yet";
  const words = last.sandbox.content || "Photo";
  return (last.from.is_bot ? "" : "You: ") + words.split("\n")[0];
}

export function showPanel(open) {
  panel.classList.toggle("open", open);
  switcher.setAttribute("aria-expanded", String(open));
  if (open) panel.querySelector('[aria-current="true"]')?.focus();
}

export function watchPanel() {
  switcher.addEventListener("click", () => showPanel(true));
  byId("people-shade").addEventListener("click", () => showPanel(false));
  panel.querySelector(".people-close").addEventListener("click", () => {
    showPanel(false);
    switcher.focus();
  });
  document.addEventListener("keydown", (key) => {
    if (key.key === "Escape") showPanel(false);
  });
}
