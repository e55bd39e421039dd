// What the page knows: a copy of the sandbox's state, kept up to date by events.

const READ_KEY = "tapgate-sandbox-read";

export const store = {
  bot: { id: null, username: "", first_name: "Tapgate", description: "" },
  users: new Map(),
  chats: new Map(),
  current: null,
  read: new Map(Object.entries(JSON.parse(localStorage.getItem(READ_KEY) ?? "{}"))),
  waiting: new Map(),
};

export function replaceAll(state) {
  store.bot = state.bot;
  replaceUsers(state.users);
  store.chats = new Map();
  for (const chat of state.chats) {
    const messages = new Map(chat.messages.map((m) => [m.message_id, m]));
    store.chats.set(chat.id, { messages, pinned: chat.pinned });
  }
  if (!store.users.has(store.current)) {
    store.current = wantedUser() ?? [...store.users.keys()][0] ?? null;
  }
}

export function replaceUsers(users) {
  store.users = new Map(users.map((user) => [user.id, user]));
}

function wantedUser() {
  const id = Number(new URLSearchParams(location.hash.slice(1)).get("user"));
  return store.users.has(id) ? id : null;
}

export function chat(id = store.current) {
  if (!store.chats.has(id)) {
    store.chats.set(id, { messages: new Map(), pinned: [] });
  }
  return store.chats.get(id);
}

export const messages = (id) => [...chat(id).messages.values()];
export const person = () => store.users.get(store.current);
export const newest = (id) => messages(id).at(-1);

export function markRead(id = store.current) {
  const last = newest(id);
  if (!last || store.read.get(String(id)) === last.message_id) return false;
  store.read.set(String(id), last.message_id);
  localStorage.setItem(READ_KEY, JSON.stringify(Object.fromEntries(store.read)));
  return true;
}

export function unread(id) {
  const seen = store.read.get(String(id)) ?? 0;
  return messages(id).filter((m) => m.from.is_bot && m.message_id > seen).length;
}

// The button a tap waits on: same chat, message and data.
export const keyOf = (chatId, messageId, data) => `${chatId} ${messageId} ${data}`;

export function isWaiting(key) {
  return [...store.waiting.values()].includes(key);
}
