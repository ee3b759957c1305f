// The captcha in a form: ALTCHA's widget, which works in a thread of its own once the form is used, or the vendor's.

async function altcha(widget) {
  await import("../vendor/altcha.js");
  const worker = new URL("../vendor/altcha-pbkdf2.js", import.meta.url);
  $altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(worker));
  $altcha.i18n.set("en", {
    ...$altcha.i18n.get("en"),
    label: "Check that I am a person",
    verifying: "Checking that you are a person…",
    verified: "Checked: you are a person",
    waitAlert: "The check takes a moment. Wait for it.",
    error: "The check failed. Wait 30 seconds, and press the button.",
    expired: "The check has expired. Try again.",
  });
  widget.configure({ hideLogo: true, hideFooter: true, humanInteractionSignature: false });
  const form = widget.closest("form");
  const button = form.querySelector("button[type=submit]");
  const start = () => { if (widget.getState() === "unverified") widget.verify(); };
  form.addEventListener("input", start, { once: true });
  widget.addEventListener("expired", () => widget.reset());
  widget.addEventListener("statechange", ({ detail }) => { if (detail.state === "error") button.disabled = false; });
  // Pressed while it works: go on as soon as it is done, whatever came of it; the server knows. (On the click, for the
  // widget's box is required meanwhile, and the browser would refuse to submit.)
  button.addEventListener("click", (event) => {
    if (widget.getState() !== "verifying") return;
    event.preventDefault();
    widget.addEventListener("statechange", () => setTimeout(() => button.click()), { once: true });
  });
}

document.querySelectorAll("altcha-widget").forEach(altcha);
document.querySelectorAll(".captcha > .hint").forEach((hint) => { hint.hidden = false; });
if (matchMedia("(prefers-color-scheme: dark)").matches) {
  document.querySelectorAll("[data-sitekey]").forEach((widget) => { widget.dataset.theme = "dark"; });
}
