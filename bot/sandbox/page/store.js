// What the page knows: a copy of the sandbox's state, kept up to date by events.
// A view is what one phone shows: { user, chat, thread }.

const READ_KEY = "tapgate-sandbox-read";
const PRESENT = new Set(["creator", "administrator", "member"]);

export const store = {
  bot: { id: null, username: "", first_name: "Tapgate", description: "" },
  users: new Map(),
  groups: new Map(),
  chats: new Map(),
  read: new Map(Object.entries(JSON.parse(localStorage.getItem(READ_KEY) ?? "{}"))),
  waiting: new Map(),
};

export function replaceAll(state) {
  store.bot = state.bot;
  replacePeople(state);
  store.chats = new Map();
  for (const chat of state.chats) {
    const messages = new Map(chat.messages.map((m) => [m.sandbox.id, m]));
    store.chats.set(chat.id, { messages, pinned: chat.pinned });
  }
}

export function replacePeople({ users, groups }) {
  store.users = new Map(users.map((user) => [user.id, user]));
  store.groups = new Map(groups.map((group) => [group.id, group]));
}

export function chat(id) {
  if (!store.chats.has(id)) {
    store.chats.set(id, { messages: new Map(), pinned: [] });
  }
  return store.chats.get(id);
}

export function isMember(userId, chatId) {
  if (userId === chatId) return true;
  const found = store.groups.get(chatId)?.members.find(({ id }) => id === userId);
  return PRESENT.has(found?.status);
}

// Where a person can read: their chat with the bot, their groups, and their topics.
export function rooms(userId) {
  const found = [{ user: userId, chat: userId, thread: null, title: store.bot.first_name }];
  for (const group of store.groups.values()) {
    if (group.migrated_to || !isMember(userId, group.id)) continue;
    const at = { user: userId, chat: group.id };
    found.push({ ...at, thread: null, title: group.title, group });
    for (const topic of group.topics) {
      const thread = topic.message_thread_id;
      found.push({ ...at, thread, title: topic.name, group, topic });
    }
  }
  return found;
}

export const isHere = (view, room) =>
  view.user === room.user && view.chat === room.chat && view.thread === room.thread;

// Whether a message stands in what a phone shows: its chat, its topic, its person.
export function belongs(view, message) {
  if (message.chat.id !== view.chat) return false;
  const { receiver } = message.sandbox;
  if (receiver !== null && receiver !== view.user && message.from.id !== view.user) {
    return false;
  }
  const forum = store.groups.get(view.chat)?.is_forum;
  return !forum || (message.message_thread_id ?? null) === view.thread;
}

export function messages(view) {
  const all = [...chat(view.chat).messages.values()].filter((m) => belongs(view, m));
  const replaced = new Set(all.map((m) => m.sandbox.replaces));
  return all.filter((m) => !replaced.has(m.sandbox.id));
}

export const newest = (view) => messages(view).at(-1);

const readKey = ({ user, chat: id, thread }) =>
  id === user ? String(user) : `${user}/${id}/${thread ?? ""}`;

export function markRead(view) {
  const last = Math.max(0, ...messages(view).map((m) => m.sandbox.id));
  if (last === 0 || store.read.get(readKey(view)) === last) return false;
  store.read.set(readKey(view), last);
  localStorage.setItem(READ_KEY, JSON.stringify(Object.fromEntries(store.read)));
  return true;
}

export function unread(view) {
  const seen = store.read.get(readKey(view)) ?? 0;
  return messages(view).filter((m) => m.sandbox.by_bot && m.sandbox.id > seen).length;
}

export const unreadOf = (userId) =>
  rooms(userId).reduce((sum, room) => sum + unread(room), 0);

// The button a tap waits on: same person, chat, message and data.
export const keyOf = (userId, chatId, messageId, data) =>
  `${userId} ${chatId} ${messageId} ${data}`;

export function isWaiting(key) {
  return [...store.waiting.values()].includes(key);
}
