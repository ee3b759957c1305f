// What pages do better with JavaScript; each of them works without.
"use strict";

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

// Call `tick` with the whole seconds left, each second, until none is.
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

function showPassword(button) {
  const input = document.getElementById(button.dataset.shows);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = shown ? "Show" : "Hide";
    button.setAttribute("aria-pressed", String(!shown));
    input.focus();
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
  stopExpiry = countDown(seconds, (left) => {
    label.classList.toggle("soon", left <= 60);
    label.textContent = left > 0 ? `The code is valid for ${clock(left)}.` : "The code has expired. Start again for a new one.";
  });
}

let stopCooldown = () => {};
function coolDown(form, seconds) {
  const button = form.querySelector("button");
  const wait = form.querySelector("[data-wait]");
  stopCooldown();
  button.disabled = true;
  stopCooldown = countDown(seconds, (left) => {
    wait.textContent = left > 0 ? ` (in ${clock(left)})` : "";
    button.disabled = left > 0;
  });
}

// The forms carry the deadlines to the next page, for its countdowns.
function carry(name, seconds) {
  document.querySelectorAll(`input[name=${name}]`).forEach((input) => {
    input.value = Math.floor(Date.now() / 1000) + seconds;
  });
}

async function resend(form) {
  const said = form.querySelector("[data-said]");
  const label = document.querySelector("[data-expires]");
  form.querySelector("button").disabled = true;
  let answer, body;
  try {
    answer = await fetch("/api/auth/register/resend", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ registration: form.elements.registration.value }),
    });
    body = await answer.json();
  } catch {
    said.textContent = "No answer from the server. Try again.";
    form.querySelector("button").disabled = false;
    return;
  }
  if (answer.ok) {
    said.textContent = "A new code is on its way. The old one no longer works.";
    coolDown(form, body.resend_in);
    if (label) showExpiry(label, body.expires_in);
    carry("expires_at", body.expires_in);
    carry("resend_at", body.resend_in);
    if (body.resends_left === 0) form.querySelector("button").hidden = true;
  } else {
    said.textContent = body.detail;
    if (body.code === "cooldown") coolDown(form, body.retry_after);
  }
}

document.querySelectorAll("[data-shows]").forEach(showPassword);
document.querySelectorAll("input.otp").forEach(tidyCode);
document.querySelectorAll("[data-expires]").forEach((label) => showExpiry(label, Number(label.dataset.expires)));
document.querySelectorAll("form[data-once]").forEach((form) => {
  form.addEventListener("submit", () => { form.querySelector("button[type=submit]").disabled = true; });
});
document.querySelectorAll("form[data-resend]").forEach((form) => {
  const button = form.querySelector("button");
  if (button.dataset.cooldown) coolDown(form, Number(button.dataset.cooldown));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    resend(form);
  });
  // A reload of the page that answered a form would send the form again.
  history.replaceState(null, "", "/verify-otp/");
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once] button[type=submit]").forEach((button) => { button.disabled = false; });
});
