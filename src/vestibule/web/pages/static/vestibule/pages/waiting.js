// The page that waits for the proof: it counts down, resends in place, and continues when the proof was made elsewhere.
"use strict";

const waiting = document.querySelector("form[data-waits]");
const again = document.querySelector("form[data-resend]");
const said = again?.querySelector("[data-said]");
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

// Call `tick` each second with the seconds left, until none is left.
function countDown(seconds, tick) {
  const end = Date.now() + seconds * 1000;
  const step = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    tick(left);
    if (left > 0) return;
    clearInterval(timer);
  };
  const timer = setInterval(step, 1000);
  step();
  return () => clearInterval(timer);
}

async function ask(url) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ registration: waiting.elements.registration.value }),
  });
  return { ok: answer.ok, body: await answer.json() };
}

function tidyCode(input) {
  input.addEventListener("input", () => {
    const tidy = input.value.replace(/\s/g, "");
    if (tidy !== input.value) input.value = tidy;
    input.classList.toggle("long", tidy.length > 8);
  });
}

let stopExpiry = () => {};
function showExpiry(label, seconds) {
  stopExpiry();
  stopExpiry = countDown(seconds, (left) => {
    label.classList.toggle("soon", left <= 60);
    label.textContent = left > 0 ? `The code is valid for ${clock(left)}.` : "The code has expired.";
    if (left === 60) said.textContent = "The code expires in a minute.";
  });
}

let stopCooldown = () => {};
function coolDown(seconds) {
  const button = again.querySelector("button");
  const wait = again.querySelector("[data-wait]");
  if (!button) return;
  stopCooldown();
  stopCooldown = countDown(seconds, (left) => {
    wait.textContent = left > 0 ? ` (in ${clock(left)})` : "";
    button.disabled = left > 0;
  });
}

async function resend() {
  const button = again.querySelector("button");
  button.disabled = true;
  let answer;
  try {
    answer = await ask(waiting.dataset.resendUrl);
  } catch {
    said.textContent = "No answer from the server. Try again.";
    button.disabled = false;
    return;
  }
  const { ok, body } = answer;
  if (!ok) {
    said.textContent = body.detail;
    if (body.code === "cooldown") coolDown(body.retry_after);
    return;
  }
  const last = body.resends_left === 0;
  said.textContent = `A new code is on its way. The old one no longer works.${last ? " It is the last one that can be sent." : ""}`;
  // Where the code had expired before, there is no such label yet.
  showExpiry(document.querySelector("[data-expires]") ?? document.querySelector("#otp-life"), body.code_expires_in);
  if (last) again.querySelector("p").hidden = true;
  else coolDown(body.resend_in);
}

// Polls every few seconds at first, then every twenty, and not while the tab is hidden.
async function watch(seconds) {
  if (!document.hidden) {
    const { ok, body } = await ask(waiting.dataset.statusUrl).catch(() => ({ ok: false, body: {} }));
    if (ok && body.status === "verified") {
      location.replace(waiting.dataset.welcomeUrl);
      return;
    }
    if (ok && body.status === "bounced") {
      document.querySelector("[data-bounced]").hidden = false;
      document.querySelector("[data-correct]").open = true;
    }
    if (body.status === "expired" || body.code === "otp_expired") return;
  }
  setTimeout(watch, seconds * 1000, Math.min(20, seconds + 1));
}

if (waiting) {
  tidyCode(waiting.elements.otp);
  document.querySelectorAll("[data-expires]").forEach((label) => showExpiry(label, Number(label.dataset.expires)));
  const button = again.querySelector("button");
  if (Number(button?.dataset.cooldown)) coolDown(Number(button.dataset.cooldown));
  again.addEventListener("submit", (event) => {
    event.preventDefault();
    resend();
  });
  // A reload of the page that answered a form would send the form again.
  history.replaceState(null, "", waiting.action);
  setTimeout(watch, 3000, 4);
}
