// The captcha in a form: ALTCHA's widget, which works in its own thread once the form is used, or the vendor's.

async function altcha(widget) {
  const form = widget.closest("form");
  const button = form.querySelector("button[type=submit]");
  let pressed = false, working = false;
  // As soon as the form is used, which may be before the widget has loaded; only once, because a restart aborts the work.
  const begin = async () => {
    if (working || widget.getState?.() !== "unverified") return;
    working = true;
    await widget.verify();
    working = false;
  };
  form.addEventListener("input", begin);
  // If the button is pressed before the work is done, submit when it is. (On the click, because the widget's box is
  // required meanwhile and the browser would refuse to submit.)
  button.addEventListener("click", (event) => {
    if (!widget.isConnected || widget.getState?.() === "verified") return;
    event.preventDefault();
    pressed = true;
    begin();
  });
  // Without the widget the form uses the wait ticket.
  const fail = () => {
    widget.remove();
    form.querySelector("[data-failed]").hidden = false;
    button.disabled = false;
  };
  if (!isSecureContext) return fail();
  try {
    const tooLong = new Promise((_, reject) => setTimeout(reject, 10_000));
    await Promise.race([import(widget.dataset.library), tooLong]);
  } catch {
    return fail();
  }
  $altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(widget.dataset.worker));
  const { label, verifying, verified, waitAlert } = widget.dataset; // the words of the page
  $altcha.i18n.set(document.documentElement.lang.toLowerCase() || "en", {
    ...$altcha.i18n.get("en"), label, verifying, verified, waitAlert,
  });
  widget.configure({ hideLogo: true, hideFooter: true, humanInteractionSignature: false });
  widget.addEventListener("expired", () => widget.reset());
  widget.addEventListener("statechange", ({ detail }) => {
    if (detail.state === "error") fail();
    if (detail.state === "verified") button.disabled = false; // whoever was to wait has shown it otherwise
    if (detail.state !== "verified" || !pressed) return;
    pressed = false;
    setTimeout(() => button.click());
  });
  const inputs = [...form.querySelectorAll("input:not([type=checkbox])")];
  if (pressed || inputs.some((input) => input.value !== input.defaultValue)) begin();
}

document.querySelectorAll("altcha-widget").forEach(altcha);
if (matchMedia("(prefers-color-scheme: dark)").matches) {
  document.querySelectorAll("[data-sitekey]").forEach((widget) => { widget.dataset.theme = "dark"; });
}
