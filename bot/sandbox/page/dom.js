// Building elements. Text always goes in as text: nothing here parses HTML.

export const byId = (id) => document.getElementById(id);

export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  const { dataset = {}, aria = {}, ...plain } = properties;
  Object.assign(made, plain);
  Object.assign(made.dataset, dataset);
  for (const [name, value] of Object.entries(aria)) {
    made.setAttribute(name === "role" ? name : `aria-${name}`, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

// A small drawing from one path in a 12 by 12 box.
export function drawing(path, className) {
  const made = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  made.setAttribute("viewBox", "0 0 12 12");
  made.setAttribute("class", className);
  made.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  made.append(line);
  return made;
}

const HUES = [212, 268, 158, 24, 336, 190, 292];

export const hue = (id) => String(HUES[Math.abs(id) % HUES.length]);

export function face(made, name, id) {
  made.textContent = [...name][0]?.toUpperCase() ?? "";
  made.style.setProperty("--hue", hue(id));
  return made;
}

export function badge(made, count) {
  made.textContent = count > 99 ? "99+" : String(count);
  made.hidden = count === 0;
  return made;
}
