// Who you are: people, the chats of each, and what each has not read yet.

import { badge, byId, element, face } from "./dom.js";
import { isHere, newest, rooms, store, unread } from "./store.js";
import { shortTime } from "./times.js";

const panel = byId("people");

// `house` knows which phones stand on the page and what to do with a choice.
export function drawPeople(house) {
  const list = byId("people-list");
  const focused = list.contains(document.activeElement)
    ? document.activeElement.dataset.testid : null;
  list.replaceChildren(
    ...[...store.users.values()].map((user) => element("li", {}, ...entry(user, house))),
  );
  if (focused) list.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
}

function entry(user, house) {
  const [own, ...others] = rooms(user.id);
  const line = element("div", { className: "person-line" }, person(user, own, house));
  if (house.isRoomy) line.append(besideButton(user, house));
  return [line, ...others.map((room) => roomRow(room, house))];
}

function person(user, room, house) {
  const last = newest(room);
  const count = unread(room);
  const made = element(
    "button",
    { type: "button", className: "person", dataset: { testid: `user-${user.id}` } },
    face(element("span", { className: "face", aria: { hidden: "true" } }), user.first_name, user.id),
    written("person-name", user.first_name),
    element("span", { className: "person-time", textContent: last ? shortTime(last.date) : "" }),
    element("span", { className: "person-last", dir: "auto", textContent: lastWords(user, last) }),
    badge(element("span", { className: "badge", aria: { label: `${count} unread` } }), count),
  );
  return choosable(made, room, house);
}

function roomRow(room, house) {
  const count = unread(room);
  const made = element(
    "button",
    {
      type: "button",
      className: room.topic ? "room topic" : "room",
      dataset: { testid: `room-${room.user}-${room.chat}${room.topic ? `-${room.thread}` : ""}` },
    },
    element("span", { className: "room-mark", textContent: room.topic ? "#" : "◦", aria: { hidden: "true" } }),
    written("room-name", room.title),
    badge(element("span", { className: "badge", aria: { label: `${count} unread` } }), count),
  );
  return choosable(made, room, house);
}

// In its own direction, and yet on the list's side.
const written = (className, textContent) =>
  element("span", { className }, element("bdi", { textContent }));

function choosable(made, room, house) {
  const shown = house.views().some((view) => isHere(view, room));
  const current = isHere(house.activeView(), room);
  made.setAttribute("aria-current", String(current));
  made.classList.toggle("open", shown);
  made.addEventListener("click", () => {
    showPanel(false);
    house.choose({ user: room.user, chat: room.chat, thread: room.thread });
  });
  return made;
}

// Opens or closes a phone of this person beside the others.
function besideButton(user, house) {
  const open = house.views().some((view) => view.user === user.id);
  const made = element("button", {
    type: "button",
    className: "beside",
    textContent: open ? "−" : "+",
    title: open ? "Put this phone away" : "Show beside the others",
    dataset: { testid: `beside-${user.id}` },
    aria: {
      label: open ? `Put ${user.first_name}'s phone away` : `Show ${user.first_name} beside the others`,
      pressed: String(open),
    },
  });
  made.addEventListener("click", () => house.toggleBeside(user.id));
  return made;
}

function lastWords(user, last) {
  if (user.deactivated) return "has deleted the account";
  if (user.blocked) return "has blocked the bot";
  if (!last) return "has not started yet";
  const words = last.sandbox.content || "Photo";
  return (last.from.is_bot ? "" : "You: ") + words.split("\n")[0];
}

let opener = null;

export function showPanel(open, from = opener) {
  panel.classList.toggle("open", open);
  opener = from;
  opener?.setAttribute("aria-expanded", String(open));
  if (open) panel.querySelector('[aria-current="true"]')?.focus();
}

export function watchPanel() {
  byId("people-shade").addEventListener("click", () => showPanel(false));
  panel.querySelector(".people-close").addEventListener("click", () => {
    showPanel(false);
    opener?.focus();
  });
  document.addEventListener("keydown", (key) => {
    if (key.key === "Escape") showPanel(false);
  });
}
