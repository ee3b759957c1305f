// The page that waits for the proof: it sends a complete code by itself, counts down, resends in place, goes on when the
// proof was made elsewhere, and gives way to the form to start again when the sign-up is over.
"use strict";

const DIGITS = /^\d{6}$/; // of a short code; a long one is sent with the button
const PAUSE = 700; // milliseconds between the last digit and the sending, in which the person may press the button

const waiting = document.querySelector("form[data-waits]");
const again = document.querySelector("form[data-resend]");
const said = again?.querySelector("[data-said]");
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

async function ask(url) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ registration: waiting.elements.registration.value }),
  });
  return { ok: answer.ok, body: await answer.json() };
}

// The server answers with the form to start again. An empty code is compared with none. A person who is correcting the
// address sends that, which leads there, too.
function startAgain() {
  if (document.querySelector("[data-correct] input[name=email]").value) return;
  if (!navigator.onLine) {
    window.addEventListener("online", startAgain, { once: true });
    return;
  }
  waiting.elements.otp.value = "";
  waiting.submit();
}

let sent = false;
function sendByItself(input) {
  // After an error the person looks at what they type before they send it.
  if (input.getAttribute("aria-invalid") || waiting.querySelector(".wrong")) return;
  let timer = 0;
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (sent || !DIGITS.test(input.value) || event.inputType?.startsWith("delete")) return;
    timer = setTimeout(() => {
      if (!sent) waiting.requestSubmit();
    }, PAUSE);
  });
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
  stopExpiry = wording.countDown(seconds, (left) => {
    label.classList.toggle("soon", left <= 60);
    label.textContent = left > 0 ? wording.fill(label.dataset.valid, { time: clock(left) }) : label.dataset.expired;
    if (left === 60) said.textContent = label.dataset.lastMinute;
  });
}

let stopEnd = () => {};
function showEnd(seconds) {
  stopEnd();
  stopEnd = wording.countDown(seconds, (left) => {
    if (left === 0 && !sent) startAgain();
  });
}

// A disabled button would lose the focus.
let stopCooldown = () => {};
function coolDown(seconds) {
  const button = again.querySelector("button");
  const wait = again.querySelector("[data-wait]");
  if (!button) return;
  stopCooldown();
  stopCooldown = wording.countDown(seconds, (left) => {
    wait.textContent = left > 0 ? wording.fill(wait.dataset.wait, { time: clock(left) }) : "";
    button.setAttribute("aria-disabled", String(left > 0));
  });
}

async function resend() {
  const button = again.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") {
    said.textContent = again.querySelector("[data-wait]").textContent;
    return;
  }
  button.setAttribute("aria-disabled", "true");
  let answer;
  try {
    answer = await ask(waiting.dataset.resendUrl);
  } catch {
    said.textContent = again.dataset.unreachable;
    button.setAttribute("aria-disabled", "false");
    return;
  }
  const { ok, body } = answer;
  if (!ok) {
    if (["otp_expired", "otp_exhausted", "token_used", "token_invalid"].includes(body.code)) return startAgain();
    said.textContent = body.detail;
    if (body.retry_after) coolDown(body.retry_after);
    else button.setAttribute("aria-disabled", "false");
    return;
  }
  const last = body.resends_left === 0;
  said.textContent = last ? `${again.dataset.sent} ${again.dataset.last}` : again.dataset.sent;
  showExpiry(document.querySelector("#otp-life"), body.code_expires_in);
  showEnd(body.expires_in);
  if (last) again.querySelector("p").hidden = true;
  else coolDown(body.resend_in);
}

// Polls every few seconds at first, then every twenty, and not while the tab is hidden.
async function watch(seconds) {
  if (!document.hidden && !sent) {
    const { ok, body } = await ask(waiting.dataset.statusUrl).catch(() => ({ ok: false, body: {} }));
    if (ok && body.status === "verified") {
      location.replace(waiting.dataset.welcomeUrl);
      return;
    }
    if (ok && body.status === "bounced") {
      document.querySelector("[data-bounced]").hidden = false;
      document.querySelector("[data-correct]").open = true;
    }
    if (body.status === "expired" || body.code === "otp_expired") {
      startAgain();
      return;
    }
  }
  setTimeout(watch, seconds * 1000, Math.min(20, seconds + 1));
}

if (waiting) {
  tidyCode(waiting.elements.otp);
  sendByItself(waiting.elements.otp);
  waiting.addEventListener("submit", () => { sent = true; });
  window.addEventListener("pageshow", () => { sent = false; });
  const life = document.querySelector("#otp-life");
  if (Number(life.dataset.expires)) showExpiry(life, Number(life.dataset.expires));
  if (Number(waiting.dataset.ends)) showEnd(Number(waiting.dataset.ends));
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
