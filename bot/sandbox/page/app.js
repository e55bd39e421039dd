// The chat page: draws the sandbox's state and follows its events.

import { loadState, post, subscribe } from "./api.js";
import { drawFoot, forgetDraft, watchComposer } from "./composer.js";
import { byId } from "./dom.js";
import {
  drawAll, drawBusy, drawDeleted, drawEdited, drawNew, drawPinned, markSeen,
  watchScrolling,
} from "./messages.js";
import { alertBox, copy, enlarge, toast, watchNotices } from "./notices.js";
import { drawPeople, watchPanel } from "./people.js";
import { startPayload } from "./rich.js";
import { chat, keyOf, person, replaceAll, replaceUsers, store } from "./store.js";
import { setNow, tick } from "./times.js";

const NO_ANSWER_MS = 20000;
const TYPING_MS = 5000;
let typing = null;
let connected = false;
let missed = null; // events, while the state is being loaded
let loading = Promise.resolve();

const actions = {
  botUsername: () => store.bot.username,
  say: (text, replyTo) =>
    attempt("say", { user: store.current, text, ...(replyTo && { reply_to: replyTo }) }),
  tap: (message, data) =>
    attempt("tap", {
      user: store.current, chat: message.chat.id, message_id: message.message_id, data,
    }),
  setBlocked: (blocked) => attempt(blocked ? "block" : "unblock", { user: store.current }),
  copy,
  enlarge,
};

async function attempt(name, values) {
  try {
    await post(name, values);
  } catch (error) {
    toast(error.message);
  }
}

function choose(id) {
  store.current = id;
  history.replaceState(null, "", `${location.search}#user=${id}`);
  forgetDraft();
  drawEverything();
}

function drawEverything() {
  drawAll(actions);
  drawStatus();
  drawFoot(actions);
  seen();
  drawPeople(choose);
}

const seen = () => markSeen(() => drawPeople(choose));

function drawStatus() {
  byId("bot-name").textContent = store.bot.first_name;
  const status = byId("bot-status");
  status.classList.toggle("active", typing !== null);
  const idle = store.bot.id === null ? "waiting for the bot to connect" : "bot";
  status.textContent = typing?.text ?? (connected ? idle : "connecting…");
  byId("connection").hidden = connected || store.users.size === 0;
}

const handlers = {
  message({ message }) {
    stopTyping(message.chat.id);
    const { messages } = chat(message.chat.id);
    const known = messages.has(message.message_id); // a reconnect may tell it twice
    messages.set(message.message_id, message);
    if (message.chat.id === store.current) {
      (known ? drawEdited : drawNew)(message, actions);
      drawFoot(actions);
      seen();
    }
    drawPeople(choose);
  },
  edited({ message }) {
    chat(message.chat.id).messages.set(message.message_id, message);
    if (message.chat.id === store.current) {
      drawEdited(message, actions);
      drawPinned();
      drawFoot(actions);
    }
    drawPeople(choose);
  },
  deleted(event) {
    chat(event.chat).messages.delete(event.message_id);
    if (event.chat === store.current) {
      drawDeleted(event.message_id);
      drawFoot(actions);
    }
    drawPeople(choose);
  },
  pinned(event) {
    chat(event.chat).pinned = event.pinned;
    if (event.chat === store.current) drawPinned();
  },
  people({ users }) {
    replaceUsers(users);
    if (store.current === null) store.current = users[0]?.id ?? null;
    drawFoot(actions);
    drawPeople(choose);
  },
  profile: () => refresh(),
  tap(event) {
    const key = keyOf(event.chat, event.message_id, event.data);
    store.waiting.set(event.callback_id, key);
    setTimeout(() => giveUp(event), NO_ANSWER_MS);
    drawBusy();
  },
  answer(event) {
    store.waiting.delete(event.callback_id);
    drawBusy();
    if (event.user !== store.current) return;
    const payload = event.url && startPayload(event.url, store.bot.username);
    if (payload) actions.say(`/start ${payload}`);
    if (event.text) (event.show_alert ? alertBox : toast)(event.text);
  },
  action(event) {
    stopTyping(store.current);
    if (event.chat !== store.current) return;
    const text = event.action === "typing" ? "typing…" : "sending a file…";
    typing = { chat: event.chat, text, timer: setTimeout(stopTyping, TYPING_MS, event.chat) };
    drawStatus();
  },
};

function giveUp(event) {
  if (!store.waiting.delete(event.callback_id)) return;
  drawBusy();
  if (event.user === store.current) toast("The bot has not answered.");
}

function stopTyping(chatId) {
  if (typing?.chat !== chatId) return;
  clearTimeout(typing.timer);
  typing = null;
  drawStatus();
}

// Events that arrive while the state is being loaded are told again on top of it:
// it may have been taken before them.
async function load() {
  missed = [];
  const state = await loadState().catch(() => null); // the next connection tries again
  const events = missed;
  missed = null;
  if (state === null) return;
  setNow(state.now);
  replaceAll(state);
  drawEverything();
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
  setNow(event.now);
  handlers[event.type](event);
}

subscribe({
  async opened() {
    connected = true;
    await refresh();
  },
  lost() {
    connected = false;
    drawStatus();
  },
  event: follow,
});

function watchMenu() {
  const [button, list] = [byId("menu-button"), byId("menu-list")];
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
  byId("block-button").addEventListener("click", () =>
    actions.setBlocked(!person()?.blocked),
  );
}

watchComposer(actions);
watchNotices();
watchPanel();
watchMenu();
watchScrolling(() => drawPeople(choose));
document.addEventListener("visibilitychange", seen);
setInterval(tick, 1000);
