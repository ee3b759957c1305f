// What every page does better with JavaScript; each of them works without.
"use strict";

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

document.querySelectorAll("[data-shows]").forEach(showPassword);
document.querySelectorAll("form[data-once]").forEach((form) => {
  form.addEventListener("submit", () => { form.querySelector("button[type=submit]").disabled = true; });
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once] button[type=submit]").forEach((button) => { button.disabled = false; });
});
