// The chat page: draws the sandbox's state and follows its events.

import { loadState, subscribe } from "./api.js";
import { house } from "./house.js";
import { watchViewer } from "./notices.js";
import { watchPanel } from "./people.js";
import { chat, keyOf, replaceAll, replacePeople, store } from "./store.js";
import { setNow, tick } from "./times.js";

const NO_ANSWER_MS = 20000;
let missed = null; // events, while the state is being loaded
let loading = Promise.resolve();

const handlers = {
  message({ message }) {
    const { messages } = chat(message.chat.id);
    const known = messages.has(message.sandbox.id); // a reconnect may tell it twice
    messages.set(message.sandbox.id, message);
    house.tell("message", message, known);
    house.peopleChanged();
  },
  edited({ message }) {
    chat(message.chat.id).messages.set(message.sandbox.id, message);
    house.tell("edited", message);
    house.peopleChanged();
  },
  deleted(event) {
    chat(event.chat).messages.delete(event.message_id);
    house.tell("deleted", event);
    house.peopleChanged();
  },
  pinned(event) {
    chat(event.chat).pinned = event.pinned;
    house.tell("pinned", event);
  },
  people(event) {
    replacePeople(event);
    house.people();
  },
  profile: () => refresh(),
  clock: () => tick(),
  tap(event) {
    const key = keyOf(event.user, event.chat, event.message_id, event.data);
    store.waiting.set(event.callback_id, key);
    setTimeout(() => giveUp(event), NO_ANSWER_MS);
    house.drawBusy();
  },
  answer(event) {
    store.waiting.delete(event.callback_id);
    house.drawBusy();
    house.tell("answer", event);
  },
  action: (event) => house.tell("action", event),
};

function giveUp(event) {
  if (!store.waiting.delete(event.callback_id)) return;
  house.drawBusy();
  house.tell("unanswered", event);
}

// Events that arrive while the state is being loaded are told again on top of it:
// it may have been taken before them.
async function load() {
  missed = [];
  const state = await loadState().catch(() => null); // the next connection tries again
  const events = missed;
  missed = null;
  if (state === null) return;
  setNow(state.now, state.speed);
  replaceAll(state);
  house.draw();
  events.forEach(follow);
}

function refresh() {
  loading = loading.then(load);
  return loading;
}

function follow(event) {
  if (missed !== null) {
    missed.push(event);
    return;
  }
  setNow(event.now, event.speed);
  handlers[event.type](event);
}

subscribe({
  async opened() {
    house.connected = true;
    await refresh();
  },
  lost() {
    house.connected = false;
    house.drawHeads();
  },
  event: follow,
});

house.watch();
watchViewer();
watchPanel();
document.addEventListener("visibilitychange", () => house.seen());
setInterval(tick, 1000);
