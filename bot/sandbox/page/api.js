// Talking to the sandbox: requests, and live events that survive a lost connection.

async function answer(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  return body;
}

export async function loadState() {
  return answer(await fetch("/sandbox/state"));
}

export async function post(name, values) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(values);
  return answer(await fetch(`/sandbox/${name}`, { method: "POST", headers, body }));
}

// Calls opened() after every (re)connection, lost() when it breaks.
export function subscribe({ opened, lost, event }) {
  const source = new EventSource("/sandbox/events");
  source.onopen = opened;
  source.onmessage = (line) => event(JSON.parse(line.data));
  source.onerror = () => {
    lost();
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => subscribe({ opened, lost, event }), 1500);
    }
  };
}
