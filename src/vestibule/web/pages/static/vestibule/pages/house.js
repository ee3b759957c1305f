// Improvements of every page; each page works without JavaScript.
"use strict";

// Removes the token of a mailed link from the address bar and the history; the form of the page holds it.
const here = new URL(location.href);
if (here.searchParams.has("token")) {
  here.searchParams.delete("token");
  history.replaceState(history.state, "", here);
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

// Advice on the strength of a new password, by zxcvbn, which we serve and which is fetched at the first key press.
const estimator = document.currentScript.src.replace("pages/house.js", "vendor/zxcvbn.js");
const { nonce } = document.currentScript; // without it no script runs here
const strengths = ["very weak", "weak", "fair", "good", "strong"];

function fetchEstimator(then) {
  if (document.querySelector(`script[src="${estimator}"]`)) return;
  const script = document.createElement("script");
  script.src = estimator;
  script.nonce = nonce;
  script.addEventListener("load", then);
  document.head.append(script);
}

function showStrength(input) {
  const said = document.createElement("p");
  said.className = "hint";
  said.setAttribute("role", "status");
  input.closest(".field").append(said);
  const tell = () => {
    if (!input.value || !window.zxcvbn) said.textContent = "";
    else said.textContent = `Strength: ${strengths[zxcvbn(input.value.slice(0, 64)).score]}.`;
  };
  input.addEventListener("input", () => {
    fetchEstimator(tell);
    tell();
  });
}

document.querySelectorAll("input[autocomplete=new-password]").forEach(showStrength);
document.querySelectorAll("[data-shows]").forEach(showPassword);
document.querySelectorAll("form[data-once]").forEach((form) => {
  // Once what is sent is collected: a disabled button's own value would not be among it (HTML, "constructing the entry list").
  form.addEventListener("submit", () => setTimeout(() => {
    form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; });
  }));
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once] button[type=submit]").forEach((button) => { button.disabled = false; });
});
