// Times in the reader's own zone, and countdowns that tick without an edit.

// The sandbox's clock may not be this browser's, and may run at another speed.
let known = { there: Date.now(), here: Date.now(), speed: 1 };

export function setNow(milliseconds, speed) {
  known = { there: milliseconds, here: Date.now(), speed };
}

export const now = () => known.there + (Date.now() - known.here) * known.speed;

const locale = navigator.language;
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" });

export const shortTime = (unix) => clock.format(unix * 1000);
export const fullTime = (unix) => full.format(unix * 1000);
export const dayKey = (unix) => new Date(unix * 1000).toDateString();

export function dayName(unix) {
  const days = Math.round((startOfDay(now()) - startOfDay(unix * 1000)) / 864e5);
  if (days === 0) return "Today";
  return days === 1 ? "Yesterday" : day.format(unix * 1000);
}

function startOfDay(milliseconds) {
  return new Date(milliseconds).setHours(0, 0, 0, 0);
}

const two = (number) => String(number).padStart(2, "0");

export function relative(unix) {
  const seconds = Math.ceil((unix * 1000 - now()) / 1000);
  const distance = Math.abs(seconds);
  if (seconds > 0 && distance < 3600) {
    return `in ${Math.floor(distance / 60)}:${two(distance % 60)}`;
  }
  const words = span(distance);
  return seconds > 0 ? `in ${words}` : `${words} ago`;
}

function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) {
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  }
  const days = Math.floor(seconds / 86400);
  return days === 1 ? "1 day" : `${days} days`;
}

// Telegram's format: r, or w?[dD]?[tT]?
export function formatted(unix, format) {
  const options = {};
  if (format.includes("w")) options.weekday = "long";
  if (format.includes("d")) Object.assign(options, { day: "numeric", month: "short" });
  if (format.includes("D")) {
    Object.assign(options, { day: "numeric", month: "long", year: "numeric" });
  }
  if (/t/i.test(format)) Object.assign(options, { hour: "2-digit", minute: "2-digit" });
  if (format.includes("T")) options.second = "2-digit";
  return new Intl.DateTimeFormat(locale, options).format(unix * 1000);
}

export function tick() {
  for (const shown of document.querySelectorAll(".live-time.relative")) {
    const text = relative(Number(shown.dataset.unix));
    if (shown.textContent !== text) shown.textContent = text;
  }
}
