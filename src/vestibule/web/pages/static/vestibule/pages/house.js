// Improvements of every page; each page works without JavaScript.
"use strict";

// What scripts say. Sentences stand in data-* attributes of the page, with {names} for what a script fills in; numbers,
// durations and moments come from Intl in the language of the page. What a browser can't do stays as the server wrote it.
const wording = (() => {
  const language = document.documentElement.lang || undefined;
  const MINUTE = 60, HOUR = 3600, DAY = 86400; // seconds

  // As web/durations.py: one unit, rounded up.
  function duration(seconds) {
    const [unit, size] = seconds < 2 * MINUTE && seconds % MINUTE ? ["second", 1]
      : seconds < 2 * HOUR ? ["minute", MINUTE] : seconds < 2 * DAY ? ["hour", HOUR] : ["day", DAY];
    try {
      const format = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" });
      return format.format(Math.ceil(seconds / size));
    } catch {
      return ""; // an old browser does not know units
    }
  }

  const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  // A moment in the zone of the reader: <time datetime="2026-01-31T09:30:00+00:00">, as a day alone with data-day.
  function moment(element) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime()) || !element.dateTime.includes("T")) return;
    const style = "day" in element.dataset ? { dateStyle: "long" } : { dateStyle: "long", timeStyle: "short" };
    const shown = new Intl.DateTimeFormat(language, style).format(at);
    element.title = element.textContent.trim();
    element.textContent = shown;
  }

  // Calls `tick` each second with the seconds left, until none is left; what it returns stops it.
  function countDown(seconds, tick) {
    const end = Date.now() + seconds * 1000;
    const step = () => {
      const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      tick(left);
      if (left === 0) clearInterval(timer);
    };
    const timer = setInterval(step, 1000);
    step();
    return () => clearInterval(timer);
  }

  return Object.freeze({ duration, fill, moment, countDown });
})();

// A wait that the page tells counts down. When it is over, the sentence with it (data-wait) gives way to the next one
// (data-over), and forms that it held up (data-held) can be sent.
function countWait(timer) {
  const sentence = timer.closest("[data-wait]");
  const held = [...document.querySelectorAll("form[data-held]")];
  const hold = (form, waits) => {
    form.toggleAttribute("data-waiting", waits);
    form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = waits; });
  };
  held.forEach((form) => {
    hold(form, true);
    // Another account or address may not have to wait.
    form.addEventListener("input", ({ target }) => { if (target.type !== "password") hold(form, false); });
  });
  wording.countDown(Number(timer.dataset.countdown), (left) => {
    if (left > 0) {
      const shown = wording.duration(left);
      if (shown && timer.textContent !== shown) timer.textContent = shown;
      return;
    }
    held.forEach((form) => hold(form, false));
    if (!sentence) return;
    sentence.hidden = true;
    const over = sentence.parentElement.querySelector("[data-over]");
    if (over) over.hidden = false;
  });
}

// Removes the token of a mailed link from the address bar and the history; the form of the page holds it.
const here = new URL(location.href);
if (here.searchParams.has("token")) {
  here.searchParams.delete("token");
  history.replaceState(history.state, "", here);
}

function showPassword(button) {
  const input = document.getElementById(button.dataset.shows), words = button.firstElementChild ?? button;
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    words.textContent = shown ? button.dataset.show : button.dataset.hide;
    button.setAttribute("aria-pressed", String(!shown));
    input.focus();
  });
}

// What was wrong with a field is not said of what is typed into it now.
function forgetError(input) {
  const field = input.closest(".field");
  input.removeAttribute("aria-invalid");
  field?.classList.remove("wrong");
  field?.querySelectorAll(".error:not([data-password])").forEach((error) => {
    error.textContent = "";
    error.hidden = true;
  });
  const described = input.getAttribute("aria-describedby")?.split(" ").map((id) => document.getElementById(id)) ?? [];
  const told = described.filter((each) => each?.matches(".alert"));
  if (!document.querySelector(".wrong")) told.push(...document.querySelectorAll("[data-summary]"));
  told.forEach((alert) => { alert.hidden = true; });
}

document.querySelectorAll("[aria-invalid=true]").forEach((input) => {
  input.addEventListener("input", () => forgetError(input), { once: true });
});
document.querySelectorAll("[data-shows]").forEach(showPassword);
document.querySelectorAll("time[datetime]").forEach(wording.moment);
document.querySelectorAll("form[data-once]").forEach((form) => {
  // Once what is sent is collected: a disabled button's own value would not be among it (HTML, "constructing the entry list").
  form.addEventListener("submit", () => setTimeout(() => {
    form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; });
  }));
});
window.addEventListener("pageshow", () => {
  const buttons = document.querySelectorAll("form[data-once]:not([data-waiting]) button[type=submit]");
  buttons.forEach((button) => { button.disabled = false; });
});
document.querySelectorAll("[data-countdown]").forEach(countWait);
