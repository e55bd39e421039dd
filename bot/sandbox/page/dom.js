// Building elements. Text always goes in as text: nothing here parses HTML.

export const byId = (id) => document.getElementById(id);

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

export function face(made, person) {
  made.textContent = person.first_name.slice(0, 1).toUpperCase();
  made.style.setProperty("--hue", String(HUES[person.id % HUES.length]));
  return made;
}
