// What lies over a phone for a while: toasts and alerts; and an enlarged photo.

import { byId, element, part } from "./dom.js";

const SHOWN_MS = 4500;

export function toast(root, text) {
  const made = element("div", {
    className: "toast",
    dir: "auto",
    textContent: text,
    dataset: { testid: "toast" },
  });
  part(root, "toasts").append(made);
  setTimeout(() => made.remove(), SHOWN_MS);
}

// An alert covers its own phone only: the others go on.
export function alertBox(root, text) {
  part(root, "alert-text").textContent = text;
  part(root, "alert").hidden = false;
  part(root, "alert-close").focus();
}

export function watchAlert(root) {
  const box = part(root, "alert");
  const close = () => (box.hidden = true);
  part(root, "alert-close").addEventListener("click", close);
  box.addEventListener("keydown", (key) => key.key === "Escape" && close());
}

export function enlarge(url) {
  byId("viewer-photo").src = url;
  byId("viewer").showModal();
}

export async function copy(root, text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(root, "Copied");
  } catch {
    toast(root, `Could not copy: ${text}`);
  }
}

export function watchViewer() {
  const viewer = byId("viewer");
  viewer.addEventListener("click", (click) => {
    if (!click.target.closest("form")) viewer.close();
  });
}
