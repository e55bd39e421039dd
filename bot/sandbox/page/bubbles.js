// One message as an element: photo, words, time, and the buttons under it.

import { drawing, element, hue } from "./dom.js";
import { rich, startPayload } from "./rich.js";
import { isWaiting, keyOf } from "./store.js";
import { fullTime, shortTime } from "./times.js";

export function bubble(message, actions) {
  if (message.sandbox.service !== null) return event(message);
  const { sandbox } = message;
  const own = message.from.id === actions.user();
  const keys = keyboard(message, actions);
  const photo = sandbox.file?.kind === "photo" ? sandbox.file : null;
  const made = element(
    "li",
    {
      className: [
        "message",
        own ? "out" : "in",
        photo ? "with-photo" : "",
        sandbox.receiver === null ? "" : "whisper",
        keys ? "with-keys" : "",
      ].join(" "),
      dataset: { testid: "message", messageId: String(sandbox.id) },
    },
    element(
      "article",
      { className: "bubble", aria: { label: `${sandbox.author} wrote` } },
      sandbox.receiver === null ? null : whisper(message, own),
      own || message.chat.type === "private" ? null : author(message),
      sandbox.file ? attachment(sandbox.file, actions) : null,
      body(message, actions),
    ),
    keys,
  );
  return made;
}

// What happened in a group: a line of its own, as Telegram shows it.
function event(message) {
  return element("li", {
    className: "message event",
    dir: "auto",
    textContent: message.sandbox.service,
    title: fullTime(message.date),
    dataset: { testid: "event", messageId: String(message.sandbox.id) },
  });
}

function author({ from, sandbox }) {
  const name = element("bdi", { textContent: sandbox.author });
  const made = element("p", { className: "author" }, name);
  made.style.setProperty("--hue", hue(from.id));
  return made;
}

function whisper(message, own) {
  const text = own ? "Only the bot sees this" : "Only you see this";
  return element("p", { className: "whisper-note", textContent: text });
}

function attachment(file, actions) {
  if (file.kind === "photo") {
    const image = element("img", {
      src: file.url,
      width: file.width,
      height: file.height,
      alt: "Photo",
      decoding: "async",
    });
    const open = element("button", {
      type: "button",
      className: "photo",
      aria: { label: "Enlarge the photo" },
      dataset: { testid: "photo" },
    }, image);
    open.addEventListener("click", () => actions.enlarge(file.url));
    return open;
  }
  const size = `${Math.max(1, Math.round(file.size / 1024))} KB`;
  return element(
    "a",
    { className: "document", href: file.url, download: file.name },
    element("span", { className: "document-icon", textContent: "↓", aria: { hidden: "true" } }),
    element("span", { dir: "auto", textContent: file.name }, element("small", { textContent: size })),
  );
}

function body(message, actions) {
  const { sandbox } = message;
  const answered = quoted(message.reply_to_message);
  return element(
    "div",
    { className: "body" },
    answered
      ? element("p", {
          className: "quoted",
          dir: "auto",
          textContent: answered.text ?? answered.caption ?? "Photo",
        })
      : null,
    sandbox.content ? rich(sandbox.content, sandbox.entities, actions) : null,
    stamp(message),
  );
}

// Every message of a topic answers the one that opened it: nothing to show.
const quoted = (answered) => (answered?.forum_topic_created ? null : answered);

function stamp(message) {
  const reaction = message.sandbox.reactions[0]?.emoji;
  const edited = message.edit_date !== undefined;
  return element(
    "div",
    { className: "stamp" },
    reaction ? element("span", { className: "reaction", textContent: reaction }) : null,
    edited
      ? element("span", {
          textContent: "edited",
          title: fullTime(message.edit_date),
          dataset: { testid: "edited" },
        })
      : null,
    element("time", {
      textContent: shortTime(message.date),
      title: fullTime(message.date),
      dateTime: new Date(message.date * 1000).toISOString(),
    }),
  );
}

function keyboard(message, actions) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  const made = element("div", { className: "keys", aria: { role: "group", label: "Buttons" } });
  for (const row of rows) {
    made.append(
      element("div", { className: "key-row" }, ...row.map((b) => key(message, b, actions))),
    );
  }
  return made;
}

function key(message, button, actions) {
  const label = element("span", { className: "label", dir: "auto", textContent: button.text });
  const made = element("button", {
    type: "button",
    className: `key ${button.style ?? ""}`,
    dataset: { testid: "button" },
  }, label);
  if (button.disabled) made.disabled = true;
  else if (button.url) opens(made, button.url, actions);
  else if (button.copy_text) copies(made, button.copy_text.text, actions);
  else calls(made, message, button.callback_data, actions);
  return made;
}

function opens(made, url, actions) {
  const payload = startPayload(url, actions.botUsername());
  made.append(drawing("M3 9 9 3M4 3h5v5", "hint"));
  made.addEventListener("click", () => {
    if (payload === null) window.open(url, "_blank", "noopener,noreferrer");
    else actions.say(`/start ${payload}`);
  });
}

function copies(made, text, actions) {
  made.append(drawing("M4 4h6v6H4zM2 8V2h6", "hint"));
  made.addEventListener("click", () => actions.copy(text));
}

function calls(made, message, data, actions) {
  made.dataset.key = keyOf(actions.user(), message.chat.id, message.sandbox.id, data);
  showBusy(made, isWaiting(made.dataset.key));
  made.addEventListener("click", () => {
    if (!isWaiting(made.dataset.key)) actions.tap(message, data);
  });
}

export function showBusy(made, busy) {
  made.classList.toggle("busy", busy);
  made.setAttribute("aria-busy", String(busy));
}
