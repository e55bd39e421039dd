// The foot of the chat: typing, commands, START, replies, reply keyboards.

import { byId, element } from "./dom.js";
import { messages, person } from "./store.js";

const text = byId("text");
const commands = byId("commands");
const commandButton = byId("command-button");
const dismissed = new Set(); // messages whose reply was declined
let startPayload = new URLSearchParams(location.search).get("start");

export function drawFoot(actions) {
  const me = person();
  const fresh = me && !me.started;
  const start = byId("start");
  byId("composer").hidden = !me || me.blocked || fresh || startPayload !== null;
  start.hidden = !me || (!me.blocked && !fresh && startPayload === null);
  start.textContent = me?.blocked ? "UNBLOCK" : "START";
  start.onclick = () => (me.blocked ? actions.setBlocked(false) : begin(actions));
  byId("block-button").textContent = me?.blocked ? "Unblock the bot" : "Block the bot";
  byId("block-button").disabled = !me?.started;
  commandButton.hidden = !me?.commands.length;
  drawReply();
  drawReplyKeyboard(actions);
}

function begin(actions) {
  actions.say(startPayload ? `/start ${startPayload}` : "/start");
  startPayload = null;
  history.replaceState(null, "", location.pathname + location.hash);
}

// The message the bot wants answered: the newest one, if it asks for a reply and was
// not edited since, which is how a bot ends the question.
function asked() {
  const last = messages().filter((m) => m.from.is_bot).at(-1);
  const answered = messages().some(
    (m) => m.reply_to_message?.message_id === last?.message_id,
  );
  const wanted = last?.sandbox.force_reply && !answered && !last.edit_date;
  return wanted && !dismissed.has(last.message_id) ? last : null;
}

function drawReply() {
  const message = byId("composer").hidden ? null : asked();
  const banner = byId("replying");
  const appears = banner.hidden && message;
  banner.hidden = !message;
  text.placeholder = message?.sandbox.reply_keyboard?.input_field_placeholder ?? "Message";
  if (!message) return;
  byId("replying-to").textContent = `Reply to ${message.from.first_name}`;
  byId("replying-text").textContent = message.sandbox.content || "Photo";
  byId("replying-cancel").onclick = () => {
    dismissed.add(message.message_id);
    drawReply();
  };
  if (appears) text.focus();
}

function drawReplyKeyboard(actions) {
  const last = messages()
    .map((message) => message.sandbox.reply_keyboard)
    .filter((markup) => markup?.keyboard || markup?.remove_keyboard)
    .at(-1);
  const made = byId("reply-keyboard");
  made.hidden = !last?.keyboard || byId("composer").hidden;
  made.replaceChildren(
    ...(last?.keyboard ?? []).map((row) =>
      element("div", { className: "key-row" }, ...row.map((key) => replyKey(key, actions))),
    ),
  );
}

function replyKey(key, actions) {
  const label = key.text ?? key;
  const made = element("button", {
    type: "button",
    className: `key ${key.style ?? ""}`,
    textContent: label,
    dataset: { testid: "button" },
  });
  made.addEventListener("click", () => actions.say(label));
  return made;
}

function drawCommands(actions) {
  const typed = text.value;
  const fitting = (person()?.commands ?? []).filter(
    ({ command }) => `/${command}`.startsWith(typed) || typed === "",
  );
  commands.replaceChildren(
    ...fitting.map(({ command, description }) => {
      const made = element(
        "button",
        { type: "button" },
        element("strong", { textContent: `/${command}` }),
        element("span", { textContent: description }),
      );
      made.addEventListener("click", () => {
        send(actions, `/${command}`);
        text.focus();
      });
      return element("li", {}, made);
    }),
  );
  showCommands(fitting.length > 0);
}

function showCommands(open) {
  commands.hidden = !open;
  commandButton.setAttribute("aria-expanded", String(open));
}

function send(actions, words) {
  text.value = "";
  fit();
  showCommands(false);
  actions.say(words, asked()?.message_id);
}

function fit() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

export function forgetDraft() {
  text.value = "";
  fit();
  showCommands(false);
}

export function watchComposer(actions) {
  byId("composer").addEventListener("submit", (submit) => {
    submit.preventDefault();
    if (text.value.trim()) send(actions, text.value.trim());
  });
  text.addEventListener("input", () => {
    fit();
    if (/^\/\w*$/.test(text.value)) drawCommands(actions);
    else showCommands(false);
  });
  text.addEventListener("keydown", (key) => {
    if (key.key === "Escape") showCommands(false);
    if (key.key !== "Enter" || key.shiftKey || key.isComposing) return;
    key.preventDefault();
    byId("composer").requestSubmit();
  });
  commandButton.addEventListener("click", () => {
    if (commands.hidden) drawCommands(actions);
    else showCommands(false);
    text.focus();
  });
}
