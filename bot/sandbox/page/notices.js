// What lies over the chat for a while: toasts, alerts, an enlarged photo.

import { byId, element } from "./dom.js";

const SHOWN_MS = 4500;

export function toast(text) {
  const made = element("div", {
    className: "toast",
    textContent: text,
    dataset: { testid: "toast" },
  });
  byId("toasts").append(made);
  setTimeout(() => made.remove(), SHOWN_MS);
}

export function alertBox(text) {
  byId("alert-text").textContent = text;
  const box = byId("alert");
  if (!box.open) box.showModal();
}

export function enlarge(url) {
  byId("viewer-photo").src = url;
  byId("viewer").showModal();
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast(`Could not copy: ${text}`);
  }
}

export function watchNotices() {
  const viewer = byId("viewer");
  viewer.addEventListener("click", (click) => {
    if (!click.target.closest("form")) viewer.close();
  });
}
